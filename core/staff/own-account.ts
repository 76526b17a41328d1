import type {
  AccountView,
  PasswordChange,
  ProveRequest,
  RecoveryCodes,
  SecondFactorSetup,
} from '#protocol/api/accounts.ts'
import type { Language } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Seal } from '#core/privacy/seal.ts'
import type { StaffAccounts } from './accounts.ts'
import { checkNewPassword, hashPassword } from './passwords.ts'
import { SECOND_FACTOR_ROLES } from './permissions.ts'
import { hashRecoveryCode, makeRecoveryCodes, makeSecret, setupOf, stepOfCode } from './second-factor.ts'

/** What people do with their own sign-in: password, second factor, and the places where they are signed in. */
export interface OwnAccount {
  view(who: StaffIdentity): Promise<AccountView>
  /** @throws wrong_credentials, second_factor_wrong */
  prove(who: StaffIdentity, proof: ProveRequest): Promise<void>
  /** Ends every other sign-in of this person. @throws wrong_credentials, password_unfit */
  changePassword(who: StaffIdentity, change: PasswordChange): Promise<void>
  beginSecondFactor(who: StaffIdentity, password: string): Promise<SecondFactorSetup>
  /** @throws conflict when nothing was begun, second_factor_wrong */
  confirmSecondFactor(who: StaffIdentity, code: string): Promise<RecoveryCodes>
  /** @throws not_allowed where the role requires it */
  dropSecondFactor(who: StaffIdentity, code: string): Promise<void>
  /** @throws not_found */
  endSession(who: StaffIdentity, sessionId: string): Promise<void>
  endOthers(who: StaffIdentity): Promise<void>
  setLanguage(who: StaffIdentity, language: Language): Promise<void>
}

