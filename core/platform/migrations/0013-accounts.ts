import type { Migration } from '../migrate.ts'

/** Second factors, first passwords that must be changed, guessing that outlives a restart, and sign-ins one can tell apart. */
export const accountsMigration: Migration = {
  version: 13,
  name: 'accounts',
  statements: `
ALTER TABLE staff ADD COLUMN mustChangePassword INTEGER NOT NULL DEFAULT 0 CHECK (mustChangePassword IN (0, 1));
ALTER TABLE staff ADD COLUMN failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0);
ALTER TABLE staff ADD COLUMN lockedUntilMs INTEGER;
ALTER TABLE staff ADD COLUMN totpSecret TEXT;
ALTER TABLE staff ADD COLUMN totpPending TEXT;
ALTER TABLE staff ADD COLUMN totpSinceMs INTEGER CHECK ((totpSinceMs IS NULL) = (totpSecret IS NULL));
ALTER TABLE staff ADD COLUMN totpStep INTEGER NOT NULL DEFAULT 0;
CREATE TABLE staffRecoveryCode (
  staffId TEXT NOT NULL REFERENCES staff, codeSha256 TEXT NOT NULL, usedAtMs INTEGER,
  PRIMARY KEY (staffId, codeSha256)) STRICT, WITHOUT ROWID;
ALTER TABLE staffSession ADD COLUMN sessionId TEXT NOT NULL DEFAULT '';
ALTER TABLE staffSession ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE staffSession ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE staffSession ADD COLUMN provedAtMs INTEGER NOT NULL DEFAULT 0;
UPDATE staffSession SET sessionId = 'sn' || substr(tokenSha256, 1, 28), provedAtMs = createdAtMs;
CREATE UNIQUE INDEX staffSessionById ON staffSession (sessionId);
`,
}
