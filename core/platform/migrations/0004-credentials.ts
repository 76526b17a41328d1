import type { Migration } from '../migrate.ts'

/** Several credentials of a cabinet at a time, so that they can be exchanged without a moment in which none holds. */
export const credentialsMigration: Migration = {
  version: 4,
  name: 'credentials',
  statements: `
CREATE TABLE credential (
  credentialId TEXT PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet,
  kind TEXT NOT NULL CHECK (kind IN ('certificate', 'password')),
  proofSha256 TEXT NOT NULL UNIQUE CHECK (length(proofSha256) = 64), serial TEXT UNIQUE, brokerHash TEXT,
  publicKeyPem TEXT NOT NULL, cause TEXT NOT NULL CHECK (cause IN ('enrolment', 'rotation')),
  issuedAtMs INTEGER NOT NULL, expiresAtMs INTEGER CHECK (expiresAtMs > issuedAtMs),
  firstUsedAtMs INTEGER, lastUsedAtMs INTEGER, lastAddress TEXT, endsAtMs INTEGER, revokedAtMs INTEGER,
  CHECK ((kind = 'certificate') = (serial IS NOT NULL)),
  CHECK (kind = 'password' OR expiresAtMs IS NOT NULL)) STRICT, WITHOUT ROWID;
CREATE INDEX credentialByCabinet ON credential (cabinetId, issuedAtMs);
CREATE TRIGGER credentialStaysRevoked BEFORE UPDATE OF revokedAtMs ON credential
  WHEN OLD.revokedAtMs IS NOT NULL AND NEW.revokedAtMs IS NOT OLD.revokedAtMs
  BEGIN SELECT RAISE(ABORT, 'a revoked credential stays revoked'); END;
INSERT INTO credential (credentialId, cabinetId, kind, proofSha256, publicKeyPem, cause, issuedAtMs, revokedAtMs)
  SELECT 'cr-' || cabinetId, cabinetId, 'password', passwordSha256, publicKeyPem, 'enrolment', enrolledAtMs, revokedAtMs
  FROM cabinet WHERE passwordSha256 IS NOT NULL AND publicKeyPem IS NOT NULL AND enrolledAtMs IS NOT NULL;
ALTER TABLE cabinet DROP COLUMN passwordSha256;
ALTER TABLE cabinet DROP COLUMN publicKeyPem;
ALTER TABLE cabinet ADD COLUMN rotationAskedAtMs INTEGER;

DROP TABLE enrolmentCode;
CREATE TABLE enrolmentCode (
  handle TEXT PRIMARY KEY CHECK (length(handle) = 4), secretMac TEXT NOT NULL CHECK (length(secretMac) = 64),
  cabinetId TEXT NOT NULL REFERENCES cabinet, createdAtMs INTEGER NOT NULL, createdBy TEXT NOT NULL,
  expiresAtMs INTEGER NOT NULL, triesLeft INTEGER NOT NULL CHECK (triesLeft >= 0), usedAtMs INTEGER,
  usedByKeySha256 TEXT, CHECK ((usedAtMs IS NULL) = (usedByKeySha256 IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX enrolmentCodeByCabinet ON enrolmentCode (cabinetId);
`,
}
