import type { Migration } from '../migrate.ts'

/** What somebody wanted to ask at a cabinet who had to be known first. */
export const cabinetQuestionsMigration: Migration = {
  version: 32,
  name: 'cabinet-questions',
  statements: `
ALTER TABLE consent ADD COLUMN wishSealed TEXT;
CREATE INDEX consentWish ON consent (createdAtMs) WHERE wishSealed IS NOT NULL;
`,
}
