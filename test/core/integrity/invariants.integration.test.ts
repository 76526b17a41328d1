import { beforeAll, describe, expect, it } from 'vitest'
import { checkInvariants, INVARIANTS, type Violation } from '#core/integrity/invariants.ts'
import type { CheckContext } from '#core/integrity/invariants.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { AUDIT_KEY, NOW_MS, openDefencelessBooks, openGoodBooks } from './books-fixture.ts'

let image: Buffer
beforeAll(() => {
  const books = openGoodBooks()
  image = books.serialize()
  books.close()
})
const context: CheckContext = { nowMs: NOW_MS, auditKey: AUDIT_KEY }

/** What is found after somebody did `sql` to good books, past every constraint. */
async function foundAfter(sql: string, about: Partial<CheckContext> = {}): Promise<Violation[]> {
  const books = openDefencelessBooks(image)
  books.exec(sql)
  const found = await checkInvariants(createKysely(createRunner(books)), { ...context, ...about })
  books.close()
  return found
}

describe('books in which all is well', () => {
  it('break no promise', async () => {
    expect(await foundAfter('')).toEqual([])
  })
  it('may hold an unlock that came once more, under the epoch that continues the first', async () => {
    const again = `INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status) SELECT cabinetId, 'ep2', seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, 'repeated' FROM inbox WHERE cabinetId = 'cab-1'; UPDATE receiver SET epoch = 'ep2', continuesEpoch = 'ep1', continuesToSeq = 2 WHERE cabinetId = 'cab-1'`
    expect(await foundAfter(again)).toEqual([])
  })
  it('are looked at for one session or one cabinet alone', async () => {
    const wrong = `UPDATE "order" SET paidFen = 351 WHERE orderId = 'o1'`
    expect(await foundAfter(wrong, { sessionIds: ['s2'] })).toEqual([])
    expect(await foundAfter(wrong, { sessionIds: ['s1'] })).toMatchObject([
      { invariantId: 'I1', subject: 'order:o1' },
    ])
    const ahead = `UPDATE receiver SET lastSeq = 0 WHERE cabinetId = 'cab-1'`
    expect(await foundAfter(ahead, { cabinetIds: ['cab-2'] })).toEqual([])
    expect(await foundAfter(ahead, { cabinetIds: ['cab-1'] })).toMatchObject([{ invariantId: 'I8' }])
  })
})

