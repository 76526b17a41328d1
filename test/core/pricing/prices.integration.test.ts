import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PriceListCreate, PromotionCreate } from '#protocol/api/prices.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { priceSession, releaseOrder } from '#core/orders/pricing.ts'
import { advanceOrder, insertOrder } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import type { PolicyName } from '#protocol/api/policies.ts'
import { limitsIn } from '#core/policies/limits.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { issueCoupon, issuePoints } from '#core/pricing/benefits.ts'
import { isWithin, localTimeOf } from '#core/pricing/local-time.ts'
import { createPriceList, createPromotion, stopPrice } from '#core/pricing/manage.ts'
import { benefitsOf, pointsOf, priceBookAt } from '#core/pricing/store.ts'
import { eventually } from '#test/support/eventually.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from '#test/core/payments/money-rig.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

const ids = createIds(createSystemClock(), createSystemRandom())
const maker = { staffId: 'st-operator', operator: 'op' }
const HOUR = 3_600_000
const write = <T>(unit: (tx: Tx) => Promise<T>) => rig.db().write('test', unit)

const promotion = (more: Partial<PromotionCreate> = {}): PromotionCreate => ({
  name: { zh: '限时', en: 'Happy hour' },
  kind: 'timed',
  cabinets: null,
  skus: null,
  startsAtMs: Date.now(),
  endsAtMs: Date.now() + HOUR,
  fromMinute: 0,
  toMinute: 1440,
  weekdays: 127,
  percentOff: 20,
  priceFen: null,
  thresholdFen: null,
  offFen: null,
  timesMost: null,
  isExclusive: false,
  ...more,
})
const priceList = (priceFen: number, more: Partial<PriceListCreate> = {}): PriceListCreate => ({
  name: { zh: '办公楼', en: 'Office' },
  cabinets: ['cab-001'],
  prices: [{ sku: 'cola', priceFen }],
  startsAtMs: Date.now(),
  endsAtMs: null,
  ...more,
})
/** The clock has gone on. */
const later = (atMs: number) => eventually('the next millisecond', async () => Date.now() > atMs)
const priceNow = async (atMs = Date.now()) =>
  (await priceBookAt(rig.db().read, { cabinetId: 'cab-001' }, atMs)).prices.get('cola')

/** A visit in which so many colas were taken, as the edge reports it. */
async function visit(colas: number, probability = 1) {
  const [sessionId, orderId] = [ids.next('session'), ids.next('order')]
  const reconciled = {
    sessionId,
    receipt: {
      lines: colas === 0 ? [] : [{ sku: 'cola', quantity: colas, probability }],
      probability,
      alternatives: [],
      reasons: probability < 0.9 ? ['ambiguous'] : [],
    },
    camera: { blocked: [] },
  } as unknown as SessionReconciled
  return write(async (tx) => {
    const nowMs = Date.now()
    await tx
      .insertInto('session')
      .values({
        sessionId,
        requestId: ids.next('request'),
        cabinetId: 'cab-001',
        consumerId: 'co1',
        kind: 'sale',
        state: 'reconciled',
        deniedReason: null,
        planogramVersion: 1,
        commandId: ids.next('command'),
        requestedAtMs: nowMs,
        startedAtMs: nowMs,
        openedAtMs: nowMs,
        closedAtMs: nowMs,
        reconciledAtMs: nowMs,
        reconciled: null,
      })
      .execute()
    await insertOrder(tx, { orderId, sessionId, cabinetId: 'cab-001', consumerId: 'co1' })
    const session = await tx
      .selectFrom('session')
      .selectAll()
      .where('sessionId', '=', sessionId)
      .executeTakeFirstOrThrow()
    const policy = createPolicy()
    const held = { held: (name: PolicyName) => ({ version: 0, limits: limitsIn(name, policy) }) }
    const deps = { ids, policy, policies: held }
    const priced = await priceSession(tx, deps, session, reconciled, { isComingInExplained: false })
    return { orderId, totalFen: priced?.order.totalFen, state: priced?.order.state }
  })
}
const discountsOf = async (orderId: string) =>
  (
    await rig
      .db()
      .read.selectFrom('orderDiscount')
      .select(['kind', 'amountFen'])
      .where('orderId', '=', orderId)
      .orderBy('position')
      .execute()
  ).map((one) => `${one.kind} ${one.amountFen}`)
const available = async () => (await benefitsOf(rig.db().read, 'co1', Date.now())).coupons.length

