import { VISIT_KINDS, VISIT_STATES } from '#protocol/api/restock.ts'
import { appendOnly, type Migration, sqlList } from '../migrate.ts'

/** Visits of staff, and goods by batch. */
export const restockMigration: Migration = {
  version: 18,
  name: 'restock',
  statements: `
CREATE TABLE staffVisit (
  visitId TEXT PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet, door INTEGER NOT NULL CHECK (door BETWEEN 0 AND 3),
  kind TEXT NOT NULL CHECK (kind IN (${sqlList(VISIT_KINDS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(VISIT_STATES)})), endReason TEXT,
  staffId TEXT NOT NULL, byName TEXT NOT NULL, reason TEXT NOT NULL CHECK (length(reason) > 0),
  commandId TEXT NOT NULL UNIQUE, planogramVersion INTEGER NOT NULL, startedAtMs INTEGER NOT NULL, openedAtMs INTEGER,
  closedAtMs INTEGER, confirmedAtMs INTEGER, confirmedBy TEXT, lines TEXT NOT NULL, note TEXT, reconciled TEXT,
  CHECK ((state = 'confirmed') = (confirmedAtMs IS NOT NULL)),
  CHECK ((state = 'ended') = (endReason IS NOT NULL))) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oneVisitPerDoor ON staffVisit (cabinetId, door) WHERE state IN ('opening', 'open');
CREATE INDEX staffVisitByCabinet ON staffVisit (cabinetId, startedAtMs);
CREATE TRIGGER staffVisitEnds BEFORE UPDATE ON staffVisit WHEN OLD.state IN ('confirmed', 'ended')
  BEGIN SELECT RAISE(ABORT, 'a visit that ended stays as it is'); END;
CREATE TABLE batchMovement (
  id INTEGER PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet, shelf TEXT NOT NULL, sku TEXT NOT NULL REFERENCES product,
  batch TEXT, expiresOn TEXT, expiresAtMs INTEGER, quantity INTEGER NOT NULL CHECK (quantity <> 0),
  visitId TEXT NOT NULL REFERENCES staffVisit, atMs INTEGER NOT NULL,
  CHECK ((expiresOn IS NULL) = (expiresAtMs IS NULL))) STRICT;
CREATE INDEX batchMovementByCabinet ON batchMovement (cabinetId, sku, shelf);
${appendOnly('batchMovement')}
`,
}
