import type { Migration } from '../migrate.ts'

/** Pictures that people add to a question, sealed; what is gone leaves its row. */
export const ticketPicturesMigration: Migration = {
  version: 30,
  name: 'ticket-pictures',
  statements: `
CREATE TABLE ticketPicture (
  pictureId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, requestId TEXT NOT NULL,
  staffId TEXT REFERENCES staff, atMs INTEGER NOT NULL,
  widthPixels INTEGER NOT NULL CHECK (widthPixels > 0), heightPixels INTEGER NOT NULL CHECK (heightPixels > 0),
  byteCount INTEGER NOT NULL CHECK (byteCount > 0), sealed BLOB,
  UNIQUE (ticketId, requestId)) STRICT;
CREATE INDEX ticketPictureKept ON ticketPicture (ticketId) WHERE sealed IS NOT NULL;
CREATE TRIGGER ticketPicturesStay BEFORE DELETE ON ticketPicture
  BEGIN SELECT RAISE(ABORT, 'that there was a picture is kept'); END;
CREATE TRIGGER ticketPicturesDoNotReturn BEFORE UPDATE ON ticketPicture WHEN NEW.sealed IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'a picture is never exchanged'); END;
`,
}
