import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DisputeReason } from '#protocol/api/common.ts'
import type { DisputeView, OrderView } from '#protocol/api/consumer.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { buildConsole } from '#scripts/build-console.ts'
import { startSystem } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '#test/scenarios/play.ts'
import { arrive, leave, paymentsOf, refundsOf, take } from '#test/scenarios/steps.ts'
import { type Consumer, createWorld, type World } from '#test/scenarios/world.ts'
import { eventually } from '#test/support/eventually.ts'

export interface DisputesBenchOptions {
  /** Disputes of each kind. */
  readonly rounds?: number
  readonly say: (line: string) => void
}
interface Share {
  readonly disputes: number
  /** Decided by a rule in the answer to the tap. */
  readonly withoutPerson: number
  readonly share: number
}
export interface DisputesBenchFigures {
  /** The evidence decides: a second payment, one payment, a late charge with its cause, goods that came back. */
  readonly clear: Share & {
    /** From the tap to the refund that the provider has accepted; to the answer where nothing goes back. */
    readonly medianMs: number
    readonly longestMs: number
    readonly within5Seconds: number
  }
  /** Only a person can decide: none of these may be settled by a rule. */
  readonly unclear: Share
  readonly perKind: Readonly<Record<string, Share>>
}

const ROUNDS = 2
/** Where goods stand in the demonstration; each is taken in turn, so that no shelf runs empty. */
const GOODS = [
  ['s4', 'juice-orange'],
  ['s3', 'cola-330'],
  ['s2', 'onigiri-tuna'],
  ['s4', 'tea-oolong'],
  ['s5', 'chocolate-bar'],
  ['s3', 'sparkling-330'],
  ['s2', 'milk-250'],
  ['s1', 'yogurt-plain'],
] as const

interface Kind {
  readonly name: string
  readonly isClear: boolean
  readonly reason: DisputeReason
  /** A refund follows when it is clear. */
  readonly givesBack: boolean
  /** Weighed with doubt, so that a person decides first, wrongly: what came back is charged. */
  readonly isMischarged?: true
  before?(world: World, consumer: Consumer): Promise<void>
  /** After the visit was paid, before the tap. */
  ready?(world: World, consumer: Consumer, order: OrderView): Promise<void>
}
const KINDS: readonly Kind[] = [
  {
    name: 'charged_twice',
    isClear: true,
    reason: 'charged_twice',
    givesBack: true,
    // Nothing is told: only asking shows the second payment.
    async before(world, consumer) {
      const match = { openid: consumer.openid }
      await world.provider.fault({ kind: 'double_payment', match })
      await world.provider.fault({ kind: 'lost_callback', times: null, match })
    },
    async ready(world, consumer, order) {
      await eventually(
        'the second payment',
        async () =>
          paymentsOf(await world.provider.books(), consumer).filter(
            ({ outOrderNo }) => outOrderNo === order.orderId,
          ).length === 2,
      )
    },
  },
  { name: 'charged_once', isClear: true, reason: 'charged_twice', givesBack: false },
  {
    name: 'charged_late',
    isClear: true,
    reason: 'charged_late',
    givesBack: false,
  },
  { name: 'came_back', isClear: true, reason: 'item_returned', givesBack: true, isMischarged: true },
  { name: 'quality', isClear: false, reason: 'quality', givesBack: false },
  { name: 'says_returned', isClear: false, reason: 'item_returned', givesBack: false },
  { name: 'says_not_taken', isClear: false, reason: 'not_taken', givesBack: false },
  { name: 'says_wrong_item', isClear: false, reason: 'wrong_item', givesBack: false },
  { name: 'other', isClear: false, reason: 'other', givesBack: false },
]

interface Outcome {
  readonly kind: Kind
  readonly isAlone: boolean
  readonly tookMs: number
}

/**
 * Disputes whose truth is known, over the real wires: which of them a rule settles in the answer to the tap, and how long
 * the money takes from the tap until the provider has accepted it.
 */
export async function runDisputesBench({
  rounds = ROUNDS,
  say,
}: DisputesBenchOptions): Promise<DisputesBenchFigures> {
  await buildConsole({ say })
  const outcomes: Outcome[] = []
  for (const isMischarged of [false, true]) {
    const kinds = KINDS.filter((kind) => (kind.isMischarged === true) === isMischarged)
    outcomes.push(...(await play(kinds, rounds, isMischarged ? { clearProbability: 1 } : {}, say)))
  }
  const shareOf = (own: readonly Outcome[]): Share => {
    const withoutPerson = own.filter(({ isAlone }) => isAlone).length
    return { disputes: own.length, withoutPerson, share: own.length === 0 ? 0 : withoutPerson / own.length }
  }
  const clear = outcomes.filter(({ kind }) => kind.isClear)
  const times = clear.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  return {
    clear: {
      ...shareOf(clear),
      medianMs: times[Math.floor(times.length / 2)] ?? 0,
      longestMs: times.at(-1) ?? 0,
      within5Seconds: times.filter((ms) => ms <= 5000).length / Math.max(1, times.length),
    },
    unclear: shareOf(outcomes.filter(({ kind }) => !kind.isClear)),
    perKind: Object.fromEntries(
      KINDS.map((kind) => [kind.name, shareOf(outcomes.filter((one) => one.kind === kind))]),
    ),
  }
}

