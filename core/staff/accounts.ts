import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Selectable } from 'kysely'
import type { AccountLack } from '#protocol/api/accounts.ts'
import type { Language, Role } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { StaffTables } from '#core/platform/tables/staff.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { checkRest, createUnknownNames, restUntilMs } from './guesses.ts'
import { hashPassword, isPassword } from './passwords.ts'
import { permissionsOf, SECOND_FACTOR_ROLES } from './permissions.ts'
import { hashRecoveryCode, isRecoveryCode, stepOfCode } from './second-factor.ts'

const TOKEN_BYTES = 32
const SESSION_LIFE_MS = 12 * 3_600_000
const SESSION_IDLE_MS = 4 * 3_600_000
/** Between two notes that a session is in use. */
const SEEN_EVERY_MS = 60_000
const DEVICE_LETTERS = 160

export interface NewAccount {
  name: string
  displayName: string
  role: Role
  language: Language
  operator: string | null
  password: string
  /** Whoever signs in with it must choose another. */
  isFirstPassword?: boolean
  /** `staff:<id>`; `system` when left out. */
  by?: string
}
export interface SignIn {
  name: string
  password: string
  code?: string | undefined
  /** The user agent as the browser names itself. */
  device?: string | undefined
  address?: string | undefined
}
export type StaffRow = Selectable<StaffTables['staff']>
export type SecondFactorMode = 'required' | 'offered'

export interface StaffAccounts {
  readonly mode: SecondFactorMode
  /** @returns the token for the cookie; the server keeps only its hash */
  signIn(request: SignIn): Promise<{ token: string; maxAgeSeconds: number }>
  signOut(identity: StaffIdentity): Promise<void>
  authenticate(token: string | undefined): Promise<StaffIdentity | undefined>
  /** Has this session neither ended nor been ended? */
  isLive(tokenSha256: string): Promise<boolean>
  create(account: NewAccount): Promise<string>
  /**
   * Does the person at the keyboard know what this account's owner knows? The code where a second factor is on, else the
   * password; a wrong answer counts as a guess.
   * @throws wrong_credentials, second_factor_code_needed, second_factor_wrong, too_many_requests
   */
  prove(staffId: string, proof: { password?: string | undefined; code?: string | undefined }): Promise<void>
  /** @throws wrong_credentials, too_many_requests */
  provePassword(staffId: string, password: string): Promise<StaffRow>
  /** Takes a code, which then works no second time. @throws second_factor_wrong, too_many_requests */
  takeCode(row: StaffRow, code: string): Promise<void>
  /**
   * Ends sign-ins of somebody: all, all but one, or one.
   * @returns their tokens' hashes, for `tellEnded` after the commit
   */
  endSessions(tx: Tx, staffId: string, which?: { except?: string; only?: string }): Promise<string[]>
  /** Closes the live streams of sign-ins that have ended. */
  tellEnded(tokens: readonly string[]): void
  /** Called when a session has ended, so that its live streams close. */
  onSessionEnd(listener: (tokenSha256: string) => void): void
}

