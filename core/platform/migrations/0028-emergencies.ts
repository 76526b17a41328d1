import {
  EMERGENCY_AUDIENCES,
  EMERGENCY_KINDS,
  EMERGENCY_NOTICE_STATES,
  EMERGENCY_STATES,
} from '#protocol/api/emergencies.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** What concerns many people at once: its log, its report, and the notice to everybody concerned. */
export const emergenciesMigration: Migration = {
  version: 28,
  name: 'emergencies',
  statements: `
CREATE TABLE emergency (
  emergencyId TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN (${sqlList(EMERGENCY_KINDS)})), title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(EMERGENCY_STATES)})), scope TEXT NOT NULL CHECK (json_valid(scope)),
  discoveredAtMs INTEGER NOT NULL, discoveredBy TEXT NOT NULL, openedById TEXT NOT NULL REFERENCES staff,
  openedAtMs INTEGER NOT NULL, reportDueAtMs INTEGER NOT NULL, reportedAtMs INTEGER,
  improvementId TEXT REFERENCES improvementItem, endedAtMs INTEGER, version INTEGER NOT NULL CHECK (version > 0),
  CHECK (discoveredAtMs <= openedAtMs AND reportDueAtMs > discoveredAtMs),
  CHECK (state <> 'closed' OR reportedAtMs IS NOT NULL),
  CHECK ((endedAtMs IS NOT NULL) = (state IN ('closed', 'false_alarm')))) STRICT, WITHOUT ROWID;
CREATE INDEX emergencyByTime ON emergency (openedAtMs);
CREATE TABLE emergencyEntry (
  emergencyId TEXT NOT NULL REFERENCES emergency, position INTEGER NOT NULL CHECK (position > 0), atMs INTEGER NOT NULL,
  actor TEXT NOT NULL, actorName TEXT NOT NULL, what TEXT NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (emergencyId, position)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX emergencyRungOnce ON emergencyEntry (emergencyId, what) WHERE what LIKE 'report!_%' ESCAPE '!';
CREATE TRIGGER emergencyLogStays BEFORE UPDATE ON emergencyEntry
  BEGIN SELECT RAISE(ABORT, 'the log of an emergency is append-only'); END;
CREATE TRIGGER emergencyLogIsKept BEFORE DELETE ON emergencyEntry
  BEGIN SELECT RAISE(ABORT, 'the log of an emergency is kept'); END;
CREATE TABLE emergencyReport (
  emergencyId TEXT NOT NULL REFERENCES emergency, position INTEGER NOT NULL CHECK (position > 0),
  recipient TEXT NOT NULL, text TEXT NOT NULL, sentAtMs INTEGER NOT NULL, staffId TEXT NOT NULL REFERENCES staff,
  PRIMARY KEY (emergencyId, position)) STRICT, WITHOUT ROWID;
CREATE TRIGGER emergencyReportStays BEFORE UPDATE ON emergencyReport
  BEGIN SELECT RAISE(ABORT, 'a report that was sent is never changed'); END;
CREATE TRIGGER emergencyReportIsKept BEFORE DELETE ON emergencyReport
  BEGIN SELECT RAISE(ABORT, 'a report that was sent is kept'); END;
CREATE TABLE emergencyNotice (
  noticeId TEXT PRIMARY KEY, emergencyId TEXT NOT NULL REFERENCES emergency,
  audience TEXT NOT NULL CHECK (audience IN (${sqlList(EMERGENCY_AUDIENCES)})),
  titleZh TEXT NOT NULL, titleEn TEXT NOT NULL, textZh TEXT NOT NULL, textEn TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(EMERGENCY_NOTICE_STATES)})), count INTEGER NOT NULL CHECK (count > 0),
  requestedBy TEXT NOT NULL REFERENCES staff, requestedAtMs INTEGER NOT NULL,
  decidedBy TEXT REFERENCES staff, decidedAtMs INTEGER, endedAtMs INTEGER,
  CHECK (decidedBy IS NULL OR decidedBy <> requestedBy)) STRICT, WITHOUT ROWID;
CREATE INDEX emergencyNoticeByEmergency ON emergencyNotice (emergencyId);
CREATE TABLE emergencyRecipient (
  noticeId TEXT NOT NULL REFERENCES emergencyNotice, recipientId TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'skipped')), sentAs TEXT, sentAtMs INTEGER,
  CHECK ((state = 'sent') = (sentAs IS NOT NULL)),
  PRIMARY KEY (noticeId, recipientId)) STRICT, WITHOUT ROWID;
CREATE INDEX emergencyRecipientWaiting ON emergencyRecipient (noticeId) WHERE state = 'waiting';
`,
}
