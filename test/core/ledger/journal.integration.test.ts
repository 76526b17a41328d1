import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditLedger } from '#core/ledger/audit.ts'
import { closeDay } from '#core/ledger/closing.ts'
import { dayOf } from '#core/ledger/day.ts'
import { feeEntry, paymentEntry } from '#core/ledger/entries.ts'
import { balancesOf, post } from '#core/ledger/journal.ts'
import { takeUpOldCharges } from '#core/ledger/take-up.ts'
import { statementCsv, statementsOf } from '#core/ledger/statements.ts'
import { createMoneyRig, type MoneyRig, PRICE_FEN } from '#test/core/payments/money-rig.ts'
import { eventually } from '#test/support/eventually.ts'

let rig: MoneyRig
beforeEach(async () => {
  rig = await createMoneyRig()
})
afterEach(async () => {
  expect(rig.violations).toEqual([])
  await rig.stop()
})

async function paidVisit(quantity = 1) {
  const visit = await rig.visit(quantity)
  await rig.charges().authorise(visit.chargeId)
  await rig.settle(visit.chargeId, visit.orderId)
  await eventually('the charge being paid', async () => (await chargeOf(visit.chargeId)).state === 'paid', {
    withinMs: 15_000,
  })
  return visit
}
const chargeOf = (chargeId: string) =>
  rig.db().read.selectFrom('charge').selectAll().where('chargeId', '=', chargeId).executeTakeFirstOrThrow()
const balances = () => balancesOf(rig.db().read)
async function refund(orderId: string, lineId: string, refundId: string, quantity = 1) {
  await rig.db().write('refund', (tx) =>
    rig.refunds().ask(tx, {
      refundId,
      orderId,
      lines: [{ lineId, quantity }],
      reason: 'quality',
      stock: 'not_returned',
      by: 'st-agent',
      authority: { kind: 'staff', role: 'lead' },
      tellConsumer: false,
    }),
  )
  await eventually('the refund', async () => {
    const row = await rig
      .db()
      .read.selectFrom('refund')
      .select('state')
      .where('refundId', '=', refundId)
      .executeTakeFirstOrThrow()
    return row.state === 'succeeded'
  })
}

describe('the journal at rest', () => {
  it("holds what the provider's books hold: sales, a second payment, refunds", async () => {
    const first = await paidVisit(3)
    await rig.control('POST', 'faults', { kind: 'double_payment', delayMs: 20 })
    const second = await paidVisit()
    await eventually(
      'the second payment',
      async () => (await rig.charges().check(second.chargeId)) && rig.duplicates.length === 1,
    )
    await refund(first.orderId, first.lineId, 'rf1', 2)
    const provider = await rig.books()
    const takenFen = provider.transactions.reduce((sum, one) => sum + one.amountFen, 0)
    const backFen = provider.refunds.reduce((sum, one) => sum + one.amountFen, 0)
    expect([takenFen, backFen]).toEqual([5 * PRICE_FEN, 2 * PRICE_FEN])
    expect(await balances()).toEqual({
      consumer_receivable: 0,
      consumer_credit: -PRICE_FEN,
      provider_clearing: takenFen - backFen,
      revenue: -4 * PRICE_FEN,
      refunds: 2 * PRICE_FEN,
    })
  })

  it('holds as receivable what was asked and not taken', async () => {
    await rig.control('POST', 'faults', { kind: 'delayed_deduction' })
    const visit = await rig.visit()
    await rig.charges().authorise(visit.chargeId)
    await rig.settle(visit.chargeId, visit.orderId)
    await eventually('the pending charge', async () => (await chargeOf(visit.chargeId)).state === 'pending')
    expect(await balances()).toEqual({ consumer_receivable: PRICE_FEN, revenue: -PRICE_FEN })
  })
})

