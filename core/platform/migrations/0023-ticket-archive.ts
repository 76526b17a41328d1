import type { Migration } from '../migrate.ts'

/** The archive is read from its newest end. */
export const ticketArchiveMigration: Migration = {
  version: 23,
  name: 'ticket-archive',
  statements: `
CREATE INDEX ticketByStateAndTime ON ticket (state, openedAtMs);
`,
}
