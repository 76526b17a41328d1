import { POLICY_NAMES, POLICY_OUTCOMES } from '#protocol/api/policies.ts'
import { RESTRICTION_LEVELS, RESTRICTION_STATES } from '#protocol/api/restrictions.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** Nothing of it is ever changed or removed. */
function appendOnly(table: string): string {
  return `CREATE TRIGGER ${table}StaysAsWritten BEFORE UPDATE ON ${table}
    BEGIN SELECT RAISE(ABORT, 'what was decided stays as it was written'); END;
  CREATE TRIGGER ${table}IsNotRemoved BEFORE DELETE ON ${table}
    BEGIN SELECT RAISE(ABORT, 'what was decided stays'); END;`
}

/** Limits in versions, decisions with all that they saw, and what a consumer may not do for a while. */
export const policiesMigration: Migration = {
  version: 17,
  name: 'policies',
  statements: `
CREATE TABLE policyVersion (
  policy TEXT NOT NULL CHECK (policy IN (${sqlList(POLICY_NAMES)})), version INTEGER NOT NULL CHECK (version > 0),
  limits TEXT NOT NULL, savedBy TEXT NOT NULL, reason TEXT NOT NULL CHECK (length(reason) > 0),
  savedAtMs INTEGER NOT NULL, restoredFrom INTEGER CHECK (restoredFrom BETWEEN 0 AND version - 1),
  cases INTEGER CHECK (cases >= 0), changed INTEGER CHECK (changed BETWEEN 0 AND cases),
  PRIMARY KEY (policy, version)) STRICT, WITHOUT ROWID;
${appendOnly('policyVersion')}
CREATE TABLE policyDecision (
  decisionId INTEGER PRIMARY KEY, policy TEXT NOT NULL CHECK (policy IN (${sqlList(POLICY_NAMES)})), rule TEXT NOT NULL,
  limitsVersion INTEGER NOT NULL CHECK (limitsVersion >= 0), limits TEXT NOT NULL, inputs TEXT NOT NULL,
  decision TEXT NOT NULL, outcome TEXT NOT NULL CHECK (outcome IN (${sqlList(POLICY_OUTCOMES)})),
  chargedFen INTEGER NOT NULL CHECK (chargedFen >= 0), refundedFen INTEGER NOT NULL CHECK (refundedFen >= 0),
  subjectId TEXT NOT NULL, orderId TEXT, sessionId TEXT, cabinetId TEXT, consumerId TEXT,
  atMs INTEGER NOT NULL) STRICT;
CREATE INDEX policyDecisionByTime ON policyDecision (policy, atMs);
CREATE INDEX policyDecisionByOrder ON policyDecision (orderId) WHERE orderId IS NOT NULL;
${appendOnly('policyDecision')}
ALTER TABLE anomaly ADD COLUMN decisionId INTEGER REFERENCES policyDecision;

CREATE TABLE restriction (
  restrictionId TEXT PRIMARY KEY, consumerId TEXT NOT NULL REFERENCES consumer,
  level TEXT NOT NULL CHECK (level IN (${sqlList(RESTRICTION_LEVELS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(RESTRICTION_STATES)})), capFen INTEGER CHECK (capFen > 0),
  reasonKey TEXT NOT NULL, reasonValues TEXT NOT NULL, note TEXT, createdBy TEXT NOT NULL, createdAtMs INTEGER NOT NULL,
  expiresAtMs INTEGER NOT NULL CHECK (expiresAtMs > createdAtMs), decisionId INTEGER REFERENCES policyDecision,
  orderId TEXT, appealTicketId TEXT, endedAtMs INTEGER, endedBy TEXT, endNote TEXT,
  CHECK ((level = 'limited') = (capFen IS NOT NULL)), CHECK ((state = 'active') = (endedAtMs IS NULL)),
  CHECK (state <> 'lifted' OR (endedBy IS NOT NULL AND length(endNote) > 0))) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX restrictionActive ON restriction (consumerId) WHERE state = 'active';
CREATE INDEX restrictionByTime ON restriction (createdAtMs);
CREATE TRIGGER restrictionEnds BEFORE UPDATE ON restriction WHEN OLD.state <> 'active' AND NEW.state <> OLD.state
  BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;
INSERT INTO restriction (restrictionId, consumerId, level, state, reasonKey, reasonValues, note, createdBy, createdAtMs,
    expiresAtMs)
  SELECT blockId, consumerId, 'blocked', 'active', 'restriction.person', '{}', reason, createdBy, createdAtMs,
    -- What had no end gets one: a year from when it was made.
    max(createdAtMs + 1, coalesce(expiresAtMs, createdAtMs + 31536000000))
  FROM consumerBlock AS b WHERE liftedAtMs IS NULL
    AND createdAtMs = (SELECT max(createdAtMs) FROM consumerBlock WHERE consumerId = b.consumerId AND liftedAtMs IS NULL)
  GROUP BY consumerId;
DROP TABLE consumerBlock;
`,
}
