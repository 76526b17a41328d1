import { COMPENSATION_KINDS, COMPENSATION_REASONS, COMPENSATION_STATES } from '#protocol/api/compensation.ts'
import { REFUND_CASE_ITEM_STATES, REFUND_CASE_STATES, REFUND_WAYS } from '#protocol/api/refund-cases.ts'
import { type Migration, sqlList } from '../migrate.ts'
import { movesVersion } from '../view-versions.ts'

const ITSELF = 'SELECT ROW.orderId AS subject'

/** Less asked for before it was taken, coupons and points that make good, and one incident refunded together. */
export const makingGoodMigration: Migration = {
  version: 16,
  name: 'making-good',
  statements: `
CREATE TABLE chargeLowering (
  refundId TEXT PRIMARY KEY, chargeId TEXT NOT NULL REFERENCES charge, orderId TEXT NOT NULL REFERENCES "order", wish TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'lowered', 'refunded', 'dropped')), byFen INTEGER CHECK (byFen > 0),
  askedAtMs INTEGER NOT NULL, endedAtMs INTEGER,
  CHECK ((state = 'lowered') = (byFen IS NOT NULL) AND (state = 'waiting') = (endedAtMs IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX chargeLoweringByCharge ON chargeLowering (chargeId, askedAtMs);
CREATE INDEX chargeLoweringByOrder ON chargeLowering (orderId);
CREATE TRIGGER chargeLoweringEnds BEFORE UPDATE ON chargeLowering WHEN OLD.state <> 'waiting'
  BEGIN SELECT RAISE(ABORT, 'what ended stays'); END;

CREATE TABLE compensation (
  compensationId TEXT PRIMARY KEY, orderId TEXT NOT NULL REFERENCES "order", consumerId TEXT NOT NULL REFERENCES consumer,
  kind TEXT NOT NULL CHECK (kind IN (${sqlList(COMPENSATION_KINDS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(COMPENSATION_STATES)})),
  amountFen INTEGER NOT NULL CHECK (amountFen BETWEEN 1 AND 50000),
  reason TEXT NOT NULL CHECK (reason IN (${sqlList(COMPENSATION_REASONS)})), note TEXT NOT NULL CHECK (length(note) > 0),
  requestedBy TEXT NOT NULL, requestedAtMs INTEGER NOT NULL, decidedBy TEXT, decidedAtMs INTEGER, decisionNote TEXT,
  givenAtMs INTEGER, CHECK ((state = 'given') = (givenAtMs IS NOT NULL)),
  CHECK (decidedBy IS NULL OR decidedBy <> requestedBy)) STRICT, WITHOUT ROWID;
CREATE INDEX compensationByOrder ON compensation (orderId);
CREATE INDEX compensationByConsumer ON compensation (consumerId, requestedAtMs);
CREATE INDEX compensationWaiting ON compensation (requestedAtMs) WHERE state = 'awaiting_approval';
CREATE TRIGGER compensationEnds BEFORE UPDATE ON compensation WHEN OLD.state IN ('given', 'refused')
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;

${movesVersion('chargeLowering', ITSELF)}
${movesVersion('compensation', ITSELF)}

CREATE TABLE refundCase (
  caseId TEXT PRIMARY KEY, title TEXT NOT NULL, selection TEXT NOT NULL, reason TEXT NOT NULL,
  stock TEXT NOT NULL CHECK (stock IN ('back_in_cabinet', 'not_returned', 'written_off')), note TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(REFUND_CASE_STATES)})), totalFen INTEGER NOT NULL CHECK (totalFen > 0),
  requestedBy TEXT NOT NULL, requestedAtMs INTEGER NOT NULL, decidedBy TEXT, decidedAtMs INTEGER, decisionNote TEXT,
  endedAtMs INTEGER, CHECK (decidedBy IS NULL OR decidedBy <> requestedBy),
  CHECK (state NOT IN ('running', 'stopped', 'done') OR decidedBy IS NOT NULL)) STRICT, WITHOUT ROWID;
CREATE INDEX refundCaseByTime ON refundCase (requestedAtMs);
CREATE TRIGGER refundCaseEnds BEFORE UPDATE ON refundCase WHEN OLD.state IN ('done', 'refused') AND NEW.state <> OLD.state
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
CREATE TABLE refundCaseItem (
  caseId TEXT NOT NULL REFERENCES refundCase, orderId TEXT NOT NULL REFERENCES "order", position INTEGER NOT NULL,
  way TEXT NOT NULL CHECK (way IN (${sqlList(REFUND_WAYS)})), lines TEXT NOT NULL,
  amountFen INTEGER NOT NULL CHECK (amountFen > 0),
  state TEXT NOT NULL CHECK (state IN (${sqlList(REFUND_CASE_ITEM_STATES)})), refundId TEXT NOT NULL UNIQUE, detail TEXT,
  PRIMARY KEY (caseId, orderId)) STRICT, WITHOUT ROWID;
CREATE INDEX refundCaseItemByState ON refundCaseItem (caseId, state, position);
CREATE TRIGGER refundCaseItemEnds BEFORE UPDATE ON refundCaseItem
  WHEN OLD.state IN ('arrived', 'skipped', 'failed') AND NEW.state <> OLD.state
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
`,
}
