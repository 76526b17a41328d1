import type { Migration } from '../migrate.ts'

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * The version of what a view shows: one more with every change of a fact of its subject, in the same transaction. A page
 * that was drawn for a version may be shown for as long as the version stands. Subjects are orders, and `product` and
 * `cabinet` for what all of their views share.
 * @param subjects  a query for the subjects that a row of the table belongs to; `ROW` is the row
 * @param columns  the only columns that are shown; without them all are
 */
export function movesVersion(table: string, subjects: string, columns: readonly string[] = []): string {
  return EVENTS.map((event) => {
    const rows = event === 'INSERT' ? ['NEW'] : event === 'DELETE' ? ['OLD'] : ['OLD', 'NEW']
    const of = event === 'UPDATE' && columns.length > 0 ? ` OF ${columns.join(', ')}` : ''
    const every = [...new Set(rows.map((row) => subjects.replaceAll('ROW', row)))].join(' UNION ')
    return `
CREATE TRIGGER ${table}MovesVersionAt${event} AFTER ${event}${of} ON "${table}" BEGIN
  INSERT INTO viewVersion (subject, version)
    SELECT subject, 1 FROM (${every}) WHERE subject IS NOT NULL
    ON CONFLICT (subject) DO UPDATE SET version = version + 1; END;`
  }).join('')
}

const ITSELF = 'SELECT ROW.orderId AS subject'
const OF_SESSION = 'SELECT orderId AS subject FROM "order" WHERE sessionId = ROW.sessionId'
const OF_FILE =
  'SELECT o.orderId AS subject FROM evidence e JOIN "order" o ON o.sessionId = e.sessionId WHERE e.sha256 = ROW.sha256'

/** Lets pages of orders be kept until a fact on them changes. */
export const viewVersionsMigration: Migration = {
  version: 14,
  name: 'view-versions',
  statements: `
CREATE TABLE viewVersion (
  subject TEXT PRIMARY KEY, version INTEGER NOT NULL CHECK (version > 0)) STRICT, WITHOUT ROWID;
${['order', 'orderLine', 'orderDiscount', 'charge', 'payment', 'refund', 'arrears'].map((table) => movesVersion(table, ITSELF)).join('')}
${movesVersion('ticket', ITSELF, ['orderId', 'origin', 'openedAtMs'])}
${movesVersion('session', OF_SESSION)}
${movesVersion('evidence', OF_SESSION)}
${movesVersion('blob', OF_FILE)}
${movesVersion('product', `SELECT 'product' AS subject`)}
${movesVersion('cabinet', `SELECT 'cabinet' AS subject`, ['nameZh', 'nameEn', 'siteZh', 'siteEn', 'timeZone', 'contact'])}
`,
}
