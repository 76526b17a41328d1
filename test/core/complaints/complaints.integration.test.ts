import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMoneyRig, type MoneyRig } from '#test/core/payments/money-rig.ts'
import { eventually } from '#test/support/eventually.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

const complaintAtProvider = async () =>
  (
    (await rig.control('GET', 'books')) as {
      complaints: Array<{ state: string; history: Array<{ content: string }> }>
    }
  ).complaints[0]

describe('a complaint filed with the provider', () => {
  it('becomes a ticket of its order once, is answered with what staff wrote, and ended with the ticket', async () => {
    const visit = await rig.visit()
    await rig.charges().authorise(visit.chargeId)
    await rig.settle(visit.chargeId, visit.orderId)
    await eventually('the payment', async () => (await rig.books()).transactions.length === 1)
    await rig.control('POST', 'complaints', { outOrderNo: visit.orderId, text: '多扣了钱', refundFen: 100 })
    const look = () => rig.db().write('look', (tx) => rig.complaints().schedule(tx))
    await look()
    const row = await eventually('the import', async () =>
      rig.db().read.selectFrom('providerComplaint').selectAll().executeTakeFirst(),
    )
    expect(row).toMatchObject({
      orderId: visit.orderId,
      text: '多扣了钱',
      refundAskedFen: 100,
      state: 'pending',
    })
    expect([row.respondByMs - row.filedAtMs, row.doneByMs - row.filedAtMs]).toEqual([
      24 * 3_600_000,
      72 * 3_600_000,
    ])
    expect(rig.filed).toEqual([{ complaintId: row.complaintId, orderId: visit.orderId }])

    await rig.answerTicket(row.ticketId ?? '', '差额已退回')
    await look()
    await eventually('the answer', async () =>
      (await complaintAtProvider())?.history.some((one) => one.content === '差额已退回'),
    )
    await rig.solveTicket(row.ticketId ?? '')
    await look()
    await eventually('the end', async () => (await complaintAtProvider())?.state === 'PROCESSED')
    await look()
    await eventually('the end being known', async () => {
      const now = await rig.db().read.selectFrom('providerComplaint').select('state').executeTakeFirst()
      return now?.state === 'processed'
    })
    expect(rig.filed).toHaveLength(1)
  })
})
