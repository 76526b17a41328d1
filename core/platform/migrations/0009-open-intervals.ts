import type { Migration } from '../migrate.ts'

/** A door that closes looks for the interval that is open, not through all that ever were. */
export const openIntervalsMigration: Migration = {
  version: 9,
  name: 'open-intervals',
  statements: `
CREATE INDEX doorIntervalOpen ON doorInterval (cabinetId) WHERE closedAtMs IS NULL;
CREATE INDEX lockoutIntervalOpen ON lockoutInterval (cabinetId) WHERE clearedAtMs IS NULL;
`,
}
