import type { Migration } from '../migrate.ts'

/** Tickets about a row of the provider's bill named the bill's device, which need not be a cabinet of ours. */
export const ticketsWithoutCabinetMigration: Migration = {
  version: 12,
  name: 'tickets-without-cabinet',
  statements: `
UPDATE ticket SET cabinetId = NULL WHERE cabinetId IS NOT NULL AND cabinetId NOT IN (SELECT cabinetId FROM cabinet);
`,
}