describe('a price list', () => {
  it('holds in its cabinets from its start until it is stopped, the newer over the older', async () => {
    expect(await priceNow()).toBe(PRICE_FEN)
    await write((tx) => createPriceList(tx, ids, maker, priceList(400)))
    const newer = await write((tx) => createPriceList(tx, ids, maker, priceList(450)))
    expect(await priceNow()).toBe(450)
    const betweenMs = Date.now()
    await later(betweenMs)
    await write((tx) => stopPrice(tx, maker, { kind: 'price_list', id: newer }))
    expect(await priceNow(Date.now() + 1)).toBe(400)
    // A visit that had begun before the stop is priced as it was seen then.
    expect(await priceNow(betweenMs)).toBe(450)
  })

  it.each([
    [
      'a product twice',
      {
        prices: [
          { sku: 'cola', priceFen: 1 },
          { sku: 'cola', priceFen: 2 },
        ],
      },
      /twice/,
    ],
    ['a start in the past', { startsAtMs: Date.now() - HOUR }, /past/],
    ['an end before its start', { endsAtMs: Date.now() - 1000 }, /before it begins/],
    ['a cabinet of nobody', { cabinets: ['cab-999'] }, /no cabinet cab-999/],
    ['a product that does not exist', { prices: [{ sku: 'gold', priceFen: 1 }] }, /no product gold/],
  ] satisfies Array<[string, Partial<PriceListCreate>, RegExp]>)(
    'is refused with %s',
    async (_what, wrong, words) => {
      await expect(write((tx) => createPriceList(tx, ids, maker, priceList(400, wrong)))).rejects.toThrow(
        words,
      )
    },
  )
  it('of another operator cannot be made for their cabinets, nor stopped', async () => {
    const stranger = { staffId: 'st-x', operator: 'other' }
    await expect(write((tx) => createPriceList(tx, ids, stranger, priceList(400)))).rejects.toThrow(
      /no cabinet/,
    )
    const id = await write((tx) => createPriceList(tx, ids, maker, priceList(400)))
    await expect(write((tx) => stopPrice(tx, stranger, { kind: 'price_list', id }))).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('a promotion', () => {
  it('makes the visit cheaper, by line and by name', async () => {
    await write((tx) => createPromotion(tx, ids, maker, promotion()))
    await write((tx) =>
      createPromotion(
        tx,
        ids,
        maker,
        promotion({ kind: 'threshold', percentOff: null, thresholdFen: 500, offFen: 100, timesMost: 1 }),
      ),
    )
    const { orderId, totalFen } = await visit(2)
    expect(totalFen).toBe(2 * 280 - 100)
    expect(await discountsOf(orderId)).toEqual(['timed 140', 'threshold 100'])
  })
  it('that was stopped while the door was open still holds for that visit', async () => {
    const id = await write((tx) => createPromotion(tx, ids, maker, promotion()))
    const atMs = Date.now()
    await later(atMs)
    await write((tx) => stopPrice(tx, maker, { kind: 'promotion', id }))
    const held = async (at: number) =>
      (await priceBookAt(rig.db().read, { cabinetId: 'cab-001' }, at)).promotions.length
    expect([await held(atMs), await held(Date.now() + 1)]).toEqual([1, 0])
    await expect(write((tx) => stopPrice(tx, maker, { kind: 'promotion', id }))).rejects.toMatchObject({
      code: 'already_decided',
    })
  })
  it.each([
    ['both a percentage and a price', { priceFen: 100 }, /one of the two/],
    ['neither', { percentOff: null }, /one of the two/],
    ['one price for everything', { percentOff: null, priceFen: 100 }, /name the goods/],
    [
      'more off than its threshold',
      { kind: 'threshold', percentOff: null, thresholdFen: 100, offFen: 200, timesMost: 1 },
      /more than the threshold/,
    ],
    ['an empty window of the day', { fromMinute: 60, toMinute: 60 }, /window is empty/],
    ['ten years', { endsAtMs: Date.now() + 3650 * 24 * HOUR }, /more than a year/],
  ] satisfies Array<[string, Partial<PromotionCreate>, RegExp]>)(
    'is refused with %s',
    async (_what, wrong, words) => {
      await expect(write((tx) => createPromotion(tx, ids, maker, promotion(wrong)))).rejects.toThrow(words)
    },
  )
})

describe('a window of the day', () => {
  const at = (text: string) => localTimeOf(Date.parse(text), 'Asia/Shanghai')
  it.each([
    ['2026-03-02T17:00:00+08:00', true],
    ['2026-03-02T16:59:59+08:00', false],
    ['2026-03-02T19:00:00+08:00', false],
    ['2026-03-01T18:00:00+08:00', false],
  ])('from 17 to 19 on working days: %s is %s', (text, expected) => {
    expect(isWithin({ fromMinute: 17 * 60, toMinute: 19 * 60, weekdays: 0b0011111 }, at(text))).toBe(expected)
  })
  it.each([
    ['2026-03-06T23:00:00+08:00', true],
    ['2026-03-07T01:00:00+08:00', true],
    ['2026-03-06T01:00:00+08:00', false],
    ['2026-03-07T23:00:00+08:00', false],
  ])('over midnight belongs to Friday, on which it began: %s is %s', (text, expected) => {
    expect(isWithin({ fromMinute: 22 * 60, toMinute: 2 * 60, weekdays: 0b0010000 }, at(text))).toBe(expected)
  })
})

describe('a coupon and points', () => {
  const coupon = (requestId: string, offFen = 100) =>
    write((tx) =>
      issueCoupon(tx, ids, {
        requestId,
        consumerId: 'co1',
        source: 'compensation',
        offFen,
        minimumFen: 0,
        reason: 'sorry',
        by: 'st-agent',
        validDays: 365,
      }),
    )
  const points = (requestId: string, count: number) =>
    write((tx) =>
      issuePoints(tx, { requestId, consumerId: 'co1', points: count, reason: 'sorry', by: 'st-agent' }),
    )

  it('are given once for one request, and spent once by the next visit', async () => {
    expect(await coupon('r1')).toBe(await coupon('r1'))
    await points('r2', 30)
    await points('r2', 30)
    const first = await visit(1)
    expect(first.totalFen).toBe(PRICE_FEN - 130)
    expect(await discountsOf(first.orderId)).toEqual(['coupon 100', 'points 30'])
    expect([await available(), await pointsOf(rig.db().read, 'co1')]).toEqual([0, 0])
    expect((await visit(1)).totalFen).toBe(PRICE_FEN)
  })

  it('are back when the order comes to nothing', async () => {
    await coupon('r1')
    await points('r2', 30)
    const { orderId } = await visit(1, 0.5)
    expect(await available()).toBe(0)
    await write((tx) => advanceOrder(tx, orderId, 'voided'))
    expect([await available(), await pointsOf(rig.db().read, 'co1')]).toEqual([1, 30])
  })

  it('are used anew when a person corrects what was taken', async () => {
    await points('r2', 500)
    const { orderId, totalFen, state } = await visit(1, 0.5)
    expect([totalFen, state]).toEqual([0, 'held'])
    const released = await write((tx) =>
      releaseOrder(tx, { ids, policy: createPolicy() }, orderId, [{ sku: 'cola', quantity: 2 }]),
    )
    expect(released?.totalFen).toBe(2 * PRICE_FEN - 500)
    expect(await pointsOf(rig.db().read, 'co1')).toBe(0)
  })

  it('can pay all of it: the order is paid without a transaction', async () => {
    await coupon('r1', 1000)
    const { orderId, totalFen, state } = await visit(1)
    expect([totalFen, state]).toEqual([0, 'priced'])
    const { sessionId } = await rig
      .db()
      .read.selectFrom('order')
      .select('sessionId')
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
    const chargeId = await write((tx) =>
      rig.charges().prepare(tx, {
        sessionId,
        orderId,
        consumerId: 'co1',
        openid: 'oSim0anna',
        cabinetId: 'cab-001',
        site: '大厅',
        capFen: 20_000,
      }),
    )
    await rig.charges().authorise(chargeId)
    await write((tx) =>
      rig
        .charges()
        .settle(tx, chargeId, { lines: [{ description: '可乐', count: 1, amountFen: 0 }], totalFen: 0 }),
    )
    await eventually('the order being paid', async () => {
      const order = await rig
        .db()
        .read.selectFrom('order')
        .select('state')
        .where('orderId', '=', orderId)
        .executeTakeFirstOrThrow()
      return order.state === 'paid'
    })
    expect((await rig.books()).transactions).toEqual([])
  })

  it('are never more than there are, whatever a bug asks for', async () => {
    await points('r2', 30)
    await expect(
      write((tx) =>
        tx
          .insertInto('pointsMovement')
          .values({
            requestId: 'x',
            consumerId: 'co1',
            points: -31,
            kind: 'spent',
            orderId: null,
            reason: 'x',
            by: 'x',
            atMs: 0,
          })
          .execute(),
      ),
    ).rejects.toThrow(/more points than there are/)
  })
})