/** A bug or a flipped bit, and the promises that it breaks. */
const BROKEN: ReadonlyArray<readonly [what: string, sql: string, ids: readonly string[]]> = [
  ['an order that says more was paid', `UPDATE "order" SET paidFen = 400 WHERE orderId = 'o1'`, ['I1']],
  ['a refund that was posted twice', `UPDATE payment SET refundedFen = 200, reservedFen = 200`, ['I1', 'I1']],
  [
    'a refund without its reservation',
    `UPDATE payment SET reservedFen = 0, refundedFen = 0; UPDATE "order" SET refundedFen = 0`,
    ['I1'],
  ],
  ['a line that gave back what no refund names', `UPDATE orderLine SET refundedFen = 350`, ['I1']],
  [
    'an entry of the ledger that does not balance',
    `INSERT INTO ledgerLine (seq, position, account, amountFen) VALUES (1, 0, 'clearing', 350); INSERT INTO ledgerLine (seq, position, account, amountFen) VALUES (1, 1, 'revenue', -349); INSERT INTO ledgerEntry (seq, kind, subjectId, orderId, operator, day, occurredAtMs, postedAtMs, lineCount, previousMac, mac) VALUES (1, 'payment', 'p1', 'o1', 'op', '2027-01-01', 0, 0, 2, '', 'm')`,
    ['I1'],
  ],
  [
    'a completion under another number',
    `INSERT INTO providerCall (callId, operation, subjectId, idempotencyKey, method, path, body, state, savedAtMs) VALUES ('ca9', 'complete_order', 'c1', 'new', 'POST', '/v3', '{"a":2}', 'answered', 0)`,
    ['I2'],
  ],
  [
    'a completion with other contents',
    `INSERT INTO providerCall (callId, operation, subjectId, idempotencyKey, method, path, body, state, savedAtMs) VALUES ('ca9', 'complete_order', 'c1', 'key-complete_order-c1', 'POST', '/v3', '{"a":9}', 'answered', 0)`,
    ['I2'],
  ],
  [
    'a second payment that nobody decides about',
    `INSERT INTO payment (paymentId, chargeId, orderId, transactionId, amountFen, paidAtMs, foundBy, foundAtMs, isDuplicate, reservedFen, refundedFen) SELECT 'p2', chargeId, orderId, 't2', amountFen, paidAtMs, foundBy, foundAtMs, 1, 0, 0 FROM payment; UPDATE "order" SET paidFen = 700 WHERE orderId = 'o1'`,
    ['I2'],
  ],
  [
    'two refunds that together exceed the payment',
    `INSERT INTO refund (refundId, orderId, paymentId, amountFen, reason, stock, state, attempt, outRefundNo, requestedBy, requestedAtMs, approvedBy, approvedAtMs, isAutomatic, needsTwoPeople, tellConsumer) SELECT 'r2', orderId, paymentId, 300, reason, stock, 'approved', 1, 'r2', requestedBy, requestedAtMs, approvedBy, approvedAtMs, 0, 1, 0 FROM refund; UPDATE payment SET reservedFen = 400; INSERT INTO dueWork (kind, subjectId, dueAtMs, payload) VALUES ('refund.drive', 'r2', ${NOW_MS}, '{}')`,
    ['I3'],
  ],
  [
    'an order called paid while its charge is not',
    `UPDATE charge SET state = 'pending' WHERE chargeId = 'c1'; INSERT INTO dueWork (kind, subjectId, dueAtMs, payload) VALUES ('charge.settle', 'c1', ${NOW_MS}, '{}')`,
    ['I4'],
  ],
  ['a refund called done that the provider never named', `UPDATE refund SET providerRefundId = NULL`, ['I4']],
  [
    'a command that unlocked twice',
    `INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status) SELECT cabinetId, epoch, 3, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, 'h3', status FROM inbox WHERE cabinetId = 'cab-1' AND seq = 1; UPDATE receiver SET lastSeq = 3 WHERE cabinetId = 'cab-1'`,
    ['I5'],
  ],
  ['an unlock that nobody commanded', `DELETE FROM command WHERE commandId = 'cm1'`, ['I6']],
  ['an unlock of another cabinet', `UPDATE command SET cabinetId = 'cab-2' WHERE commandId = 'cm1'`, ['I6']],
  [
    'an unlock without granted money',
    `UPDATE charge SET authorisation = 'declined' WHERE chargeId = 'c2'`,
    ['I6'],
  ],
  [
    'an unlock for a command that had expired',
    `UPDATE command SET state = 'expired' WHERE commandId = 'cm2'`,
    ['I7'],
  ],
  ['a position behind the events', `UPDATE receiver SET lastSeq = 1 WHERE cabinetId = 'cab-1'`, ['I8']],
  ['a position ahead of the events', `UPDATE receiver SET lastSeq = 9 WHERE cabinetId = 'cab-1'`, ['I8']],
  [
    'an event that is missing',
    `DELETE FROM inbox WHERE cabinetId = 'cab-1' AND seq = 1; INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status) SELECT cabinetId, epoch, 3, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, 'h3', status FROM inbox WHERE seq = 2; INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status) SELECT cabinetId, epoch, 5, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, 'h5', status FROM inbox WHERE seq = 2; UPDATE receiver SET lastSeq = 5 WHERE cabinetId = 'cab-1'`,
    ['I9'],
  ],
  ['a request that was never saved', `DELETE FROM providerCall WHERE callId = 'ca2'`, ['I11']],
  ['a refund whose request was never saved', `DELETE FROM providerCall WHERE callId = 'ca4'`, ['I11']],
  [
    'a session that ended before its order',
    `UPDATE session SET state = 'settled' WHERE sessionId = 's2'`,
    ['I12'],
  ],
  [
    'a charge that was paid without being asked',
    `UPDATE charge SET submittedAtMs = NULL WHERE chargeId = 'c1'`,
    ['I12'],
  ],
  ['a refund that was sent without approval', `UPDATE refund SET approvedAtMs = NULL`, ['I12']],
  [
    'two live sessions at one cabinet',
    `UPDATE session SET state = 'opened', cabinetId = 'cab-2' WHERE sessionId = 's1'`,
    ['I6', 'I13'],
  ],
  ['an order above its lines', `UPDATE "order" SET totalFen = 360 WHERE orderId = 'o1'`, ['I14']],
  [
    'a price that the session did not have',
    `UPDATE "order" SET decision = '{"prices":{"cola":300}}' WHERE orderId = 'o1'`,
    ['I14'],
  ],
  ['a charge above its order', `UPDATE charge SET amountFen = 351 WHERE chargeId = 'c1'`, ['I14']],
  ['one person who asked and approved', `UPDATE refund SET approvedBy = requestedBy`, ['I16']],
  [
    'a consumer in plain text',
    `UPDATE consumer SET openidSealed = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' WHERE consumerId = 'co1'`,
    ['I18'],
  ],
  [
    'a charge that nobody asks about again',
    `UPDATE charge SET state = 'unknown' WHERE chargeId = 'c1'; UPDATE "order" SET state = 'charging' WHERE orderId = 'o1'; UPDATE session SET state = 'reconciled' WHERE sessionId = 's1'`,
    ['I20'],
  ],
  [
    'a decision that its rule would not make',
    `INSERT INTO policyDecision (policy, rule, limitsVersion, limits, inputs, decision, outcome, chargedFen, refundedFen,
       subjectId, atMs) VALUES ('automatic_refund', 'automatic-refund-1', 0,
       '{"automaticRefundFen":3000,"automaticRefundMonthFen":10000}',
       '{"amountFen":2000,"isProven":false,"refundedThisMonthFen":0}', '{"outcome":"person","limitFen":3000}', 'person', 0, 0,
       'rf1', 0)`,
    ['I21'],
  ],
  ['work that nobody does', `UPDATE dueWork SET dueAtMs = 0`, ['I20']],
  [
    'an order that is held for nobody',
    `UPDATE "order" SET state = 'held', heldAtMs = 0 WHERE orderId = 'o2'`,
    ['I20'],
  ],
]

