import { sql } from 'kysely'
import type {
  PeopleList,
  Person,
  PersonChange,
  PersonCreate,
  PersonDeed,
  PersonDone,
} from '#protocol/api/accounts.ts'
import type { Role } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { StaffAccounts, StaffRow } from './accounts.ts'
import { hashPassword, makeFirstPassword } from './passwords.ts'
import { may, PERMISSIONS } from './permissions.ts'

/** Accounts as whoever manages them sees them. Every change names its reason and is audited with before and after. */
export interface People {
  list(reader: StaffIdentity): Promise<PeopleList>
  /** @throws exists_with_different_contents when the name is taken */
  create(by: StaffIdentity, person: PersonCreate): Promise<PersonDone>
  /** @throws not_found, not_allowed, last_manager */
  change(by: StaffIdentity, staffId: string, change: PersonChange): Promise<PersonDone>
  do(by: StaffIdentity, staffId: string, deed: PersonDeed, reason: string): Promise<PersonDone>
}

export function createPeople(deps: CoreDeps & { accounts: StaffAccounts }): People {
  const { db, clock, random, accounts } = deps

  async function readPeople(reader: StaffIdentity, staffId?: string): Promise<Person[]> {
    const nowMs = clock.now()
    let select = db.read
      .selectFrom('staff')
      .select([
        'staffId',
        'name',
        'displayName',
        'role',
        'operator',
        'language',
        'isActive',
        'totpSinceMs',
        'lockedUntilMs',
        'createdAtMs',
      ])
      .select((eb) => [
        eb
          .selectFrom('staffSession')
          .select(({ fn }) => fn.max('lastSeenMs').as('at'))
          .whereRef('staffSession.staffId', '=', 'staff.staffId')
          .as('lastSeenMs'),
        eb
          .selectFrom('staffSession')
          .select(sql<number>`count(*)`.as('n'))
          .whereRef('staffSession.staffId', '=', 'staff.staffId')
          .where('revokedAtMs', 'is', null)
          .where('expiresAtMs', '>', nowMs)
          .as('openSessions'),
      ])
      .orderBy('isActive', 'desc')
      .orderBy('displayName')
    if (staffId !== undefined) select = select.where('staffId', '=', staffId)
    const rows = await select.execute()
    return rows.map(({ totpSinceMs, isActive, lockedUntilMs, openSessions, ...row }) => ({
      ...row,
      isActive: isActive === 1,
      hasSecondFactor: totpSinceMs !== null,
      openSessions: openSessions ?? 0,
      lockedUntilMs: lockedUntilMs !== null && lockedUntilMs > nowMs ? lockedUntilMs : null,
      mayChange: mayChange(reader, row),
    }))
  }

  async function done(by: StaffIdentity, staffId: string, firstPassword: string | null): Promise<PersonDone> {
    const [person] = await readPeople(by, staffId)
    if (person === undefined) throw new CabinetError('not_found')
    return { person, firstPassword }
  }

  async function targetOf(tx: Tx, by: StaffIdentity, staffId: string): Promise<StaffRow> {
    const row = await tx.selectFrom('staff').selectAll().where('staffId', '=', staffId).executeTakeFirst()
    if (row === undefined) throw new CabinetError('not_found')
    if (!mayChange(by, row))
      throw new CabinetError(
        'not_allowed',
        row.staffId === by.staffId
          ? 'Nobody changes their own account here; ask a colleague.'
          : 'Only an admin changes the account of an admin.',
      )
    return row
  }

  return {
    async list(reader) {
      const [people, operators] = await Promise.all([
        readPeople(reader),
        db.read.selectFrom('cabinet').select('operator').distinct().orderBy('operator').execute(),
      ])
      return {
        people,
        operators: operators.map(({ operator }) => operator),
        permissions: Object.entries(PERMISSIONS).map(([permission, roles]) => ({
          permission,
          roles: [...roles],
        })),
      }
    },
    async create(by, person) {
      checkGrant(by, person.role)
      const operator = operatorFor(person.role, person.operator)
      const known = await db.read
        .selectFrom('staff')
        .select('staffId')
        .where('name', '=', person.name)
        .executeTakeFirst()
      if (known !== undefined)
        throw new CabinetError('exists_with_different_contents', `The name ${person.name} is taken.`)
      const password = makeFirstPassword(random)
      const staffId = await accounts.create({
        ...person,
        operator,
        password,
        isFirstPassword: true,
        by: `staff:${by.staffId}`,
      })
      return done(by, staffId, password)
    },
    async change(by, staffId, change) {
      const ended = await db.write('change account', async (tx) => {
        const before = await targetOf(tx, by, staffId)
        const role = change.role ?? before.role
        if (role !== before.role) checkGrant(by, role)
        const after = {
          displayName: change.displayName ?? before.displayName,
          role,
          operator: operatorFor(role, change.operator === undefined ? before.operator : change.operator),
          isActive: change.isActive === undefined ? before.isActive : change.isActive ? 1 : 0,
        }
        await tx.updateTable('staff').set(after).where('staffId', '=', staffId).execute()
        await checkSomebodyManages(tx)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'staff.changed',
          subject: `staff:${staffId}`,
          detail: { reason: change.reason, ...differences(before, after) },
        })
        const isNarrower = after.isActive === 0 || role !== before.role || after.operator !== before.operator
        return isNarrower ? accounts.endSessions(tx, staffId) : []
      })
      accounts.tellEnded(ended)
      return done(by, staffId, null)
    },
    async do(by, staffId, deed, reason) {
      const password = deed === 'reset-password' ? makeFirstPassword(random) : null
      const passwordHash = password === null ? null : await hashPassword(password)
      const ended = await db.write(`account: ${deed}`, async (tx) => {
        await targetOf(tx, by, staffId)
        const set = tx.updateTable('staff').where('staffId', '=', staffId)
        if (passwordHash !== null)
          await set.set({ passwordHash, mustChangePassword: 1, failures: 0, lockedUntilMs: null }).execute()
        if (deed === 'unlock') await set.set({ failures: 0, lockedUntilMs: null }).execute()
        if (deed === 'reset-second-factor') {
          await set.set({ totpSecret: null, totpPending: null, totpSinceMs: null }).execute()
          await tx.deleteFrom('staffRecoveryCode').where('staffId', '=', staffId).execute()
        }
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: DEED_ACTIONS[deed],
          subject: `staff:${staffId}`,
          detail: { reason },
        })
        return deed === 'unlock' ? [] : accounts.endSessions(tx, staffId)
      })
      accounts.tellEnded(ended)
      return done(by, staffId, password)
    },
  }
}

