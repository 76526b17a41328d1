import type { Migration } from '../migrate.ts'

/** Seals beside the rows about money, and the way from a command to the unlock that a cabinet told of. */
export const integrityMigration: Migration = {
  version: 6,
  name: 'integrity',
  statements: `
CREATE TABLE rowSeal (
  tableName TEXT NOT NULL, rowId TEXT NOT NULL, mac TEXT NOT NULL CHECK (length(mac) = 64),
  PRIMARY KEY (tableName, rowId)) STRICT, WITHOUT ROWID;
CREATE TABLE sealCover (tableName TEXT PRIMARY KEY, columns TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX inboxUnlock ON inbox (json_extract(data, '$.commandId')) WHERE type = 'door.unlocked';
`,
}
