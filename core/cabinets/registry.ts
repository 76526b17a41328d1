import type { Kysely } from 'kysely'
import type { Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const enrolmentOf = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('cabinet')
    .select(['cabinetId', 'partition', 'revokedAtMs'])
    .where('cabinetId', '=', cabinetId),
)
const notRevoked = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('credential')
    .select(['credentialId', 'kind', 'proofSha256', 'expiresAtMs', 'endsAtMs', 'brokerHash'])
    .where('cabinetId', '=', cabinetId)
    .where('revokedAtMs', 'is', null)
    .orderBy('issuedAtMs'),
)
const ownerOf = preparedFor((db, cabinetId: string) =>
  db.selectFrom('cabinet').select('operator').where('cabinetId', '=', cabinetId),
)

/** A credential with which a cabinet may connect. */
export interface KnownCredential {
  readonly credentialId: string
  readonly kind: 'certificate' | 'password'
  /** Of the password, or of the certificate's DER form; lower-case hexadecimal. */
  readonly sha256: string
  /** From here on it is refused: it expires, or the one that replaced it is in use. null: no end is known. */
  readonly endsAtMs: number | null
  /** The password as Mosquitto keeps it; null for certificates. */
  readonly brokerHash: string | null
}
/** What the wire needs to know of a cabinet: kept in memory, because every message asks. */
export interface KnownCabinet {
  readonly cabinetId: string
  readonly partition: number
  /** Empty until enrolled or after revocation. */
  readonly credentials: readonly KnownCredential[]
}

/** Who the cabinets are. */
export interface CabinetRegistry {
  load(): Promise<void>
  find(cabinetId: string): KnownCabinet | undefined
  all(): KnownCabinet[]
  /** After a commit that added or changed a cabinet or its credentials. */
  refresh(cabinetId: string): Promise<void>
  /** Lets go of credentials whose time is over. */
  sweep(): Promise<void>
  /** Called after a cabinet may connect, or may not any more. */
  onChange(listener: (cabinet: KnownCabinet) => void): void
}

export function createRegistry({ db, clock }: CoreDeps): CabinetRegistry {
  const known = new Map<string, KnownCabinet>()
  const listeners: Array<(cabinet: KnownCabinet) => void> = []

  async function refresh(cabinetId: string): Promise<void> {
    const [row] = await enrolmentOf(db.read, cabinetId)
    if (row === undefined) return
    const credentials =
      row.revokedAtMs === null ? await usableCredentials(db.read, cabinetId, clock.now()) : []
    const cabinet: KnownCabinet = { cabinetId, partition: row.partition, credentials }
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
    async sweep() {
      const nowMs = clock.now()
      for (const { cabinetId, credentials } of known.values())
        if (credentials.some(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= nowMs))
          await refresh(cabinetId)
    },
  }
}

async function usableCredentials(
  db: Kysely<Tables>,
  cabinetId: string,
  nowMs: number,
): Promise<KnownCredential[]> {
  const rows = await notRevoked(db, cabinetId)
  return rows.flatMap(({ credentialId, kind, proofSha256, expiresAtMs, endsAtMs, brokerHash }) => {
    const ends = [expiresAtMs, endsAtMs].filter((time) => time !== null)
    const soonest = ends.length === 0 ? null : Math.min(...ends)
    if (soonest !== null && soonest <= nowMs) return []
    return [{ credentialId, kind, sha256: proofSha256, endsAtMs: soonest, brokerHash }]
  })
}

/** The operator to whom a cabinet belongs. */
export async function operatorOf(db: Kysely<Tables> | Tx, cabinetId: string): Promise<string | undefined> {
  const [row] = await ownerOf(db, cabinetId)
  return row?.operator
}
