import { RECHECK_FOLLOWS, RECHECK_REASONS, RECHECK_STATES } from '#protocol/api/rechecks.ts'
import { ROOT_CAUSES } from '#protocol/api/tickets.ts'
import { type Migration, sqlList } from '../migrate.ts'

const UNCHECKED = sqlList(['waiting', 'dropped'])

/** Closed cases that are looked at again, and what they are held against. */
export const rechecksMigration: Migration = {
  version: 27,
  name: 'rechecks',
  statements: `
CREATE TABLE scorecardVersion (
  version INTEGER PRIMARY KEY CHECK (version > 0), card TEXT NOT NULL CHECK (json_valid(card)),
  savedBy TEXT NOT NULL REFERENCES staff, savedAtMs INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TRIGGER scorecardsStay BEFORE UPDATE ON scorecardVersion
  BEGIN SELECT RAISE(ABORT, 'a version of a scorecard is never changed'); END;
CREATE TRIGGER scorecardsAreKept BEFORE DELETE ON scorecardVersion
  BEGIN SELECT RAISE(ABORT, 'versions of a scorecard are kept'); END;
CREATE TABLE recheck (
  recheckId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, round INTEGER NOT NULL CHECK (round >= 0),
  ticketType TEXT NOT NULL, agentId TEXT NOT NULL REFERENCES staff,
  reason TEXT NOT NULL CHECK (reason IN (${sqlList(RECHECK_REASONS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(RECHECK_STATES)})),
  cardVersion INTEGER CHECK (cardVersion >= 0), scorePercent INTEGER CHECK (scorePercent BETWEEN 0 AND 100),
  answers TEXT NOT NULL CHECK (json_valid(answers)), note TEXT,
  rootCause TEXT CHECK (rootCause IN (${sqlList(ROOT_CAUSES)})),
  checkedById TEXT REFERENCES staff, checkedAtMs INTEGER,
  follow TEXT CHECK (follow IN (${sqlList(RECHECK_FOLLOWS)})), followTicketId TEXT REFERENCES ticket,
  improvementId TEXT REFERENCES improvementItem,
  objection TEXT, objectedAtMs INTEGER, decisionNote TEXT, decidedById TEXT REFERENCES staff, decidedAtMs INTEGER,
  createdAtMs INTEGER NOT NULL, dueAtMs INTEGER NOT NULL, version INTEGER NOT NULL CHECK (version > 0),
  CHECK ((checkedAtMs IS NULL) = (state IN (${UNCHECKED}))),
  CHECK ((checkedAtMs IS NULL) = (scorePercent IS NULL) AND (checkedAtMs IS NULL) = (checkedById IS NULL)),
  CHECK (checkedById IS NULL OR checkedById <> agentId),
  CHECK (decidedById IS NULL OR (decidedById <> agentId AND decidedById <> checkedById)),
  CHECK ((objection IS NULL) = (objectedAtMs IS NULL)),
  UNIQUE (ticketId, round)) STRICT, WITHOUT ROWID;
CREATE INDEX recheckByState ON recheck (state, dueAtMs);
CREATE INDEX recheckByAgent ON recheck (agentId, createdAtMs);
`,
}
