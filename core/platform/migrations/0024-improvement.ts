import { IMPROVEMENT_SOURCES, IMPROVEMENT_STATES, IMPROVEMENT_SUBJECTS } from '#protocol/api/improvements.ts'
import { ROOT_CAUSES } from '#protocol/api/tickets.ts'
import { type Migration, sqlList } from '../migrate.ts'

const ENDED = sqlList(['closed', 'dropped'])

/** Cases by their cause, and what is improved because of them. */
export const improvementMigration: Migration = {
  version: 24,
  name: 'improvement',
  statements: `
CREATE TABLE causeCase (
  kind TEXT NOT NULL CHECK (kind IN ('ticket', 'anomaly')), caseId TEXT NOT NULL,
  subjectKind TEXT NOT NULL CHECK (subjectKind IN (${sqlList(IMPROVEMENT_SUBJECTS)})), subjectId TEXT NOT NULL,
  rootCause TEXT NOT NULL, cabinetId TEXT, operator TEXT, atMs INTEGER NOT NULL,
  PRIMARY KEY (kind, caseId, subjectKind, subjectId)) STRICT, WITHOUT ROWID;
CREATE INDEX causeCaseBySubject ON causeCase (rootCause, subjectKind, subjectId, atMs);
CREATE TABLE improvementItem (
  itemId TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE,
  source TEXT NOT NULL CHECK (source IN (${sqlList(IMPROVEMENT_SOURCES)})), sourceId TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(IMPROVEMENT_STATES)})),
  titleZh TEXT NOT NULL, titleEn TEXT NOT NULL,
  rootCause TEXT CHECK (rootCause IN (${sqlList(ROOT_CAUSES)})),
  subjectKind TEXT CHECK (subjectKind IN (${sqlList(IMPROVEMENT_SUBJECTS)})), subjectId TEXT,
  operator TEXT, ownerId TEXT REFERENCES staff, dueAtMs INTEGER NOT NULL,
  windowDays INTEGER NOT NULL CHECK (windowDays > 0), round INTEGER NOT NULL CHECK (round > 0),
  plan TEXT NOT NULL, action TEXT NOT NULL, checkNote TEXT NOT NULL, standardNote TEXT NOT NULL,
  openedBy TEXT NOT NULL, openedAtMs INTEGER NOT NULL, doneAtMs INTEGER, endedAtMs INTEGER,
  version INTEGER NOT NULL CHECK (version > 0),
  CHECK ((subjectKind IS NULL) = (subjectId IS NULL)),
  CHECK ((endedAtMs IS NOT NULL) = (state IN (${ENDED}))),
  UNIQUE (source, sourceId)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX improvementOpenOnce ON improvementItem (rootCause, subjectKind, subjectId)
  WHERE rootCause IS NOT NULL AND subjectKind IS NOT NULL AND state NOT IN (${ENDED});
CREATE INDEX improvementByState ON improvementItem (state, dueAtMs);
CREATE TRIGGER improvementEnds BEFORE UPDATE OF state ON improvementItem WHEN OLD.state IN (${ENDED})
  BEGIN SELECT RAISE(ABORT, 'an item that has ended stays'); END;
CREATE TABLE improvementCase (
  itemId TEXT NOT NULL REFERENCES improvementItem, kind TEXT NOT NULL CHECK (kind IN ('ticket', 'anomaly')),
  caseId TEXT NOT NULL, atMs INTEGER NOT NULL, PRIMARY KEY (itemId, kind, caseId)) STRICT, WITHOUT ROWID;
CREATE INDEX improvementCaseByCase ON improvementCase (caseId);
CREATE TABLE improvementEvent (
  itemId TEXT NOT NULL REFERENCES improvementItem, version INTEGER NOT NULL CHECK (version > 0), atMs INTEGER NOT NULL,
  actor TEXT NOT NULL, actorName TEXT NOT NULL, what TEXT NOT NULL,
  eventValues TEXT NOT NULL CHECK (json_valid(eventValues)), PRIMARY KEY (itemId, version)) STRICT, WITHOUT ROWID;
CREATE TRIGGER improvementHistoryStays BEFORE DELETE ON improvementEvent
  BEGIN SELECT RAISE(ABORT, 'the history of an item is kept'); END;
CREATE TRIGGER improvementHistoryIsWritten BEFORE UPDATE ON improvementEvent
  BEGIN SELECT RAISE(ABORT, 'the history of an item is kept'); END;
`,
}
