import type { Kysely, Selectable } from 'kysely'
import { POLICY_NAMES, type PolicyName, type PolicySave } from '#protocol/api/policies.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { isPolicyName, type Limits, limitsIn, parseLimits } from './limits.ts'

export type PolicyVersionRow = Selectable<Tables['policyVersion']>
/** What holds of one policy: its limits and which version they are; 0 is what the core was started with. */
export interface HeldPolicy {
  readonly version: number
  readonly limits: Limits
}

/**
 * The limits of the policies in versions. A saved version holds over what the core was started with, from the moment of its
 * commit, for everybody who reads `policy`; nothing is ever changed in a version.
 */
export interface PolicyBook {
  /** All settings; those of policies are always the ones that hold now, so do not copy them at start. */
  readonly policy: Policy
  readonly configured: Policy
  held(policy: PolicyName): HeldPolicy
  versions(db: Kysely<Tables>, policy: PolicyName): Promise<PolicyVersionRow[]>
  /** @throws CabinetError `conflict` when another version holds than the one that was seen */
  save(policy: PolicyName, wish: PolicySave, by: string): Promise<PolicyVersionRow>
}

export async function openPolicyBook(deps: CoreDeps): Promise<PolicyBook> {
  const { db, log, policy: configured } = deps
  const held = new Map<PolicyName, HeldPolicy>(
    POLICY_NAMES.map((name) => [name, { version: 0, limits: limitsIn(name, configured) }]),
  )
  const live: Policy = { ...configured }

  function hold(row: PolicyVersionRow): void {
    if (!isPolicyName(row.policy)) return
    try {
      const limits = parseLimits(row.policy, {
        // A limit that did not exist yet when the version was saved is as configured.
        ...limitsIn(row.policy, configured),
        ...(JSON.parse(row.limits) as Limits),
      })
      held.set(row.policy, { version: row.version, limits })
      Object.assign(live, limits)
    } catch (error) {
      log.error(
        { err: error, policy: row.policy, version: row.version },
        `a saved version of a policy does not fit this release; what the core was started with holds: ${messageOf(error)}`,
      )
    }
  }

  const newest = await db.read
    .selectFrom('policyVersion as p')
    .selectAll()
    .where('version', '=', (eb) =>
      eb
        .selectFrom('policyVersion as q')
        .select((inner) => inner.fn.max('q.version').as('version'))
        .whereRef('q.policy', '=', 'p.policy'),
    )
    .execute()
  for (const row of newest) hold(row)

  return {
    policy: live,
    configured,
    held: (policy) => held.get(policy) as HeldPolicy,
    versions: (reader, policy) =>
      reader
        .selectFrom('policyVersion')
        .selectAll()
        .where('policy', '=', policy)
        .orderBy('version', 'desc')
        .execute(),
    async save(policy, wish, by) {
      const limits = parseLimits(policy, wish.limits)
      const row = await db.write('save a policy', async (tx) => {
        const last = await tx
          .selectFrom('policyVersion')
          .select('version')
          .where('policy', '=', policy)
          .orderBy('version', 'desc')
          .limit(1)
          .executeTakeFirst()
        const version = last?.version ?? 0
        if (version !== wish.baseVersion)
          throw new CabinetError('conflict', 'Somebody else has changed this policy meanwhile.', {
            context: { version },
          })
        const saved: PolicyVersionRow = {
          policy,
          version: version + 1,
          limits: JSON.stringify(limits),
          savedBy: by,
          reason: wish.reason,
          savedAtMs: nowOf(tx),
          restoredFrom: wish.restoredFrom ?? null,
          cases: wish.seen?.cases ?? null,
          changed: wish.seen?.changed ?? null,
        }
        await tx.insertInto('policyVersion').values(saved).execute()
        await appendAudit(tx, {
          actor: `staff:${by}`,
          action: 'policy.changed',
          subject: `policy:${policy}`,
          detail: {
            version: saved.version,
            before: held.get(policy)?.limits,
            after: limits,
            reason: wish.reason,
            ...(wish.restoredFrom === undefined ? {} : { restoredFrom: wish.restoredFrom }),
          },
        })
        await recordChange(tx, { kind: 'policy', subjectId: policy, data: { version: saved.version } })
        return saved
      })
      hold(row)
      return row
    },
  }
}