export function createAccounts(
  deps: CoreDeps & { seal: Pick<Seal, 'open'>; secondFactor: SecondFactorMode },
): StaffAccounts {
  const { db, clock, ids, random, policy } = deps
  const unknownNames = createUnknownNames(clock, policy)
  const listeners: Array<(tokenSha256: string) => void> = []
  /** Verified against when a name is unknown, so that the answer takes as long. */
  let decoy: Promise<string> | undefined

  const byId = (staffId: string) =>
    db.read.selectFrom('staff').selectAll().where('staffId', '=', staffId).executeTakeFirstOrThrow()

  async function noteFailure(staffId: string): Promise<void> {
    await db.write('note failed sign-in', async (tx) => {
      const { failures } = await tx
        .selectFrom('staff')
        .select('failures')
        .where('staffId', '=', staffId)
        .executeTakeFirstOrThrow()
      const lockedUntilMs = restUntilMs(failures + 1, nowOf(tx), policy)
      await tx
        .updateTable('staff')
        .set({ failures: failures + 1, lockedUntilMs })
        .where('staffId', '=', staffId)
        .execute()
      await appendAudit(tx, {
        actor: 'system',
        action: lockedUntilMs === null ? 'staff.sign_in_failed' : 'staff.locked_out',
        subject: `staff:${staffId}`,
      })
    })
  }

  async function forgetFailures({ staffId, failures }: StaffRow): Promise<void> {
    if (failures === 0) return
    await db.write('forget failed sign-ins', async (tx) => {
      await tx
        .updateTable('staff')
        .set({ failures: 0, lockedUntilMs: null })
        .where('staffId', '=', staffId)
        .execute()
    })
  }

  async function takeCode(row: StaffRow, code: string): Promise<void> {
    checkRest(row.lockedUntilMs, clock.now())
    const isTaken = isRecoveryCode(code) ? await takeRecoveryCode(row, code) : await takeStep(row, code)
    if (isTaken) return
    await noteFailure(row.staffId)
    throw new CabinetError('second_factor_wrong')
  }

  async function takeStep(row: StaffRow, code: string): Promise<boolean> {
    if (row.totpSecret === null) return false
    const secret = deps.seal.open(row.totpSecret, `staff.totpSecret.${row.staffId}`)
    const step = stepOfCode(secret, code, clock.now(), row.totpStep)
    if (step === undefined) return false
    return db.write('take a code', async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('staff')
        .set({ totpStep: step })
        .where('staffId', '=', row.staffId)
        // Of two who type the same code at once, one gets in.
        .where('totpStep', '<', step)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    })
  }

  function takeRecoveryCode(row: StaffRow, code: string): Promise<boolean> {
    return db.write('take a recovery code', async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('staffRecoveryCode')
        .set({ usedAtMs: nowOf(tx) })
        .where('staffId', '=', row.staffId)
        .where('codeSha256', '=', hashRecoveryCode(row.staffId, code))
        .where('usedAtMs', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      await appendAudit(tx, {
        actor: `staff:${row.staffId}`,
        action: 'staff.recovery_code_used',
        subject: `staff:${row.staffId}`,
      })
      return true
    })
  }

  async function provePassword(staffId: string, password: string): Promise<StaffRow> {
    const row = await byId(staffId)
    checkRest(row.lockedUntilMs, clock.now())
    if (!(await isPassword(row.passwordHash, password))) {
      await noteFailure(staffId)
      throw new CabinetError('wrong_credentials')
    }
    return row
  }

  async function startSession(tx: Tx, staffId: string, token: string, from: SignIn): Promise<void> {
    const nowMs = nowOf(tx)
    await tx
      .insertInto('staffSession')
      .values({
        tokenSha256: hashToken(token),
        sessionId: ids.next('signIn'),
        staffId,
        device: (from.device ?? '').slice(0, DEVICE_LETTERS),
        address: from.address ?? '',
        createdAtMs: nowMs,
        lastSeenMs: nowMs,
        provedAtMs: nowMs,
        expiresAtMs: nowMs + SESSION_LIFE_MS,
        revokedAtMs: null,
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${staffId}`,
      action: 'staff.signed_in',
      subject: `staff:${staffId}`,
    })
  }

  function lackOf(row: Pick<StaffRow, 'role' | 'mustChangePassword' | 'totpSinceMs'>): AccountLack | null {
    if (row.mustChangePassword === 1) return 'password'
    const isRequired = deps.secondFactor === 'required' && SECOND_FACTOR_ROLES.includes(row.role)
    return isRequired && row.totpSinceMs === null ? 'second_factor' : null
  }

  return {
    mode: deps.secondFactor,
    provePassword,
    takeCode,
    onSessionEnd: (listener) => {
      listeners.push(listener)
    },
    async signIn(request) {
      const { name, password, code } = request
      const row = await db.read.selectFrom('staff').selectAll().where('name', '=', name).executeTakeFirst()
      if (row === undefined) unknownNames.check(name)
      else checkRest(row.lockedUntilMs, clock.now())
      decoy ??= hashPassword('nobody has this password')
      const isRight = await isPassword(row?.passwordHash ?? (await decoy), password)
      if (row === undefined || !isRight || row.isActive !== 1) {
        if (row === undefined) unknownNames.noteFailure(name)
        else await noteFailure(row.staffId)
        throw new CabinetError('wrong_credentials')
      }
      if (row.totpSecret !== null) {
        if (code === undefined) throw new CabinetError('second_factor_code_needed')
        await takeCode(row, code)
      }
      await forgetFailures(row)
      const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
      await db.write('sign in', (tx) => startSession(tx, row.staffId, token, request))
      return { token, maxAgeSeconds: SESSION_LIFE_MS / 1000 }
    },
    async prove(staffId, { password, code }) {
      const row = await byId(staffId)
      if (row.totpSecret === null) {
        if (password === undefined) throw new CabinetError('wrong_credentials')
        await provePassword(staffId, password)
      } else {
        if (code === undefined) throw new CabinetError('second_factor_code_needed')
        await takeCode(row, code)
      }
      await forgetFailures(row)
    },
    tellEnded(tokens) {
      for (const token of tokens) for (const listener of listeners) listener(token)
    },
    async endSessions(tx, staffId, { except, only } = {}) {
      let open = tx
        .selectFrom('staffSession')
        .select('tokenSha256')
        .where('staffId', '=', staffId)
        .where('revokedAtMs', 'is', null)
        .where('expiresAtMs', '>', nowOf(tx))
      if (except !== undefined) open = open.where('sessionId', '!=', except)
      if (only !== undefined) open = open.where('sessionId', '=', only)
      const rows = await open.execute()
      const tokens = rows.map(({ tokenSha256 }) => tokenSha256)
      if (tokens.length === 0) return tokens
      await tx
        .updateTable('staffSession')
        .set({ revokedAtMs: nowOf(tx) })
        .where('tokenSha256', 'in', tokens)
        .execute()
      return tokens
    },
    async signOut({ tokenSha256, staffId }) {
      await db.write('sign out', async (tx) => {
        await tx
          .updateTable('staffSession')
          .set({ revokedAtMs: nowOf(tx) })
          .where('tokenSha256', '=', tokenSha256)
          .execute()
        await appendAudit(tx, {
          actor: `staff:${staffId}`,
          action: 'staff.signed_out',
          subject: `staff:${staffId}`,
        })
      })
      for (const listener of listeners) listener(tokenSha256)
    },
    async authenticate(token) {
      if (token === undefined || token === '') return undefined
      const tokenSha256 = hashToken(token)
      const nowMs = clock.now()
      const row = await db.read
        .selectFrom('staffSession')
        .innerJoin('staff', 'staff.staffId', 'staffSession.staffId')
        .select(['staff.staffId', 'name', 'displayName', 'role', 'language', 'operator', 'lastSeenMs'])
        .select(['sessionId', 'provedAtMs', 'mustChangePassword', 'totpSinceMs'])
        .where('tokenSha256', '=', tokenSha256)
        .where('revokedAtMs', 'is', null)
        .where('expiresAtMs', '>', nowMs)
        .where('lastSeenMs', '>', nowMs - SESSION_IDLE_MS)
        .where('isActive', '=', 1)
        .executeTakeFirst()
      if (row === undefined) return undefined
      if (nowMs - row.lastSeenMs > SEEN_EVERY_MS) {
        await db.write('staff seen', async (tx) => {
          await tx
            .updateTable('staffSession')
            .set({ lastSeenMs: nowMs })
            .where('tokenSha256', '=', tokenSha256)
            .execute()
        })
      }
      const { staffId, name, displayName, role, language, operator, sessionId } = row
      const lacks = lackOf(row)
      return {
        staffId,
        name,
        displayName,
        role,
        language,
        operator,
        tokenSha256,
        sessionId,
        lacks,
        isProved: nowMs - row.provedAtMs <= policy.proofMs,
        permissions: new Set(lacks === null ? permissionsOf(role) : []),
      }
    },
    async isLive(tokenSha256) {
      const row = await db.read
        .selectFrom('staffSession')
        .innerJoin('staff', 'staff.staffId', 'staffSession.staffId')
        .select('staff.staffId')
        .where('tokenSha256', '=', tokenSha256)
        .where('revokedAtMs', 'is', null)
        .where('expiresAtMs', '>', clock.now())
        .where('isActive', '=', 1)
        .executeTakeFirst()
      return row !== undefined
    },
    async create({ name, displayName, role, language, operator, password, isFirstPassword = false, by }) {
      const passwordHash = await hashPassword(password)
      const staffId = ids.next('staff')
      await db.write('create account', async (tx) => {
        await tx
          .insertInto('staff')
          .values({
            staffId,
            name,
            displayName,
            role,
            language,
            operator,
            passwordHash,
            isActive: 1,
            createdAtMs: nowOf(tx),
            mustChangePassword: isFirstPassword ? 1 : 0,
          })
          .execute()
        await appendAudit(tx, {
          actor: by ?? 'system',
          action: 'staff.created',
          subject: `staff:${staffId}`,
          detail: { name, role, ...(operator === null ? {} : { operator }) },
        })
      })
      return staffId
    },
  }
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Whoever holds the cookie. */
export function createStaffAuthenticator(accounts: StaffAccounts, cookieName: string) {
  return (request: FastifyRequest) => accounts.authenticate(request.cookies[cookieName])
}
