import type { Migration } from '../migrate.ts'

/** Cabinets with several doors: a live session for each, and which of them stand open. */
export const doorsMigration: Migration = {
  version: 21,
  name: 'doors',
  statements: `
ALTER TABLE session ADD COLUMN door INTEGER NOT NULL DEFAULT 0 CHECK (door BETWEEN 0 AND 3);
DROP INDEX oneLiveSessionPerCabinet;
CREATE UNIQUE INDEX oneLiveSessionPerDoor ON session (cabinetId, door)
  WHERE state IN ('requested', 'authorised', 'unlocking', 'opened', 'closed', 'overdue');
ALTER TABLE cabinetReport ADD COLUMN doors TEXT;
ALTER TABLE cabinetReport ADD COLUMN openDoors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cabinetReport ADD COLUMN unlockedDoors INTEGER NOT NULL DEFAULT 0;
`,
}
