import { BATCH_BLOCK_STATES } from '#protocol/api/batch-blocks.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** Goods of one make that may not be sold anywhere; without an operator for all of them. */
export const batchBlocksMigration: Migration = {
  version: 35,
  name: 'batch-blocks',
  statements: `
CREATE TABLE batchBlock (
  blockId TEXT PRIMARY KEY, operator TEXT, sku TEXT NOT NULL REFERENCES product, batch TEXT, expiresOn TEXT,
  state TEXT NOT NULL CHECK (state IN (${sqlList(BATCH_BLOCK_STATES)})), reason TEXT NOT NULL CHECK (length(reason) > 0),
  ticketId TEXT REFERENCES ticket, blockedBy TEXT NOT NULL, blockedAtMs INTEGER NOT NULL,
  liftedBy TEXT, liftedAtMs INTEGER, liftReason TEXT,
  CHECK (batch IS NOT NULL OR expiresOn IS NOT NULL),
  CHECK ((state = 'lifted') = (liftedAtMs IS NOT NULL))) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX batchBlockOnce ON batchBlock (sku, ifnull(batch, ''), ifnull(expiresOn, ''), ifnull(operator, ''))
  WHERE state = 'blocked';
CREATE INDEX batchBlockByTime ON batchBlock (blockedAtMs);
CREATE TRIGGER batchBlockEnds BEFORE UPDATE ON batchBlock WHEN OLD.state = 'lifted'
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
CREATE INDEX batchMovementOfGoods ON batchMovement (sku, batch, cabinetId);
`,
}
