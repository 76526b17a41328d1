import { sql } from 'kysely'
import { findBrokenAudit } from '#core/audit/audit.ts'
import { findBroken, type Invariant } from './invariant.ts'

const auditIsWhole: Invariant = {
  id: 'I15',
  title: 'The audit log is without gaps and nobody changed it',
  stopsMoney: true,
  async check(read, { auditKey, auditFrom }) {
    if (auditKey === undefined) return []
    const broken = await findBrokenAudit(read, auditKey, auditFrom)
    return broken === undefined
      ? []
      : [
          {
            invariantId: 'I15',
            subject: `audit:${broken.seq}`,
            message: `audit entry ${broken.seq}: ${broken.reason}`,
          },
        ]
  },
}

/** A sealed value carries a nonce and a tag, so it is never as short as what it hides. */
const SEALED_CHARACTERS_LEAST = 39

const personalDataIsSealed: Invariant = {
  id: 'I18',
  title: 'Who a consumer is stands nowhere in plain text',
  stopsMoney: false,
  check: (read, { sessionIds }) =>
    sessionIds !== undefined
      ? Promise.resolve([])
      : findBroken(
          read,
          'I18',
          sql`
            SELECT 'consumer:' || consumerId AS subject, 'the provider''s name of a consumer is not sealed' AS message
            FROM consumer WHERE length(openidSealed) < ${sql.lit(SEALED_CHARACTERS_LEAST)}
              OR openidSealed GLOB '*[^A-Za-z0-9_-]*'`,
        ),
}

export const RECORD_INVARIANTS: readonly Invariant[] = [auditIsWhole, personalDataIsSealed]
