import { copyFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from './money-rig.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

const paidFenOf = async (orderId: string) =>
  (
    await rig
      .db()
      .read.selectFrom('order')
      .select('paidFen')
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow()
  ).paidFen

describe('a payment that only the provider remembers, because the disk had pretended to keep it', () => {
  /** Paid, and then the database is what it was before the visit ended. */
  async function forgottenPayment(): Promise<{ chargeId: string; orderId: string }> {
    const visit = await rig.visit(2)
    await rig.charges().authorise(visit.chargeId)
    await rig.kill()
    copyFileSync(rig.file, `${rig.file}.before`)
    await rig.start()
    await rig.settle(visit.chargeId, visit.orderId)
    await eventually('the payment', async () => (await paidFenOf(visit.orderId)) === 2 * PRICE_FEN)
    await rig.kill()
    copyFileSync(`${rig.file}.before`, rig.file)
    await rig.start()
    expect(await paidFenOf(visit.orderId)).toBe(0)
    return visit
  }

  it('is on its order once the provider was asked, and is not taken again', async () => {
    const { chargeId, orderId } = await forgottenPayment()
    await rig.db().write('ask', (tx) => rig.charges().verify(tx, chargeId))
    await eventually('the payment again', async () => (await paidFenOf(orderId)) === 2 * PRICE_FEN)
    expect((await rig.books()).transactions.map(({ amountFen }) => amountFen)).toEqual([2 * PRICE_FEN])
  })

  it('is found although the provider gives no answer at first', async () => {
    const { chargeId, orderId } = await forgottenPayment()
    await rig.control('POST', 'faults', { kind: 'timeout_before_effect', count: 2 })
    await rig.db().write('ask', (tx) => rig.charges().verify(tx, chargeId))
    await eventually('the payment again', async () => (await paidFenOf(orderId)) === 2 * PRICE_FEN, {
      withinMs: 15_000,
    })
  })
})
