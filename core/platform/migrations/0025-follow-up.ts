import {
  CALL_BACK_AUDIENCES,
  CALL_BACK_CALENDARS,
  CALL_BACK_CHANNELS,
  CALL_BACK_RESULTS,
  CALL_BACK_SEGMENTS,
  CALL_BACK_STATES,
} from '#protocol/api/call-backs.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** What follows a solved ticket: its rating in time, the question whether they recommend us, and call-backs by plan. */
export const followUpMigration: Migration = {
  version: 25,
  name: 'follow-up',
  statements: `
ALTER TABLE ticket ADD COLUMN ratedAtMs INTEGER;
UPDATE ticket SET ratedAtMs = coalesce(closedAtMs, resolvedAtMs, openedAtMs) WHERE rating IS NOT NULL;
CREATE INDEX ticketRated ON ticket (ratedAtMs) WHERE ratedAtMs IS NOT NULL;
CREATE TABLE npsQuestion (
  ticketId TEXT PRIMARY KEY REFERENCES ticket, consumerId TEXT NOT NULL, askedAtMs INTEGER NOT NULL,
  score INTEGER CHECK (score BETWEEN 0 AND 10), answeredAtMs INTEGER,
  CHECK ((score IS NULL) = (answeredAtMs IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX npsByConsumer ON npsQuestion (consumerId, askedAtMs);
CREATE INDEX npsByTime ON npsQuestion (askedAtMs);
CREATE TABLE callBackPlanVersion (
  version INTEGER PRIMARY KEY CHECK (version > 0), plan TEXT NOT NULL CHECK (json_valid(plan)),
  savedBy TEXT NOT NULL REFERENCES staff, savedAtMs INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TRIGGER callBackPlansStay BEFORE UPDATE ON callBackPlanVersion
  BEGIN SELECT RAISE(ABORT, 'a version of a plan is never changed'); END;
CREATE TRIGGER callBackPlansAreKept BEFORE DELETE ON callBackPlanVersion
  BEGIN SELECT RAISE(ABORT, 'versions of a plan are kept'); END;
CREATE TABLE callBack (
  callBackId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, occasion TEXT NOT NULL,
  segment TEXT NOT NULL CHECK (segment IN (${sqlList(CALL_BACK_SEGMENTS)})), reasons TEXT NOT NULL CHECK (json_valid(reasons)),
  planVersion INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN (${sqlList(CALL_BACK_STATES)})),
  channel TEXT NOT NULL CHECK (channel IN (${sqlList(CALL_BACK_CHANNELS)})),
  audience TEXT NOT NULL CHECK (audience IN (${sqlList(CALL_BACK_AUDIENCES)})),
  calendar TEXT NOT NULL CHECK (calendar IN (${sqlList(CALL_BACK_CALENDARS)})),
  attempts INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND attemptsMost), attemptsMost INTEGER NOT NULL CHECK (attemptsMost > 0),
  pauseHours INTEGER NOT NULL, questions TEXT NOT NULL CHECK (json_valid(questions)),
  dueAtMs INTEGER NOT NULL, createdAtMs INTEGER NOT NULL, endedAtMs INTEGER, endedById TEXT REFERENCES staff,
  version INTEGER NOT NULL CHECK (version > 0),
  CHECK ((endedAtMs IS NULL) = (state = 'planned')),
  UNIQUE (ticketId, occasion)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX callBackPlannedOnce ON callBack (ticketId) WHERE state = 'planned';
CREATE INDEX callBackByTime ON callBack (state, dueAtMs);
CREATE TABLE callBackTry (
  callBackId TEXT NOT NULL REFERENCES callBack, attempt INTEGER NOT NULL CHECK (attempt > 0), atMs INTEGER NOT NULL,
  staffId TEXT NOT NULL REFERENCES staff, result TEXT NOT NULL CHECK (result IN (${sqlList([...CALL_BACK_RESULTS, 'message_sent'])})),
  note TEXT NOT NULL, answers TEXT NOT NULL CHECK (json_valid(answers)),
  PRIMARY KEY (callBackId, attempt)) STRICT, WITHOUT ROWID;
CREATE TRIGGER callBackTriesStay BEFORE DELETE ON callBackTry
  BEGIN SELECT RAISE(ABORT, 'what was tried is kept'); END;
`,
}
