import type { Kysely } from 'kysely'
import type { CallBackPlan, CallBackPlanSave, CallBackPlanView } from '#protocol/api/call-backs.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { type Database, nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { checkPlan, DEFAULT_PLAN } from './plan.ts'

const VERSIONS_SHOWN = 20

/** What holds now; read where it is used, so that every core follows a version that another one saved. */
export async function heldPlan(db: Kysely<Tables>): Promise<{ version: number; plan: CallBackPlan }> {
  const row = await db
    .selectFrom('callBackPlanVersion')
    .select(['version', 'plan'])
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined
    ? { version: 0, plan: DEFAULT_PLAN }
    : { version: row.version, plan: planOf(row.plan) }
}

export async function planView(db: Kysely<Tables>, staff: StaffIdentity): Promise<CallBackPlanView> {
  const versions = await db
    .selectFrom('callBackPlanVersion as v')
    .leftJoin('staff as s', 's.staffId', 'v.savedBy')
    .selectAll('v')
    .select('s.displayName')
    .orderBy('v.version', 'desc')
    .limit(VERSIONS_SHOWN)
    .execute()
  return {
    ...(await heldPlan(db)),
    versions: versions.map((row) => ({
      version: row.version,
      savedAtMs: row.savedAtMs,
      savedBy: row.displayName ?? row.savedBy,
      reason: row.reason,
      plan: planOf(row.plan),
    })),
    mayChange: staff.permissions.has('callBack.plan'),
  }
}

/** @throws CabinetError `conflict` when another version holds than the one that was seen, `bad_request` */
export async function savePlan(db: Database, by: StaffIdentity, wish: CallBackPlanSave): Promise<void> {
  checkPlan(wish.plan)
  await db.write('save the plan of call-backs', async (tx: Tx) => {
    const before = await heldPlan(tx)
    if (before.version !== wish.baseVersion)
      throw new CabinetError('conflict', 'Somebody else has changed the plan meanwhile.', {
        context: { version: before.version },
      })
    const version = before.version + 1
    await tx
      .insertInto('callBackPlanVersion')
      .values({
        version,
        plan: JSON.stringify(wish.plan),
        savedBy: by.staffId,
        savedAtMs: nowOf(tx),
        reason: wish.reason,
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'callBackPlan.changed',
      subject: 'call-backs',
      detail: { version, reason: wish.reason, before: before.plan, after: wish.plan },
    })
    await recordChange(tx, { kind: 'callBack', subjectId: 'plan' })
  })
}

function planOf(json: string): CallBackPlan {
  return JSON.parse(json) as CallBackPlan
}
