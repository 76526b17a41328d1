import Sqlite from 'better-sqlite3'
import { migrate } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { keepSeals } from '#core/platform/row-seals.ts'

export const AUDIT_KEY = new Uint8Array(32).fill(7)
export const NOW_MS = 1_800_000_000_000
const SEALED_OPENID = 'x'.repeat(64)

/**
 * A small core database in which all is well: cabinet cab-1 sold one can in session s1 (order o1, charge c1, payment p1 of
 * 350 fen, 100 of them refunded as r1), and consumer co2 stands at cab-2 with session s2.
 */
export function openGoodBooks(file = ':memory:'): Sqlite.Database {
  const books = new Sqlite(file)
  migrate(books, MIGRATIONS, NOW_MS)
  keepSeals(books, AUDIT_KEY)
  books.exec('BEGIN')
  books.exec(GOOD_BOOKS)
  books.exec('COMMIT')
  return books
}

/** The same, with hands that SQLite cannot stop: no constraint, no trigger, no key is checked. */
export function openDefencelessBooks(image: Buffer): Sqlite.Database {
  const books = new Sqlite(image)
  const triggers = books
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    .pluck()
    .all() as string[]
  for (const name of triggers) books.exec(`DROP TRIGGER "${name}"`)
  const indexes = books
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%'")
    .pluck()
    .all() as string[]
  for (const name of indexes) books.exec(`DROP INDEX "${name}"`)
  books.pragma('ignore_check_constraints = ON')
  books.pragma('foreign_keys = OFF')
  return books
}

const session = (id: string, cabinet: string, consumer: string, command: string, state: string) => `
  INSERT INTO session (sessionId, requestId, cabinetId, consumerId, kind, state, planogramVersion, commandId,
    requestedAtMs, startedAtMs, openedAtMs, closedAtMs, reconciledAtMs, reconciled)
  VALUES ('${id}', 'rq-${id}', '${cabinet}', '${consumer}', 'sale', '${state}', 1, '${command}', ${NOW_MS - 60_000},
    ${NOW_MS - 59_000}, ${NOW_MS - 58_000}, ${NOW_MS - 40_000}, ${NOW_MS - 39_000}, '{}');`
const event = (cabinet: string, seq: number, type: string, data: object) => `
  INSERT INTO inbox (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status)
  VALUES ('${cabinet}', 'ep1', ${seq}, '${type}', ${NOW_MS - 59_000}, ${NOW_MS - 58_000}, ${NOW_MS - 59_000}, 1,
    '${JSON.stringify(data)}', 'h${seq}', 'projected');`
const command = (id: string, cabinet: string) => `
  INSERT INTO command (commandId, cabinetId, name, args, state, by, createdAtMs)
  VALUES ('${id}', '${cabinet}', 'door.unlock', '{}', 'succeeded', 'consumer:co1', ${NOW_MS - 60_000});`
const charge = (id: string, sessionId: string, orderId: string, state: string, times: string) => `
  INSERT INTO charge (chargeId, sessionId, orderId, consumerId, state, authorisation, outOrderNo, capFen, amountFen, lines,
    preparedAtMs, submittedAtMs, pendingAtMs, paidAtMs)
  VALUES ('${id}', '${sessionId}', '${orderId}', 'co1', '${state}', 'granted', '${orderId}', 20000, ${times === 'NULL' ? 0 : 350},
    ${times === 'NULL' ? 'NULL' : "'[]'"}, ${NOW_MS - 60_000}, ${times}, ${times}, ${times});`
const call = (id: string, operation: string, subject: string, body: string) => `
  INSERT INTO providerCall (callId, operation, subjectId, idempotencyKey, method, path, body, state, savedAtMs)
  VALUES ('${id}', '${operation}', '${subject}', 'key-${operation}-${subject}', 'POST', '/v3', '${body}', 'answered', ${NOW_MS - 60_000});`

