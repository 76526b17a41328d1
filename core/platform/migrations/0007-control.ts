import { TWIN_PARTS, TWIN_STATUSES } from '#protocol/base/twin-parts.ts'
import { appendOnly, type Migration, sqlList } from '../migrate.ts'

const COMMAND_STATES = [
  'created',
  'sent',
  'accepted',
  'executing',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
]

/** The times of every command, what came of it, and every part of what is wanted of a cabinet beside what it reports. */
export const controlMigration: Migration = {
  version: 7,
  name: 'control',
  statements: `
ALTER TABLE command ADD COLUMN result TEXT;
ALTER TABLE command ADD COLUMN role TEXT;
CREATE TABLE commandStep (
  commandId TEXT NOT NULL REFERENCES command, step INTEGER NOT NULL CHECK (step > 0),
  state TEXT NOT NULL CHECK (state IN (${sqlList(COMMAND_STATES)})), reason TEXT, atMs INTEGER NOT NULL,
  PRIMARY KEY (commandId, step)) STRICT, WITHOUT ROWID;
${appendOnly('commandStep')}

ALTER TABLE twin ADD COLUMN sellingHours TEXT;
ALTER TABLE twin ADD COLUMN cameraPolicy TEXT;
ALTER TABLE twin ADD COLUMN partsAnsweredVersion INTEGER NOT NULL DEFAULT 0 CHECK (partsAnsweredVersion >= 0);
CREATE TABLE twinPart (
  cabinetId TEXT NOT NULL REFERENCES cabinet, part TEXT NOT NULL CHECK (part IN (${sqlList(TWIN_PARTS)})),
  changedVersion INTEGER NOT NULL CHECK (changedVersion >= 0), changedBy TEXT, changeReason TEXT, changedAtMs INTEGER,
  answeredVersion INTEGER NOT NULL DEFAULT 0 CHECK (answeredVersion >= 0),
  status TEXT CHECK (status IN (${sqlList(TWIN_STATUSES)})), value TEXT, reason TEXT, detail TEXT, answeredAtMs INTEGER,
  PRIMARY KEY (cabinetId, part)) STRICT, WITHOUT ROWID;
`,
}
