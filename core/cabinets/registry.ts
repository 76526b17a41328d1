import { createHash, createPublicKey } from 'node:crypto'
import type { Kysely } from 'kysely'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { recordChange } from '#core/live/changes.ts'
import type { Tables } from '#core/platform/tables/index.ts'

/** What the wire needs to know of a cabinet: kept in memory, because every message asks. */
export interface KnownCabinet {
  readonly cabinetId: string
  readonly partition: number
  /** Lower-case hexadecimal; null until enrolled or after revocation. */
  readonly passwordSha256: string | null
}
export interface Enrolled {
  readonly cabinetId: string
  readonly partition: number
  /** 256 bits of chance; only its hash is kept here. */
  readonly password: string
}

/** Who the cabinets are, and how one becomes one. */
export interface CabinetRegistry {
  load(): Promise<void>
  find(cabinetId: string): KnownCabinet | undefined
  all(): KnownCabinet[]
  /** After a commit that added or changed a cabinet. */
  refresh(cabinetId: string): Promise<void>
  createEnrolmentCode(cabinetId: string, by: string): Promise<{ code: string; expiresAtMs: number }>
  /** @throws enrolment_code_invalid */
  enrol(request: { code: string; publicKeyPem: string; hardware: object }): Promise<Enrolled>
  revoke(cabinetId: string, by: string): Promise<void>
  /** Called after a device may connect, or may not any more. */
  onChange(listener: (cabinet: KnownCabinet) => void): void
}

const CODE_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CODE_CHARACTERS = 10
const PASSWORD_BYTES = 32

export function createRegistry(deps: CoreDeps): CabinetRegistry {
  const { db, random, policy } = deps
  const known = new Map<string, KnownCabinet>()
  const listeners: Array<(cabinet: KnownCabinet) => void> = []

  async function refresh(cabinetId: string): Promise<void> {
    const row = await db.read
      .selectFrom('cabinet')
      .select(['cabinetId', 'partition', 'passwordSha256', 'revokedAtMs'])
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    if (row === undefined) return
    const cabinet = {
      cabinetId: row.cabinetId,
      partition: row.partition,
      passwordSha256: row.revokedAtMs === null ? row.passwordSha256 : null,
    }
    known.set(cabinetId, cabinet)
    for (const listener of listeners) listener(cabinet)
  }

  return {
    find: (cabinetId) => known.get(cabinetId),
    all: () => [...known.values()],
    refresh,
    onChange: (listener) => {
      listeners.push(listener)
    },
    async load() {
      const rows = await db.read.selectFrom('cabinet').select('cabinetId').execute()
      for (const row of rows) await refresh(row.cabinetId)
    },
    async createEnrolmentCode(cabinetId, by) {
      if (!known.has(cabinetId)) throw new CabinetError('unknown_cabinet')
      const letters = [...random.bytes(CODE_CHARACTERS)].map((byte) => CODE_ALPHABET[byte & 31])
      const code = `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`.toUpperCase()
      return db.write('create enrolment code', async (tx) => {
        const createdAtMs = nowOf(tx)
        const expiresAtMs = createdAtMs + policy.enrolmentCodeMs
        await tx
          .insertInto('enrolmentCode')
          .values({
            codeSha256: hashCode(code),
            cabinetId,
            createdAtMs,
            createdBy: by,
            expiresAtMs,
            usedAtMs: null,
          })
          .execute()
        await appendAudit(tx, {
          actor: by,
          action: 'enrolment_code.created',
          subject: `cabinet:${cabinetId}`,
        })
        return { code, expiresAtMs }
      })
    },
    async enrol({ code, publicKeyPem, hardware }) {
      checkKey(publicKeyPem)
      const password = Buffer.from(random.bytes(PASSWORD_BYTES)).toString('base64url')
      const cabinetId = await db.write('enrol', async (tx) => {
        const nowMs = nowOf(tx)
        const used = await tx
          .updateTable('enrolmentCode')
          .set({ usedAtMs: nowMs })
          .where('codeSha256', '=', hashCode(code))
          .where('usedAtMs', 'is', null)
          .where('expiresAtMs', '>', nowMs)
          .returning('cabinetId')
          .executeTakeFirst()
        if (used === undefined) throw new CabinetError('enrolment_code_invalid')
        await tx
          .updateTable('cabinet')
          .set({
            passwordSha256: createHash('sha256').update(password).digest('hex'),
            publicKeyPem,
            hardware: JSON.stringify(hardware),
            enrolledAtMs: nowMs,
            revokedAtMs: null,
          })
          .where('cabinetId', '=', used.cabinetId)
          .execute()
        await appendAudit(tx, {
          actor: `cabinet:${used.cabinetId}`,
          action: 'cabinet.enrolled',
          subject: `cabinet:${used.cabinetId}`,
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: used.cabinetId, cabinetId: used.cabinetId })
        return used.cabinetId
      })
      await refresh(cabinetId)
      const { partition } = known.get(cabinetId) as KnownCabinet
      return { cabinetId, partition, password }
    },
    async revoke(cabinetId, by) {
      await db.write('revoke cabinet', async (tx) => {
        await tx
          .updateTable('cabinet')
          .set({ revokedAtMs: nowOf(tx) })
          .where('cabinetId', '=', cabinetId)
          .execute()
        await appendAudit(tx, { actor: by, action: 'cabinet.revoked', subject: `cabinet:${cabinetId}` })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
      })
      await refresh(cabinetId)
    },
  }
}

/** People read and type codes: case, spaces and hyphens do not count, nor do letters that look alike. */
function hashCode(code: string): string {
  const plain = code.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1')
  return createHash('sha256').update(plain).digest('hex')
}

function checkKey(publicKeyPem: string): void {
  let type: string | undefined
  try {
    type = createPublicKey(publicKeyPem).asymmetricKeyType
  } catch (error) {
    throw new CabinetError('bad_request', 'The public key is not PEM.', { cause: error })
  }
  if (type !== 'ed25519')
    throw new CabinetError('bad_request', `The public key is ${type ?? 'unknown'}, Ed25519 is needed.`)
}

/** The operator to whom a cabinet belongs. */
export async function operatorOf(db: Kysely<Tables> | Tx, cabinetId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('cabinet')
    .select('operator')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return row?.operator
}
