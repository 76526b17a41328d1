import { type Kysely, sql } from 'kysely'
import type { Home } from '#protocol/api/staff/desk.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/** The parts of the home page that are counted above this folder; wired in app.ts. */
export type SupportCounts = Pick<
  Home,
  'openTickets' | 'myTickets' | 'breachingTickets' | 'approvals' | 'today' | 'satisfaction'
>

export async function homeView(
  deps: {
    db: { readonly read: Kysely<Tables> }
    presenceOf: (cabinetId: string) => 'online' | 'suspect' | 'offline' | 'unknown'
    supportCounts: (staff: StaffIdentity) => Promise<SupportCounts>
    nowMs: number
  },
  staff: StaffIdentity,
): Promise<Home> {
  const { read } = deps.db
  const { operator } = staff
  let cabinets = read
    .selectFrom('cabinet')
    .innerJoin('cabinetReport', 'cabinetReport.cabinetId', 'cabinet.cabinetId')
    .select(['cabinet.cabinetId', 'isLockedOut'])
  let alarms = read
    .selectFrom('alarm')
    .innerJoin('cabinet', 'cabinet.cabinetId', 'alarm.cabinetId')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('alarm.state', 'in', ['raised', 'acknowledged'])
  if (operator !== null) {
    cabinets = cabinets.where('operator', '=', operator)
    alarms = alarms.where('operator', '=', operator)
  }
  const deadLetters = await read
    .selectFrom('deadLetter')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('resolvedAtMs', 'is', null)
    .executeTakeFirstOrThrow()
  const counts = { online: 0, suspect: 0, offline: 0, unknown: 0, lockedOut: 0 }
  for (const row of await cabinets.execute()) {
    counts[deps.presenceOf(row.cabinetId)]++
    if (row.isLockedOut === 1) counts.lockedOut++
  }
  const mayLead = staff.permissions.has('callBack.lead')
  const callBacks = await read
    .selectFrom('callBack')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'planned')
    .where('dueAtMs', '<=', deps.nowMs)
    .where('audience', 'in', mayLead ? ['agent', 'lead'] : ['agent'])
    .executeTakeFirstOrThrow()
  let late = read
    .selectFrom('improvementItem')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('endedAtMs', 'is', null)
    .where('dueAtMs', '<', deps.nowMs)
  if (operator !== null) late = late.where('operator', '=', operator)
  const emergencies = await read
    .selectFrom('emergency')
    .select([
      sql<number>`count(*)`.as('open'),
      sql<number>`count(*) filter (where "reportedAtMs" is null)`.as('unreported'),
    ])
    .where('endedAtMs', 'is', null)
    .executeTakeFirstOrThrow()
  const rechecks = await read
    .selectFrom('recheck')
    .select([
      sql<number>`count(*)`.as('open'),
      sql<number>`count(*) filter (where state = 'waiting' and "dueAtMs" < ${deps.nowMs})`.as('late'),
    ])
    .where('state', 'in', ['waiting', 'objected'])
    .executeTakeFirstOrThrow()
  const mayCheck = staff.permissions.has('recheck.work')
  const mayOpen = staff.permissions.has('emergency.open')
  return {
    ...(await deps.supportCounts(staff)),
    emergencies: mayOpen ? emergencies.open : 0,
    unreportedEmergencies: mayOpen ? emergencies.unreported : 0,
    rechecks: mayCheck ? rechecks.open : 0,
    lateRechecks: mayCheck ? rechecks.late : 0,
    callBacks: staff.permissions.has('callBack.work') ? callBacks.count : 0,
    lateImprovements: (await late.executeTakeFirstOrThrow()).count,
    alarms: (await alarms.executeTakeFirstOrThrow()).count,
    deadLetters: deadLetters.count,
    cabinets: counts,
  }
}
