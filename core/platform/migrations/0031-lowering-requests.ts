import { LOWERING_REQUEST_STATES } from '#protocol/api/staff/lowering.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** Less to be asked for, by more than who wished it may decide: a second person does. */
export const loweringRequestsMigration: Migration = {
  version: 31,
  name: 'lowering-requests',
  statements: `
CREATE TABLE loweringRequest (
  refundId TEXT PRIMARY KEY, orderId TEXT NOT NULL REFERENCES "order", lines TEXT NOT NULL, reason TEXT NOT NULL,
  ticketId TEXT REFERENCES ticket, note TEXT, amountFen INTEGER NOT NULL CHECK (amountFen > 0),
  state TEXT NOT NULL CHECK (state IN (${sqlList(LOWERING_REQUEST_STATES)})),
  requestedBy TEXT NOT NULL, requestedAtMs INTEGER NOT NULL, decidedBy TEXT, decidedAtMs INTEGER, decisionNote TEXT,
  CHECK (decidedBy IS NULL OR decidedBy <> requestedBy),
  CHECK ((state = 'awaiting_approval') = (decidedBy IS NULL))) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX loweringRequestOnce ON loweringRequest (orderId) WHERE state = 'awaiting_approval';
CREATE INDEX loweringRequestByOrder ON loweringRequest (orderId, requestedAtMs);
CREATE TRIGGER loweringRequestEnds BEFORE UPDATE ON loweringRequest WHEN OLD.state <> 'awaiting_approval'
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
`,
}
