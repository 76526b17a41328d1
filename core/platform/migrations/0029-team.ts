import { SHIFT_KINDS } from '#protocol/api/team.ts'
import { type Migration, sqlList } from '../migrate.ts'

const kept = (table: string, words: string) => `
CREATE TRIGGER ${table}Stays BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, '${words}'); END;
CREATE TRIGGER ${table}IsKept BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, '${words}'); END;`

/** Who works when, what they have learned, and the holidays of a year that was not known when this was shipped. */
export const teamMigration: Migration = {
  version: 29,
  name: 'team',
  statements: `
CREATE TABLE shift (
  shiftId TEXT PRIMARY KEY, staffId TEXT NOT NULL REFERENCES staff,
  kind TEXT NOT NULL CHECK (kind IN (${sqlList(SHIFT_KINDS)})), startsAtMs INTEGER NOT NULL, endsAtMs INTEGER NOT NULL,
  handOverToId TEXT REFERENCES staff, note TEXT NOT NULL, createdBy TEXT NOT NULL REFERENCES staff,
  createdAtMs INTEGER NOT NULL, cancelledAtMs INTEGER,
  CHECK (endsAtMs > startsAtMs), CHECK (handOverToId IS NULL OR handOverToId <> staffId)) STRICT, WITHOUT ROWID;
CREATE INDEX shiftByTime ON shift (endsAtMs, startsAtMs) WHERE cancelledAtMs IS NULL;
CREATE INDEX shiftByPerson ON shift (staffId, startsAtMs) WHERE cancelledAtMs IS NULL;
CREATE TABLE courseVersion (
  courseKey TEXT NOT NULL, version INTEGER NOT NULL CHECK (version > 0), course TEXT NOT NULL CHECK (json_valid(course)),
  savedBy TEXT NOT NULL REFERENCES staff, savedAtMs INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (courseKey, version)) STRICT, WITHOUT ROWID;${kept('courseVersion', 'a version of a course is kept as it was')}
CREATE TABLE assessment (
  assessmentId TEXT PRIMARY KEY, courseKey TEXT NOT NULL, courseVersion INTEGER NOT NULL, staffId TEXT NOT NULL REFERENCES staff,
  atMs INTEGER NOT NULL, theoryPercent INTEGER NOT NULL CHECK (theoryPercent BETWEEN 0 AND 100),
  practicePercent INTEGER NOT NULL CHECK (practicePercent BETWEEN 0 AND 100),
  totalPercent INTEGER NOT NULL CHECK (totalPercent BETWEEN 0 AND 100), isPassed INTEGER NOT NULL CHECK (isPassed IN (0, 1)),
  validUntilMs INTEGER, assessorId TEXT NOT NULL REFERENCES staff, note TEXT NOT NULL,
  CHECK (assessorId <> staffId), CHECK ((isPassed = 1) = (validUntilMs IS NOT NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX assessmentByPerson ON assessment (staffId, courseKey, atMs);${kept('assessment', 'an assessment is kept as it was')}
CREATE TABLE holidayYear (
  year INTEGER NOT NULL CHECK (year BETWEEN 2025 AND 2099), version INTEGER NOT NULL CHECK (version > 0),
  days TEXT NOT NULL CHECK (json_valid(days)), savedBy TEXT NOT NULL REFERENCES staff, savedAtMs INTEGER NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (year, version)) STRICT, WITHOUT ROWID;${kept('holidayYear', 'a version of a calendar is kept as it was')}
CREATE INDEX ticketSolvedByOwner ON ticket (ownerId, resolvedAtMs) WHERE resolvedAtMs IS NOT NULL;
`,
}