describe('the journal', () => {
  const about = {
    orderId: null,
    cabinetId: null,
    operator: 'op',
    occurredAtMs: Date.parse('2026-03-01T04:00:00Z'),
  }
  it('takes one entry for one event', async () => {
    const posted = await rig
      .db()
      .write('post', async (tx) => [
        await post(tx, feeEntry(3), { ...about, subjectId: 't1' }),
        await post(tx, feeEntry(4), { ...about, subjectId: 't1' }),
        await post(tx, feeEntry(0), { ...about, subjectId: 't2' }),
      ])
    expect(posted).toEqual([true, false, false])
    expect(await balances()).toEqual({ fees: 3, provider_clearing: -3 })
  })

  it.each([
    ['lines that do not sum to 0', [3, -2], 2],
    ['a single line', [3], 1],
    ['fewer lines than it says', [3, -3], 3],
  ])('is closed by the database to %s', async (_what, amounts, lineCount) => {
    await expect(
      rig.db().write('past the door', async (tx) => {
        for (const [position, amountFen] of amounts.entries())
          await tx.insertInto('ledgerLine').values({ seq: 1, position, account: 'fees', amountFen }).execute()
        await tx
          .insertInto('ledgerEntry')
          .values({
            seq: 1,
            kind: 'fee',
            subjectId: 'x',
            ...about,
            day: '2026-03-01',
            postedAtMs: 0,
            lineCount,
            previousMac: '',
            mac: 'x',
          })
          .execute()
      }),
    ).rejects.toThrow(/sum to 0|CHECK/)
  })

  it('never changes: no line is added to an entry, none is altered, none goes', async () => {
    await rig.db().write('post', (tx) => post(tx, feeEntry(3), { ...about, subjectId: 't1' }))
    const attempts = [
      (tx: Parameters<Parameters<ReturnType<MoneyRig['db']>['write']>[1]>[0]) =>
        tx.insertInto('ledgerLine').values({ seq: 1, position: 2, account: 'fees', amountFen: 1 }).execute(),
      (tx: Parameters<Parameters<ReturnType<MoneyRig['db']>['write']>[1]>[0]) =>
        tx.updateTable('ledgerLine').set({ amountFen: 4 }).execute(),
      (tx: Parameters<Parameters<ReturnType<MoneyRig['db']>['write']>[1]>[0]) =>
        tx.deleteFrom('ledgerEntry').execute(),
    ]
    for (const attempt of attempts)
      await expect(
        rig.db().write('tamper', async (tx) => {
          await attempt(tx)
        }),
      ).rejects.toThrow(/no line is added|append-only/)
  })

  it('shows an altered, a removed and a foreign entry, although the file was opened past all triggers', async () => {
    await rig.db().write('post', async (tx) => {
      for (const subjectId of ['t1', 't2', 't3'])
        await post(tx, paymentEntry(100, true), { ...about, subjectId })
    })
    const audit = () => auditLedger(rig.db().read, new Uint8Array(32), 0)
    expect((await audit()).findings).toEqual([])
    const tamper = async (sql: string[]) => {
      const { default: Sqlite } = await import('better-sqlite3')
      const file = new Sqlite(rig.file)
      for (const name of [
        'ledgerLine_is_never_changed',
        'ledgerLine_is_never_deleted',
        'ledgerEntry_is_never_deleted',
      ])
        file.exec(`DROP TRIGGER IF EXISTS ${name}`)
      for (const statement of sql) file.exec(statement)
      file.close()
    }
    await tamper(['UPDATE ledgerLine SET amountFen = amountFen * 2 WHERE seq = 2'])
    expect((await audit()).findings).toEqual([
      { rule: 'chain', subject: 'entry 2', message: 'its contents were changed' },
    ])
    await tamper([
      'UPDATE ledgerLine SET amountFen = amountFen / 2 WHERE seq = 2',
      'DELETE FROM ledgerLine WHERE seq = 2',
      'DELETE FROM ledgerEntry WHERE seq = 2',
    ])
    expect((await audit()).findings.map((one) => one.subject)).toContain('entry 2')
    expect((await auditLedger(rig.db().read, new Uint8Array(32).fill(1), 0)).ok).toBe(false)
    rig.violations.length = 0
  })
})

