import type { Migration } from '../migrate.ts'

/** A cabinet has several scales and may have several cameras: each has its own alarm, and its recovery ends only that one. */
export const alarmSubjectsMigration: Migration = {
  version: 8,
  name: 'alarm subjects',
  statements: `
ALTER TABLE alarm ADD COLUMN subject TEXT NOT NULL DEFAULT '';
UPDATE alarm SET subject = coalesce(json_extract(sentenceValues, '$.sensor'), '') WHERE kind = 'sensor_fault';
UPDATE alarm SET subject = coalesce(json_extract(sentenceValues, '$.camera'), '')
  WHERE kind IN ('camera_blocked', 'camera_frozen', 'camera_unreachable');
DROP INDEX alarmActive;
CREATE UNIQUE INDEX alarmActive ON alarm (cabinetId, kind, subject) WHERE state <> 'cleared';
`,
}
