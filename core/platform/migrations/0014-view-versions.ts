import type { Migration } from '../migrate.ts'
import { movesVersion } from '../view-versions.ts'

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
