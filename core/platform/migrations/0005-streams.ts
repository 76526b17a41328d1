import type { Migration } from '../migrate.ts'

/**
 * Streams that go on under a new epoch, dead letters that a person mends, and an inbox that is written at its end: keyed
 * by cabinet, each event of a thousand cabinets would dirty a page of its own with all that it says.
 */
export const streamsMigration: Migration = {
  version: 5,
  name: 'streams',
  statements: `
ALTER TABLE receiver ADD COLUMN lastHash TEXT;
ALTER TABLE receiver ADD COLUMN lastOccurredAtMs INTEGER;
ALTER TABLE receiver ADD COLUMN continuesEpoch TEXT;
ALTER TABLE receiver ADD COLUMN continuesToSeq INTEGER CHECK ((continuesToSeq IS NULL) = (continuesEpoch IS NULL));

CREATE TABLE inboxInOrder (
  id INTEGER PRIMARY KEY, cabinetId TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0),
  type TEXT NOT NULL, occurredAtMs INTEGER NOT NULL, receivedAtMs INTEGER NOT NULL, deviceAtMs INTEGER NOT NULL,
  boot INTEGER NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('projected', 'unprojected', 'dead', 'repeated', 'mended', 'discarded'))) STRICT;
INSERT INTO inboxInOrder (cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status)
  SELECT cabinetId, epoch, seq, type, occurredAtMs, receivedAtMs, deviceAtMs, boot, data, hash, status FROM inbox
  ORDER BY receivedAtMs, cabinetId, epoch, seq;
DROP TABLE inbox;
ALTER TABLE inboxInOrder RENAME TO inbox;
CREATE UNIQUE INDEX inboxBySeq ON inbox (cabinetId, epoch, seq);
CREATE INDEX inboxWaiting ON inbox (cabinetId, epoch, seq) WHERE status = 'unprojected';

ALTER TABLE deadLetter ADD COLUMN resolution TEXT CHECK (resolution IN ('replayed', 'discarded'));
ALTER TABLE deadLetter ADD COLUMN resolvedBy TEXT;
ALTER TABLE deadLetter ADD COLUMN note TEXT;
ALTER TABLE deadLetter ADD COLUMN mendedBody TEXT;

CREATE TABLE streamHalt (
  cabinetId TEXT PRIMARY KEY REFERENCES cabinet,
  reason TEXT NOT NULL CHECK (reason IN ('stale_epoch', 'fork', 'ack_beyond_outbox')),
  epoch TEXT NOT NULL, seq INTEGER, linkId TEXT, boot INTEGER, firmware TEXT, firstSeq INTEGER, lastSeq INTEGER,
  sinceMs INTEGER NOT NULL, lastAtMs INTEGER NOT NULL, count INTEGER NOT NULL CHECK (count > 0),
  permittedBy TEXT, permittedAtMs INTEGER, permitNote TEXT) STRICT, WITHOUT ROWID;
`,
}
