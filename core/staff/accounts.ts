import { createHash } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { FastifyRequest } from 'fastify'
import type { Language, Role } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { permissionsOf } from './permissions.ts'

/** OWASP's parameters: 19 MiB, two passes. The library's default algorithm is argon2id. */
const ARGON = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const TOKEN_BYTES = 32
const SESSION_LIFE_MS = 12 * 3_600_000
const SESSION_IDLE_MS = 4 * 3_600_000
/** Between two notes that a session is in use. */
const SEEN_EVERY_MS = 60_000
const FAILURES_MOST = 8
const LOCK_MS = 60_000
/** Names that are being guessed at; more than this and the oldest are forgotten. */
const GUESSES_KEPT = 10_000

export interface NewAccount {
  name: string
  displayName: string
  role: Role
  language: Language
  operator: string | null
  password: string
}
export interface StaffAccounts {
  /** @returns the token for the cookie; the server keeps only its hash */
  signIn(request: { name: string; password: string }): Promise<{ token: string; maxAgeSeconds: number }>
  signOut(identity: StaffIdentity): Promise<void>
  authenticate(token: string | undefined): Promise<StaffIdentity | undefined>
  /** Has this session neither ended nor been ended? */
  isLive(tokenSha256: string): Promise<boolean>
  create(account: NewAccount): Promise<string>
  /** Called when a session has ended, so that its live streams close. */
  onSessionEnd(listener: (tokenSha256: string) => void): void
}

export function createAccounts(deps: CoreDeps): StaffAccounts {
  const { db, clock, ids, random } = deps
  const guesses = new Map<string, { failures: number; lockedUntilMonoMs: number }>()
  const listeners: Array<(tokenSha256: string) => void> = []
  /** Verified against when a name is unknown, so that the answer takes as long. */
  let decoy: Promise<string> | undefined

  function checkLock(name: string): void {
    const guess = guesses.get(name)
    if (guess === undefined || guess.failures < FAILURES_MOST) return
    if (clock.monoMs() < guess.lockedUntilMonoMs)
      throw new CabinetError('too_many_requests', 'Too many wrong passwords for this name; wait a minute.')
    guesses.delete(name)
  }
  function noteFailure(name: string): void {
    const failures = (guesses.get(name)?.failures ?? 0) + 1
    guesses.delete(name)
    guesses.set(name, { failures, lockedUntilMonoMs: clock.monoMs() + LOCK_MS })
    if (guesses.size > GUESSES_KEPT) guesses.delete(guesses.keys().next().value as string)
  }

  async function startSession(tx: Tx, staffId: string, token: string): Promise<void> {
    const nowMs = nowOf(tx)
    await tx
      .insertInto('staffSession')
      .values({
        tokenSha256: hashToken(token),
        staffId,
        createdAtMs: nowMs,
        lastSeenMs: nowMs,
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

  return {
    onSessionEnd: (listener) => {
      listeners.push(listener)
    },
    async signIn({ name, password }) {
      checkLock(name)
      const row = await db.read.selectFrom('staff').selectAll().where('name', '=', name).executeTakeFirst()
      decoy ??= hash('nobody has this password', ARGON)
      const isRight = await verify(row?.passwordHash ?? (await decoy), password)
      if (row === undefined || !isRight || row.isActive !== 1) {
        noteFailure(name)
        if (row !== undefined)
          await db.write('note failed sign-in', (tx) =>
            appendAudit(tx, {
              actor: 'system',
              action: 'staff.sign_in_failed',
              subject: `staff:${row.staffId}`,
            }),
          )
        throw new CabinetError('wrong_credentials')
      }
      guesses.delete(name)
      const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
      await db.write('sign in', (tx) => startSession(tx, row.staffId, token))
      return { token, maxAgeSeconds: SESSION_LIFE_MS / 1000 }
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
      const { staffId, name, displayName, role, language, operator } = row
      return {
        staffId,
        name,
        displayName,
        role,
        language,
        operator,
        tokenSha256,
        permissions: new Set(permissionsOf(role)),
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
    async create({ name, displayName, role, language, operator, password }) {
      const passwordHash = await hash(password, ARGON)
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
          })
          .execute()
        await appendAudit(tx, {
          actor: 'system',
          action: 'staff.created',
          subject: `staff:${staffId}`,
          detail: { name, role },
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
