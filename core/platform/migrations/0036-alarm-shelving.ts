import { SHELVING_REASONS } from '#protocol/api/staff/alarms.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** An alarm that is known may be put off for a time, with a reason. */
export const alarmShelvingMigration: Migration = {
  version: 36,
  name: 'alarm-shelving',
  statements: `
ALTER TABLE alarm ADD COLUMN shelvedUntilMs INTEGER CHECK (shelvedUntilMs IS NULL OR state IN ('shelved', 'cleared'));
ALTER TABLE alarm ADD COLUMN shelvedReason TEXT
  CHECK (shelvedReason IN (${sqlList(SHELVING_REASONS)}) AND (shelvedReason IS NULL) = (shelvedUntilMs IS NULL));
`,
}
