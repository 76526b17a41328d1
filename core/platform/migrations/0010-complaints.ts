import type { Migration } from '../migrate.ts'

/** Complaints that people filed with the payment provider instead of with us; its deadlines bind us. */
export const complaintsMigration: Migration = {
  version: 10,
  name: 'complaints',
  statements: `
CREATE TABLE providerComplaint (
  complaintId TEXT PRIMARY KEY, outOrderNo TEXT, orderId TEXT REFERENCES "order", text TEXT NOT NULL,
  refundAskedFen INTEGER CHECK (refundAskedFen >= 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'processing', 'processed')), filedAtMs INTEGER NOT NULL,
  respondByMs INTEGER NOT NULL CHECK (respondByMs > filedAtMs), doneByMs INTEGER NOT NULL CHECK (doneByMs > respondByMs),
  ticketId TEXT, importedAtMs INTEGER NOT NULL, respondedAtMs INTEGER, completedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX providerComplaintOpen ON providerComplaint (state) WHERE state <> 'processed';
`,
}
