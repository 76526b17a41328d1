import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import {
  codeText,
  groupedCode,
  HANDLE_CHARACTERS,
  parseEnrolmentCode,
  SECRET_CHARACTERS,
} from '#protocol/base/codes.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'

/** Wrong secrets after which a code is worth nothing. */
export const TRIES_MOST = 5

export interface CreatedCode {
  readonly code: string
  readonly expiresAtMs: number
}

/**
 * One-time codes: a short life, one use, few tries, and only a keyed hash at rest, so that a copy of the database opens
 * nothing.
 * @param fingerprint  of the authority, part of what the technician hands to the cabinet
 */
export function createEnrolmentCodes(
  deps: Pick<CoreDeps, 'db' | 'random' | 'policy'>,
  key: Uint8Array,
  fingerprint: string,
) {
  const { db, random, policy } = deps
  const macOf = (handle: string, secret: string) =>
    createHmac('sha256', key).update(`${handle}:${secret}`).digest()
  const letters = (count: number) => codeText(random.bytes(count)).slice(0, count)

  return {
    /** A new code for this cabinet; an earlier one that was not used is worth nothing from now on. */
    async create(cabinetId: string, by: string): Promise<CreatedCode> {
      const secret = letters(SECRET_CHARACTERS)
      return db.write('create enrolment code', async (tx) => {
        const createdAtMs = nowOf(tx)
        const expiresAtMs = createdAtMs + policy.enrolmentCodeMs
        await tx
          .updateTable('enrolmentCode')
          .set({ triesLeft: 0 })
          .where('cabinetId', '=', cabinetId)
          .where('usedAtMs', 'is', null)
          .execute()
        const handle = await freeHandle(tx, letters)
        await tx
          .insertInto('enrolmentCode')
          .values({
            handle,
            secretMac: macOf(handle, secret).toString('hex'),
            cabinetId,
            createdAtMs,
            createdBy: by,
            expiresAtMs,
            triesLeft: TRIES_MOST,
            usedAtMs: null,
            usedByKeySha256: null,
          })
          .execute()
        await appendAudit(tx, {
          actor: by,
          action: 'enrolment_code.created',
          subject: `cabinet:${cabinetId}`,
          detail: { expiresAtMs },
        })
        return { code: groupedCode(handle + secret + fingerprint), expiresAtMs }
      })
    },
    /**
     * Counts a try before anything is compared, in a transaction of its own: a refusal must not roll the count back.
     * @returns whether the code is right, has life left and was not used by another key
     */
    async take(
      code: string,
      publicKeyPem: string,
    ): Promise<{ handle: string; cabinetId: string } | undefined> {
      const parsed = parseEnrolmentCode(code)
      if (parsed === undefined) return undefined
      const row = await db.write('try enrolment code', async (tx) => {
        const found = await tx
          .selectFrom('enrolmentCode')
          .select(['cabinetId', 'secretMac', 'usedByKeySha256'])
          .where('handle', '=', parsed.handle)
          .where('expiresAtMs', '>', nowOf(tx))
          .where('triesLeft', '>', 0)
          .executeTakeFirst()
        if (found === undefined) return undefined
        const isRight = timingSafeEqual(
          Buffer.from(found.secretMac, 'hex'),
          macOf(parsed.handle, parsed.secret),
        )
        if (isRight) return found
        await tx
          .updateTable('enrolmentCode')
          .set(({ eb }) => ({ triesLeft: eb('triesLeft', '-', 1) }))
          .where('handle', '=', parsed.handle)
          .execute()
        return undefined
      })
      if (row === undefined) return undefined
      // The same key again: the answer to its first request was lost on the way.
      if (row.usedByKeySha256 !== null && row.usedByKeySha256 !== keyHash(publicKeyPem)) return undefined
      return { handle: parsed.handle, cabinetId: row.cabinetId }
    },
    /** @throws enrolment_code_invalid when another key was faster */
    async spend(tx: Tx, handle: string, publicKeyPem: string): Promise<void> {
      const usedByKeySha256 = keyHash(publicKeyPem)
      const { numUpdatedRows } = await tx
        .updateTable('enrolmentCode')
        .set({ usedAtMs: nowOf(tx), usedByKeySha256 })
        .where('handle', '=', handle)
        .where((eb) =>
          eb.or([eb('usedByKeySha256', 'is', null), eb('usedByKeySha256', '=', usedByKeySha256)]),
        )
        .executeTakeFirstOrThrow()
      if (numUpdatedRows !== 1n) throw new CabinetError('enrolment_code_invalid')
    },
  }
}

async function freeHandle(tx: Tx, letters: (count: number) => string): Promise<string> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const handle = letters(HANDLE_CHARACTERS)
    const taken = await tx
      .selectFrom('enrolmentCode')
      .select('handle')
      .where('handle', '=', handle)
      .executeTakeFirst()
    if (taken === undefined) return handle
  }
  throw new CabinetError(
    'internal',
    'No free name for an enrolment code was found; wait until old ones have gone.',
  )
}

function keyHash(publicKeyPem: string): string {
  return createHash('sha256').update(publicKeyPem.replace(/\s/g, '')).digest('hex')
}