describe('a promise that is broken', () => {
  it.each(BROKEN)('is found: %s', async (_what, sql, ids) => {
    const found = await foundAfter(sql)
    expect([...new Set(found.map((one) => one.invariantId))]).toEqual([...new Set(ids)])
    for (const one of found) expect(one.message).not.toBe('')
  })
  it('has a case here for each number that the database can show', () => {
    const shown = new Set(BROKEN.flatMap(([, , ids]) => ids))
    // The audit chain has its own tests, in test/core/audit and with the flipped bits.
    expect(INVARIANTS.map(({ id }) => id).filter((id) => id !== 'I15' && !shown.has(id))).toEqual([])
  })
})

describe('what a restored database cannot know', () => {
  it.each([
    ['I6', 'cab-1', `DELETE FROM command WHERE commandId = 'cm1'`],
    ['I7', 'cab-2', `UPDATE command SET state = 'expired' WHERE commandId = 'cm2'`],
  ])(
    'is held against the cabinet that alone tells of a loss: a forged unlock does not excuse itself (%s)',
    async (id, toldBy, sql) => {
      const restores = [{ backupAtMs: NOW_MS - 100_000, restoredAtMs: NOW_MS, toldBy }]
      expect((await foundAfter(sql, { restores })).map((one) => one.invariantId)).toContain(id)
    },
  )
  it('is not held against another cabinet than the one that told of it', async () => {
    const restores = [{ backupAtMs: NOW_MS - 100_000, restoredAtMs: NOW_MS, toldBy: 'another' }]
    expect(await foundAfter(`DELETE FROM command WHERE commandId = 'cm1'`, { restores })).toEqual([])
  })
  it('is not held against it: unlocks of the time that was lost', async () => {
    const lost = `DELETE FROM command WHERE commandId = 'cm1'`
    const restores = [{ backupAtMs: NOW_MS - 100_000, restoredAtMs: NOW_MS }]
    expect(await foundAfter(lost, { restores })).toEqual([])
  })
  it('is not held against it: a command of that time that it believes was never sent', async () => {
    const forgotten = `UPDATE command SET state = 'expired' WHERE commandId = 'cm2'`
    const restores = [{ backupAtMs: NOW_MS - 100_000, restoredAtMs: NOW_MS }]
    expect(await foundAfter(forgotten, { restores })).toEqual([])
  })
})
