import { LOCKOUT_GOODS, POWER_MOMENTS } from '#protocol/api/cold.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** What a food inspector asks for besides the readings, and what each camera of a cabinet sees. */
export const coldLogMigration: Migration = {
  version: 15,
  name: 'cold log',
  statements: `
CREATE TABLE excursion (
  cabinetId TEXT NOT NULL REFERENCES cabinet, toldAtMs INTEGER NOT NULL, beganAtMs INTEGER NOT NULL, endedAtMs INTEGER,
  limitDeciCelsius INTEGER NOT NULL, peakDeciCelsius INTEGER NOT NULL,
  PRIMARY KEY (cabinetId, toldAtMs), CHECK (beganAtMs <= toldAtMs)) STRICT, WITHOUT ROWID;
CREATE INDEX excursionOpen ON excursion (cabinetId) WHERE endedAtMs IS NULL;
CREATE TABLE probeFault (
  cabinetId TEXT NOT NULL REFERENCES cabinet, probe TEXT NOT NULL, beganAtMs INTEGER NOT NULL, fault TEXT NOT NULL,
  endedAtMs INTEGER, PRIMARY KEY (cabinetId, probe, beganAtMs)) STRICT, WITHOUT ROWID;
CREATE INDEX probeFaultOpen ON probeFault (cabinetId) WHERE endedAtMs IS NULL;
CREATE TABLE powerMoment (
  cabinetId TEXT NOT NULL REFERENCES cabinet, atMs INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN (${sqlList(POWER_MOMENTS)})),
  PRIMARY KEY (cabinetId, atMs, kind)) STRICT, WITHOUT ROWID;
ALTER TABLE lockoutInterval ADD COLUMN sinceMs INTEGER CHECK (sinceMs >= 0);
ALTER TABLE lockoutInterval ADD COLUMN peakDeciCelsius INTEGER;
ALTER TABLE lockoutInterval ADD COLUMN goods TEXT CHECK (goods IN (${sqlList(LOCKOUT_GOODS)}));
ALTER TABLE lockoutInterval ADD COLUMN commandId TEXT;
CREATE TABLE cameraReport (
  cabinetId TEXT NOT NULL REFERENCES cabinet, camera TEXT NOT NULL,
  trouble TEXT, sinceMs INTEGER NOT NULL, PRIMARY KEY (cabinetId, camera)) STRICT, WITHOUT ROWID;
`,
}