const DEED_ACTIONS = {
  'reset-password': 'staff.password_reset',
  'reset-second-factor': 'staff.second_factor_reset',
  'end-sessions': 'staff.sign_ins_ended',
  unlock: 'staff.unlocked',
} as const satisfies Record<PersonDeed, string>

function mayChange(by: StaffIdentity, row: { staffId: string; role: Role }): boolean {
  return by.staffId !== row.staffId && (row.role !== 'admin' || by.role === 'admin')
}

/** Nobody hands out more than they have: only an admin makes an admin. */
function checkGrant(by: StaffIdentity, role: Role): void {
  if (role === 'admin' && by.role !== 'admin')
    throw new CabinetError('not_allowed', 'Only an admin makes an admin.')
}

/** Operators see the cabinets of one operator; whoever works for the whole sees all. */
function operatorFor(role: Role, operator: string | null): string | null {
  if (role === 'operator' && operator === null)
    throw new CabinetError('bad_request', 'The role operator needs the operator whose cabinets it sees.')
  return role === 'operator' || role === 'technician' ? operator : null
}

async function checkSomebodyManages(tx: Tx): Promise<void> {
  const rows = await tx.selectFrom('staff').select('role').where('isActive', '=', 1).execute()
  if (!rows.some(({ role }) => may(role, 'staff.manage'))) throw new CabinetError('last_manager')
}

type Changeable = Pick<StaffRow, 'displayName' | 'role' | 'operator' | 'isActive'>
function differences(before: Changeable, after: Changeable): Record<string, { from: unknown; to: unknown }> {
  const names = ['displayName', 'role', 'operator', 'isActive'] as const
  return Object.fromEntries(
    names
      .filter((name) => before[name] !== after[name])
      .map((name) => [name, { from: before[name], to: after[name] }]),
  )
}
