import type { Migration } from '../migrate.ts'

/**
 * A decision of a rule may go when upkeep says in the same transaction how old what it removes is. SQLite knows no
 * settings, so the trigger holds the least that any setting allows: 400 days before the newest decision, by the times that
 * were stored, which a clock that is set wrong does not move. What an anomaly or a restriction refers to stays by its key.
 */
export const decisionRetentionMigration: Migration = {
  version: 37,
  name: 'decision-retention',
  statements: `
DROP TRIGGER policyDecisionIsNotRemoved;
CREATE TRIGGER policyDecisionIsNotRemoved BEFORE DELETE ON policyDecision
  WHEN NOT EXISTS (SELECT 1 FROM fact WHERE name = 'policy-decisions-go-before' AND OLD.atMs < CAST(value AS INTEGER))
    OR OLD.atMs >= (SELECT atMs FROM policyDecision ORDER BY decisionId DESC LIMIT 1) - 34560000000
  BEGIN SELECT RAISE(ABORT, 'what was decided stays'); END;
-- A removal looks for what refers to the row.
CREATE INDEX anomalyByDecision ON anomaly (decisionId) WHERE decisionId IS NOT NULL;
CREATE INDEX restrictionByDecision ON restriction (decisionId) WHERE decisionId IS NOT NULL;
`,
}
