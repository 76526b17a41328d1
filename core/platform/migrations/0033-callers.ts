import { CALLER_CHECK_STATES, CALLER_WAYS } from '#protocol/api/callers.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** Whether a caller is who they say: two facts, a code, or a lead who answers for it. */
export const callersMigration: Migration = {
  version: 33,
  name: 'callers',
  statements: `
CREATE TABLE callerCheck (
  checkId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, consumerId TEXT NOT NULL,
  way TEXT NOT NULL CHECK (way IN (${sqlList(CALLER_WAYS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(CALLER_CHECK_STATES)})),
  facts TEXT NOT NULL, known TEXT NOT NULL, codeHash TEXT, noticeId TEXT,
  tries INTEGER NOT NULL CHECK (tries >= 0), askedAtMs INTEGER NOT NULL, askedBy TEXT NOT NULL,
  expiresAtMs INTEGER NOT NULL, decidedAtMs INTEGER, decidedBy TEXT, validUntilMs INTEGER, reason TEXT,
  CHECK ((way = 'lead') = (reason IS NOT NULL)),
  -- A code that was used, or is not good any more, leaves nothing to guess at.
  CHECK (codeHash IS NULL OR (way = 'code' AND state = 'asked')),
  CHECK ((state IN ('passed', 'ended')) = (validUntilMs IS NOT NULL)),
  CHECK ((state = 'asked') = (decidedAtMs IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX callerCheckByTicket ON callerCheck (ticketId, askedAtMs);
CREATE INDEX callerCheckByConsumer ON callerCheck (consumerId, askedAtMs);
CREATE UNIQUE INDEX callerCheckAskedOnce ON callerCheck (ticketId) WHERE state = 'asked';
CREATE UNIQUE INDEX callerCheckPassedOnce ON callerCheck (ticketId) WHERE state = 'passed';
CREATE TRIGGER callerCheckEnds BEFORE UPDATE ON callerCheck WHEN OLD.state NOT IN ('asked', 'passed')
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
CREATE TRIGGER callerCheckStays BEFORE DELETE ON callerCheck
  BEGIN SELECT RAISE(ABORT, 'append-only'); END;
`,
}