async function play(
  kinds: readonly Kind[],
  rounds: number,
  policy: Record<string, unknown>,
  say: (line: string) => void,
): Promise<Outcome[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'disputes-'))
  const system = await startSystem({
    dataDir,
    seed: 1,
    policy: { ...SHORT_POLICY, ...policy },
    edgeSettings: SHORT_EDGE_SETTINGS,
  })
  try {
    const world = createWorld(system)
    const outcomes: Outcome[] = []
    for (let round = 0; round < rounds; round++)
      for (const [index, kind] of kinds.entries()) {
        const goods = GOODS[(round * kinds.length + index) % GOODS.length] as readonly [string, string]
        const outcome = await one(world, kind, goods)
        say(`  ${kind.name}: ${outcome.isAlone ? 'settled at once' : 'a person looks'}, ${outcome.tookMs} ms`)
        outcomes.push(outcome)
      }
    return outcomes
  } finally {
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** One visit, one tap. */
async function one(world: World, kind: Kind, [shelf, sku]: readonly [string, string]): Promise<Outcome> {
  const clock = createSystemClock()
  const consumer = await world.consumer()
  await consumer.signIn()
  await kind.before?.(world, consumer)
  const order =
    kind.isMischarged === true
      ? await mischarged(world, consumer)
      : await visit(world, consumer, shelf, sku, kind.name === 'charged_late')
  await kind.ready?.(world, consumer, order)
  const line = order.lines.find((own) => kind.isMischarged !== true || own.sku === 'cola-330')
  const isAboutGoods = kind.reason !== 'charged_twice' && kind.reason !== 'charged_late'
  const beganMs = clock.monoMs()
  const dispute: DisputeView = await consumer.dispute(order.orderId, {
    reason: kind.reason,
    lines: line === undefined || !isAboutGoods ? [] : [{ lineId: line.lineId, quantity: 1 }],
  })
  const isAlone = dispute.isAutomatic
  if (isAlone && kind.givesBack)
    await eventually(
      'the accepted refund',
      async () =>
        refundsOf(await world.provider.books(), consumer).some(
          ({ outOrderNo }) => outOrderNo === order.orderId,
        ),
      { everyMs: 20 },
    )
  const tookMs = Math.round(clock.monoMs() - beganMs)
  await world.provider.clearFaults()
  return { kind, isAlone, tookMs }
}

async function visit(
  world: World,
  consumer: Consumer,
  shelf: string,
  sku: string,
  isCut: boolean,
): Promise<OrderView> {
  const session = await consumer.open()
  await world.workshop.visit([
    ...arrive,
    ...(isCut ? [{ do: 'network', mode: 'cut' }] : []),
    take(shelf, sku),
    ...leave,
  ])
  if (isCut) await world.workshop.control('network', { mode: 'ok' })
  const order = await consumer.orderIn(session.sessionId, ['paid', 'partly_refunded'], 60_000)
  if (isCut) await waitForTrace(consumer, order)
  return order
}
/** The curve of a visit without a connection is sent after its receipt. */
async function waitForTrace(consumer: Consumer, order: OrderView): Promise<void> {
  await eventually(
    'the curve of the visit',
    async () => (await consumer.order(order.orderId)).weights.length > 0,
    { withinMs: 30_000 },
  )
}

/** A hand leans on the shelf while the cola comes back: the receipt is doubted, and a person charges what was not kept. */
async function mischarged(world: World, consumer: Consumer): Promise<OrderView> {
  const session = await consumer.open()
  await world.workshop.visit([
    ...arrive,
    take('s3', 'cola-330'),
    take('s4', 'juice-orange'),
    { do: 'lean', shelf: 's3', grams: 900, durationMs: 1500 },
    { do: 'put-back', shelf: 's3', sku: 'cola-330' },
    ...leave,
  ])
  const held = await consumer.orderIn(session.sessionId, ['held'], 60_000)
  const agent = await world.staff('agent')
  const doubt = await eventually('the question for a person', async () =>
    (await agent.order(held.orderId)).anomalies.find(({ state }) => state === 'in_review'),
  )
  await agent.send('POST', `anomalies/${doubt.anomalyId}/decide`, {
    decision: 'charge_corrected',
    lines: [
      { sku: 'cola-330', quantity: 1 },
      { sku: 'juice-orange', quantity: 1 },
    ],
  })
  return consumer.orderIn(session.sessionId, ['paid'], 60_000)
}