describe('a day that is closed', () => {
  it('gives its result to the operator and never changes; what is heard later belongs to the day of hearing', async () => {
    const { orderId, lineId } = await paidVisit(2)
    const today = dayOf(Date.now())
    const [open] = await statementsOf(rig.db().read, today)
    expect(open).toMatchObject({
      isClosed: false,
      orders: 1,
      grossFen: 700,
      payableFen: 700,
      balanceFen: 700,
    })
    await rig.db().write('close', (tx) => closeDay(tx, today, 'op'))
    expect(await rig.db().write('close', (tx) => closeDay(tx, today, 'op'))).toBe(false)
    const [closed] = await statementsOf(rig.db().read, today)
    expect(closed).toMatchObject({ isClosed: true, payableFen: 700, balanceFen: 700 })
    expect((await balances()).operator_payable).toBe(-700)
    expect((await balances()).revenue).toBe(0)
    // A payment of a closed day, heard of two days later, would land on the day on which it is posted.
    await rig.db().write('late', async (tx) => {
      const early = Date.now() - 48 * 3_600_000
      await post(tx, feeEntry(5), {
        orderId: null,
        cabinetId: null,
        operator: 'op',
        subjectId: 'early',
        occurredAtMs: early,
      })
      await closeDay(tx, dayOf(early), 'op')
      await post(tx, feeEntry(7), {
        orderId: null,
        cabinetId: null,
        operator: 'op',
        subjectId: 'late',
        occurredAtMs: early,
      })
    })
    const late = await rig
      .db()
      .read.selectFrom('ledgerEntry')
      .select(['subjectId', 'day'])
      .where('kind', '=', 'fee')
      .orderBy('seq')
      .execute()
    expect(late).toEqual([
      { subjectId: 'early', day: dayOf(Date.now() - 48 * 3_600_000) },
      { subjectId: 'late', day: today },
    ])
    await refund(orderId, lineId, 'rf1')
  })

  it('is a table that a spreadsheet reads, with every cabinet and the whole', async () => {
    await paidVisit(2)
    const csv = statementCsv(await statementsOf(rig.db().read, dayOf(Date.now())))
    expect(csv.startsWith('\uFEFF')).toBe(true)
    const rows = csv.trim().split('\r\n').slice(1)
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain('op,cab-001,一号柜 One,1,7.00,0.00,0.00,0.00,0.00,0.00,7.00,否 no')
    expect(rows[1]).toContain('op,合计 total,,1,7.00')
  })
})

describe('a database from before there was a journal', () => {
  it('is entered as it stands, once: what is owed, what was paid and what went back', async () => {
    const { orderId, lineId } = await paidVisit(2)
    await refund(orderId, lineId, 'rf1')
    await rig.control('POST', 'faults', { kind: 'delayed_deduction' })
    const open = await rig.visit()
    await rig.charges().authorise(open.chargeId)
    await rig.settle(open.chargeId, open.orderId)
    await eventually('the pending charge', async () => (await chargeOf(open.chargeId)).state === 'pending')
    const before = await balances()
    const { default: Sqlite } = await import('better-sqlite3')
    const file = new Sqlite(rig.file)
    for (const table of ['ledgerLine', 'ledgerEntry']) {
      file.exec(`DROP TRIGGER ${table}_is_never_deleted`)
    }
    file.exec('BEGIN; DELETE FROM ledgerLine; DELETE FROM ledgerEntry; COMMIT')
    file.close()
    expect(await takeUpOldCharges(rig.db())).toBe(2)
    expect(await balances()).toEqual(before)
    expect(await takeUpOldCharges(rig.db())).toBe(0)
    expect((await auditLedger(rig.db().read, new Uint8Array(32), 0)).findings).toEqual([])
    rig.violations.length = 0
  })
})