export function createOwnAccount(deps: CoreDeps & { accounts: StaffAccounts; seal: Seal }): OwnAccount {
  const { db, clock, random, accounts, seal } = deps
  const secretSeal = (staffId: string) => `staff.totpSecret.${staffId}`
  const rowOf = (staffId: string) =>
    db.read.selectFrom('staff').selectAll().where('staffId', '=', staffId).executeTakeFirstOrThrow()
  const isRequiredOf = (who: StaffIdentity) =>
    accounts.mode === 'required' && SECOND_FACTOR_ROLES.includes(who.role)
  const said = (who: StaffIdentity, action: string, detail: object = {}) => ({
    actor: `staff:${who.staffId}`,
    action,
    subject: `staff:${who.staffId}`,
    detail,
  })

  return {
    async view(who) {
      const nowMs = clock.now()
      const [row, sessions, codes] = await Promise.all([
        rowOf(who.staffId),
        db.read
          .selectFrom('staffSession')
          .select(['sessionId', 'createdAtMs', 'lastSeenMs', 'device', 'address'])
          .where('staffId', '=', who.staffId)
          .where('revokedAtMs', 'is', null)
          .where('expiresAtMs', '>', nowMs)
          .orderBy('createdAtMs', 'desc')
          .limit(50)
          .execute(),
        db.read
          .selectFrom('staffRecoveryCode')
          .select(({ fn }) => fn.countAll<number>().as('left'))
          .where('staffId', '=', who.staffId)
          .where('usedAtMs', 'is', null)
          .executeTakeFirstOrThrow(),
      ])
      return {
        name: who.name,
        lacks: who.lacks,
        secondFactor: {
          isOn: row.totpSinceMs !== null,
          sinceMs: row.totpSinceMs,
          recoveryCodesLeft: codes.left,
          isRequired: isRequiredOf(who),
        },
        sessions: sessions.map((session) => ({ ...session, isThis: session.sessionId === who.sessionId })),
      }
    },
    async prove(who, proof) {
      await accounts.prove(who.staffId, proof)
      await db.write('prove', async (tx) => {
        await tx
          .updateTable('staffSession')
          .set({ provedAtMs: nowOf(tx) })
          .where('sessionId', '=', who.sessionId)
          .execute()
        await appendAudit(tx, said(who, 'staff.proved'))
      })
    },
    async changePassword(who, { current, next }) {
      await accounts.provePassword(who.staffId, current)
      checkNewPassword(next, { name: who.name, current })
      const passwordHash = await hashPassword(next)
      const ended = await db.write('change password', async (tx) => {
        await tx
          .updateTable('staff')
          .set({ passwordHash, mustChangePassword: 0, failures: 0, lockedUntilMs: null })
          .where('staffId', '=', who.staffId)
          .execute()
        const tokens = await accounts.endSessions(tx, who.staffId, { except: who.sessionId })
        await appendAudit(tx, said(who, 'staff.password_changed', { endedSignIns: tokens.length }))
        return tokens
      })
      accounts.tellEnded(ended)
    },
    async beginSecondFactor(who, password) {
      await accounts.provePassword(who.staffId, password)
      const secret = makeSecret(random)
      await db.write('begin second factor', async (tx) => {
        await tx
          .updateTable('staff')
          .set({ totpPending: seal.seal(secret, secretSeal(who.staffId)) })
          .where('staffId', '=', who.staffId)
          .execute()
      })
      return setupOf(who.name, secret)
    },
    async confirmSecondFactor(who, code) {
      const row = await rowOf(who.staffId)
      if (row.totpPending === null)
        throw new CabinetError('conflict', 'No second factor is being set up; begin again.')
      const secret = seal.open(row.totpPending, secretSeal(who.staffId))
      const step = stepOfCode(secret, code, clock.now(), 0)
      if (step === undefined) throw new CabinetError('second_factor_wrong')
      const recoveryCodes = makeRecoveryCodes(random)
      const ended = await db.write('confirm second factor', async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('staff')
          .set({
            totpSecret: row.totpPending,
            totpPending: null,
            totpSinceMs: nowOf(tx),
            totpStep: step,
          })
          .where('staffId', '=', who.staffId)
          .where('totpPending', '=', row.totpPending)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) throw new CabinetError('conflict', 'It was begun anew in the meantime.')
        await tx.deleteFrom('staffRecoveryCode').where('staffId', '=', who.staffId).execute()
        await tx
          .insertInto('staffRecoveryCode')
          .values(
            recoveryCodes.map((one) => ({
              staffId: who.staffId,
              codeSha256: hashRecoveryCode(who.staffId, one),
              usedAtMs: null,
            })),
          )
          .execute()
        // Whoever signed in without a code elsewhere must not stay in.
        const tokens = await accounts.endSessions(tx, who.staffId, { except: who.sessionId })
        await appendAudit(tx, said(who, 'staff.second_factor_set', { endedSignIns: tokens.length }))
        return tokens
      })
      accounts.tellEnded(ended)
      return { recoveryCodes }
    },
    async dropSecondFactor(who, code) {
      if (isRequiredOf(who))
        throw new CabinetError('not_allowed', `The role ${who.role} works with a second factor.`)
      await accounts.takeCode(await rowOf(who.staffId), code)
      await db.write('drop second factor', async (tx) => {
        await tx
          .updateTable('staff')
          .set({ totpSecret: null, totpPending: null, totpSinceMs: null })
          .where('staffId', '=', who.staffId)
          .execute()
        await tx.deleteFrom('staffRecoveryCode').where('staffId', '=', who.staffId).execute()
        await appendAudit(tx, said(who, 'staff.second_factor_dropped'))
      })
    },
    async endSession(who, sessionId) {
      const ended = await db.write('end a sign-in', async (tx) => {
        const tokens = await accounts.endSessions(tx, who.staffId, { only: sessionId })
        if (tokens.length === 0) throw new CabinetError('not_found')
        await appendAudit(tx, said(who, 'staff.sign_in_ended', { sessionId }))
        return tokens
      })
      accounts.tellEnded(ended)
    },
    async endOthers(who) {
      const ended = await db.write('end other sign-ins', async (tx) => {
        const tokens = await accounts.endSessions(tx, who.staffId, { except: who.sessionId })
        await appendAudit(tx, said(who, 'staff.sign_ins_ended', { endedSignIns: tokens.length }))
        return tokens
      })
      accounts.tellEnded(ended)
    },
    async setLanguage(who, language) {
      await db.write('set language', async (tx) => {
        await tx.updateTable('staff').set({ language }).where('staffId', '=', who.staffId).execute()
      })
    },
  }
}
