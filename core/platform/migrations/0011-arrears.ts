import { WRITE_OFF_REASONS, WRITE_OFF_STATES } from '#protocol/api/arrears.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** What is owed and not paid, how often that was said, and who let go of it. */
export const arrearsMigration: Migration = {
  version: 11,
  name: 'arrears',
  statements: `
CREATE TABLE arrears (
  orderId TEXT PRIMARY KEY REFERENCES "order", chargeId TEXT NOT NULL REFERENCES charge, sinceMs INTEGER NOT NULL,
  reminders INTEGER NOT NULL DEFAULT 0 CHECK (reminders >= 0), remindedAtMs INTEGER, nextAtMs INTEGER,
  endedAtMs INTEGER CHECK (endedAtMs >= sinceMs)) STRICT, WITHOUT ROWID;
CREATE INDEX arrearsOpen ON arrears (sinceMs) WHERE endedAtMs IS NULL;
CREATE TABLE writeOff (
  writeOffId TEXT PRIMARY KEY, orderId TEXT NOT NULL REFERENCES "order",
  state TEXT NOT NULL CHECK (state IN (${sqlList(WRITE_OFF_STATES)})), amountFen INTEGER NOT NULL CHECK (amountFen > 0),
  reason TEXT NOT NULL CHECK (reason IN (${sqlList(WRITE_OFF_REASONS)})), note TEXT NOT NULL CHECK (length(note) > 0),
  requestedBy TEXT NOT NULL, requestedAtMs INTEGER NOT NULL, decidedBy TEXT, decidedAtMs INTEGER, decisionNote TEXT,
  endedAtMs INTEGER, CHECK (state NOT IN ('approved', 'done') OR decidedBy IS NOT NULL)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX writeOffOnce ON writeOff (orderId) WHERE state IN ('awaiting_approval', 'approved', 'done');
CREATE TRIGGER writeOffEnds BEFORE UPDATE ON writeOff
  WHEN OLD.state IN ('done', 'refused', 'overtaken') AND NEW.state <> OLD.state
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
`,
}
