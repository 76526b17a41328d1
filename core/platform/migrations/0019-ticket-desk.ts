import { DOINGS, SNOOZE_KINDS, TASK_AUDIENCES, TASK_STATES, TICKET_CHANNELS } from '#protocol/api/tickets.ts'
import { type Migration, sqlList } from '../migrate.ts'

const CLOCKS = ['first_response', 'resolution', 'detailed_answer', 'provider_reply', 'provider_done']
const appendOnly = (table: string) => `
CREATE TRIGGER ${table}Stays BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;
CREATE TRIGGER ${table}Kept BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, 'what was written stays'); END;`

/** What a ticket asks and promises: intake, clocks and their ladder, history, tasks of others, who looks at it, what it waits for. */
export const ticketDeskMigration: Migration = {
  version: 19,
  name: 'ticket-desk',
  statements: `
ALTER TABLE ticket ADD COLUMN channel TEXT NOT NULL DEFAULT 'order' CHECK (channel IN (${sqlList(TICKET_CHANNELS)}));
ALTER TABLE ticket ADD COLUMN intake TEXT NOT NULL DEFAULT '{}';
ALTER TABLE ticket ADD COLUMN severity INTEGER NOT NULL DEFAULT 3 CHECK (severity BETWEEN 1 AND 4);
ALTER TABLE ticket ADD COLUMN ownerId TEXT REFERENCES staff;
ALTER TABLE ticket ADD COLUMN operator TEXT;
ALTER TABLE ticket ADD COLUMN sessionId TEXT;
ALTER TABLE ticket ADD COLUMN phoneTail TEXT CHECK (length(phoneTail) = 4);
ALTER TABLE ticket ADD COLUMN phoneSealed TEXT;
ALTER TABLE ticket ADD COLUMN sla TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE ticket ADD COLUMN isPaused INTEGER NOT NULL DEFAULT 0 CHECK (isPaused IN (0, 1));
ALTER TABLE ticket ADD COLUMN mergedIntoId TEXT REFERENCES ticket;
ALTER TABLE ticket ADD COLUMN splitFromId TEXT REFERENCES ticket;
ALTER TABLE ticket ADD COLUMN incidentId TEXT REFERENCES incident;
ALTER TABLE ticket ADD COLUMN snoozeKind TEXT CHECK (snoozeKind IN (${sqlList(SNOOZE_KINDS)}));
ALTER TABLE ticket ADD COLUMN snoozeUntilMs INTEGER CHECK (snoozeUntilMs IS NULL OR snoozeKind = 'until');
ALTER TABLE ticket ADD COLUMN snoozedBy TEXT;
ALTER TABLE ticket ADD COLUMN deviceVersion INTEGER;
ALTER TABLE ticket ADD COLUMN deviceAskedAtMs INTEGER;
ALTER TABLE ticket ADD COLUMN deviceSetpoint INTEGER;
UPDATE ticket SET ownerId = assigneeId WHERE assigneeId IS NOT NULL;
UPDATE ticket SET sessionId = (SELECT sessionId FROM "order" o WHERE o.orderId = ticket.orderId) WHERE orderId IS NOT NULL;
UPDATE ticket SET operator = (SELECT operator FROM cabinet c WHERE c.cabinetId = ticket.cabinetId) WHERE cabinetId IS NOT NULL;
UPDATE ticket SET channel = CASE WHEN openedBy = 'rule:complaint-1' THEN 'provider' WHEN origin = 'anomaly' THEN 'system'
  WHEN origin = 'staff' THEN 'hotline' ELSE 'order' END;
CREATE INDEX ticketByCabinet ON ticket (cabinetId, openedAtMs);
CREATE INDEX ticketBySession ON ticket (sessionId) WHERE sessionId IS NOT NULL;
CREATE INDEX ticketByAssignee ON ticket (assigneeId, state);
CREATE INDEX ticketByPhoneTail ON ticket (phoneTail) WHERE phoneTail IS NOT NULL;
CREATE INDEX ticketByMerged ON ticket (mergedIntoId) WHERE mergedIntoId IS NOT NULL;
CREATE INDEX ticketAsleep ON ticket (snoozeKind, cabinetId) WHERE snoozeKind IS NOT NULL;
CREATE INDEX ticketAtDevice ON ticket (cabinetId) WHERE deviceVersion IS NOT NULL;

CREATE TABLE ticketClock (
  ticketId TEXT NOT NULL REFERENCES ticket, kind TEXT NOT NULL CHECK (kind IN (${sqlList(CLOCKS)})),
  calendar TEXT NOT NULL, zone TEXT NOT NULL, allowedMs INTEGER NOT NULL CHECK (allowedMs > 0),
  usedMs INTEGER NOT NULL CHECK (usedMs >= 0), runningSinceMs INTEGER, metAtMs INTEGER, dueAtMs INTEGER NOT NULL,
  round INTEGER NOT NULL, PRIMARY KEY (ticketId, kind)) STRICT, WITHOUT ROWID;
INSERT INTO ticketClock
  SELECT ticketId, 'first_response', 'always', 'Asia/Shanghai', MAX(1, firstResponseDueMs - openedAtMs), 0, openedAtMs,
    COALESCE(firstRespondedAtMs, resolvedAtMs), firstResponseDueMs, 0 FROM ticket;
INSERT INTO ticketClock
  SELECT ticketId, 'resolution', 'always', 'Asia/Shanghai', MAX(1, resolutionDueMs - openedAtMs), 0, openedAtMs,
    resolvedAtMs, resolutionDueMs, 0 FROM ticket;
CREATE TABLE ticketEscalation (
  ticketId TEXT NOT NULL REFERENCES ticket, clock TEXT NOT NULL, round INTEGER NOT NULL, percent INTEGER NOT NULL,
  atMs INTEGER NOT NULL, action TEXT NOT NULL, staffId TEXT,
  PRIMARY KEY (ticketId, clock, round, percent)) STRICT, WITHOUT ROWID;
${appendOnly('ticketEscalation')}
CREATE TABLE ticketEvent (
  ticketId TEXT NOT NULL REFERENCES ticket, version INTEGER NOT NULL, atMs INTEGER NOT NULL, actor TEXT NOT NULL,
  actorName TEXT NOT NULL, what TEXT NOT NULL, eventValues TEXT NOT NULL, PRIMARY KEY (ticketId, version)) STRICT, WITHOUT ROWID;
${appendOnly('ticketEvent')}
CREATE TABLE ticketViewer (
  ticketId TEXT NOT NULL REFERENCES ticket, staffId TEXT NOT NULL REFERENCES staff, tab TEXT NOT NULL,
  doing TEXT NOT NULL CHECK (doing IN (${sqlList(DOINGS)})), untilMs INTEGER NOT NULL,
  PRIMARY KEY (ticketId, staffId, tab)) STRICT, WITHOUT ROWID;
CREATE TABLE ticketTask (
  taskId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, requestId TEXT NOT NULL, step INTEGER, needs TEXT,
  audience TEXT NOT NULL CHECK (audience IN (${sqlList(TASK_AUDIENCES)})), cabinetId TEXT, operator TEXT,
  textZh TEXT NOT NULL, textEn TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN (${sqlList(TASK_STATES)})),
  dueAtMs INTEGER NOT NULL, createdAtMs INTEGER NOT NULL, createdBy TEXT NOT NULL, takenById TEXT REFERENCES staff,
  takenAtMs INTEGER, doneById TEXT REFERENCES staff, doneAtMs INTEGER, result TEXT, lateAtMs INTEGER, version INTEGER NOT NULL,
  CHECK ((state = 'done') = (doneById IS NOT NULL AND doneAtMs IS NOT NULL)), UNIQUE (ticketId, requestId)) STRICT, WITHOUT ROWID;
CREATE INDEX ticketTaskOpen ON ticketTask (audience, dueAtMs) WHERE state IN ('open', 'taken');
CREATE TRIGGER ticketTaskEnds BEFORE UPDATE ON ticketTask WHEN OLD.state IN ('done', 'cancelled')
  BEGIN SELECT RAISE(ABORT, 'what ended stays'); END;
`,
}