const GOOD_BOOKS = `
  INSERT INTO product (sku, nameZh, nameEn, unitGrams, sigmaGrams, priceFen, picture, foodClass, shelfLifeDays, createdAtMs)
  VALUES ('cola', '可乐', 'Cola', 350, 1, 350, '{}', 'drink', 200, 0);
  INSERT INTO cabinet (cabinetId, partition, nameZh, nameEn, siteZh, siteEn, operator, contact, timeZone, foodClass, createdAtMs)
  VALUES ('cab-1', 1, '一', 'One', '厅', 'Hall', 'op', '', 'Asia/Shanghai', 'drink', 0),
    ('cab-2', 2, '二', 'Two', '厅', 'Hall', 'op', '', 'Asia/Shanghai', 'drink', 0);
  INSERT INTO consumer (consumerId, openidSealed, openidIndex, language, createdAtMs)
  VALUES ('co1', '${SEALED_OPENID}', 'i1', 'zh', 0), ('co2', '${SEALED_OPENID}', 'i2', 'zh', 0);
  ${session('s1', 'cab-1', 'co1', 'cm1', 'settled')}
  ${session('s2', 'cab-2', 'co2', 'cm2', 'closed')}
  INSERT INTO "order" (orderId, sessionId, cabinetId, consumerId, state, totalFen, paidFen, refundedFen, createdAtMs, decision)
  VALUES ('o1', 's1', 'cab-1', 'co1', 'partly_refunded', 350, 350, 100, ${NOW_MS - 60_000}, '{"prices":{"cola":350}}'),
    ('o2', 's2', 'cab-2', 'co2', 'open', 0, 0, 0, ${NOW_MS - 60_000}, NULL);
  INSERT INTO orderLine (lineId, orderId, position, sku, quantity, unitPriceFen, amountFen, probability, refundedQuantity, refundedFen)
  VALUES ('l1', 'o1', 0, 'cola', 1, 350, 350, 0.999, 1, 100);
  ${charge('c1', 's1', 'o1', 'paid', String(NOW_MS - 30_000))}
  ${charge('c2', 's2', 'o2', 'prepared', 'NULL')}
  ${call('ca1', 'create_order', 'c1', '{"a":1}')}
  ${call('ca2', 'complete_order', 'c1', '{"a":2}')}
  ${call('ca3', 'create_order', 'c2', '{"a":3}')}
  ${call('ca4', 'refund', 'r1', '{"a":4}')}
  INSERT INTO payment (paymentId, chargeId, orderId, transactionId, amountFen, paidAtMs, foundBy, foundAtMs, isDuplicate,
    reservedFen, refundedFen)
  VALUES ('p1', 'c1', 'o1', 't1', 350, ${NOW_MS - 30_000}, 'query', ${NOW_MS - 30_000}, 0, 100, 100);
  INSERT INTO refund (refundId, orderId, paymentId, amountFen, reason, stock, state, attempt, outRefundNo, providerRefundId,
    requestedBy, requestedAtMs, approvedBy, approvedAtMs, submittedAtMs, succeededAtMs, isAutomatic, needsTwoPeople, tellConsumer)
  VALUES ('r1', 'o1', 'p1', 100, 'goodwill', 'not_returned', 'succeeded', 1, 'r1', 'pr1', 'st1', ${NOW_MS - 20_000}, 'st2',
    ${NOW_MS - 19_000}, ${NOW_MS - 18_000}, ${NOW_MS - 17_000}, 0, 1, 1);
  INSERT INTO refundLine (refundId, lineId, quantity, amountFen) VALUES ('r1', 'l1', 1, 100);
  ${command('cm1', 'cab-1')}${command('cm2', 'cab-2')}
  ${event('cab-1', 1, 'door.unlocked', { commandId: 'cm1', sessionId: 's1', by: 'command' })}
  ${event('cab-1', 2, 'door.opened', { sessionId: 's1' })}
  ${event('cab-2', 1, 'door.unlocked', { commandId: 'cm2', sessionId: 's2', by: 'command' })}
  INSERT INTO receiver (cabinetId, epoch, lastSeq, openedAtMs, lastAtMs) VALUES ('cab-1', 'ep1', 2, 0, 0), ('cab-2', 'ep1', 1, 0, 0);
  INSERT INTO dueWork (kind, subjectId, dueAtMs, payload) VALUES ('session.overdue', 's2', ${NOW_MS + 60_000}, '{}');
`
