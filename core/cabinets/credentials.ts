import { createHash, createPublicKey, pbkdf2Sync } from 'node:crypto'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Authority, IssuedCertificate } from '#core/authority/authority.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { createEnrolmentCodes, type CreatedCode } from './enrolment-codes.ts'
import type { CabinetRegistry } from './registry.ts'

/** What a cabinet gets: exactly one of password and certificate. */
export interface IssuedCredential {
  readonly cabinetId: string
  readonly partition: number
  readonly credentialId: string
  /** 256 bits of chance; only hashes of it are kept here. */
  readonly password: string | undefined
  readonly certificate: IssuedCertificate | undefined
}
export interface CredentialRequest {
  readonly publicKeyPem: string
  /** PKCS #10 for the same key; without it the cabinet gets a password. */
  readonly certificateRequestPem?: string
}
/** What a cabinet hears when it asks whether its credentials are still good. */
export interface CredentialAdvice {
  readonly isRotationDue: boolean
  /** When credentials are renewed without being asked. */
  readonly renewAtMs: number
}

/** One-time codes, enrolment, exchange and withdrawal of what cabinets prove themselves with. */
export interface Credentials {
  createCode(cabinetId: string, by: string): Promise<CreatedCode>
  /** @throws enrolment_code_invalid, bad_request */
  enrol(request: CredentialRequest & { code: string; hardware: object }): Promise<IssuedCredential>
  /** Asked by the cabinet itself. The present credentials go on holding until the new ones were used. */
  rotate(cabinetId: string, request: CredentialRequest): Promise<IssuedCredential>
  advise(cabinetId: string, credentialId: string): Promise<CredentialAdvice>
  /** Asked by a person: the cabinet exchanges its credentials as soon as it hears of it. */
  askForRotation(cabinetId: string, by: string): Promise<void>
  /** A cabinet proved itself with this; older ones end after the overlap. */
  used(cabinetId: string, credentialId: string, address: string): Promise<void>
  revoke(cabinetId: string, by: string): Promise<void>
}

const PASSWORD_BYTES = 32
/** More than this are only there when answers were lost; the oldest unused one goes. */
const LIVE_MOST = 3
/** Renewed when this share of the life is left. */
const RENEW_SHARE = 3
/** Between two notes of the last use. */
const USE_NOTED_EVERY_MS = 60_000
// A password of 256 bits needs no slow hash; these are the rounds that mosquitto_passwd takes.
const BROKER_HASH_ROUNDS = 101

export function createCredentials(
  deps: CoreDeps & { registry: CabinetRegistry; authority: Authority; codeKey: Uint8Array },
): Credentials {
  const { db, ids, random, policy, registry, authority } = deps
  const codes = createEnrolmentCodes(deps, deps.codeKey, authority.fingerprint)
  const notedAtMs = new Map<string, number>()

  /** Everything that takes a while, before the transaction. */
  async function prepare(cabinetId: string, request: CredentialRequest) {
    const { publicKeyPem, certificateRequestPem } = request
    if (certificateRequestPem !== undefined) {
      const certificate = await authority.issueForCabinet({
        cabinetId,
        certificateRequestPem,
        publicKeyPem,
        lifeMs: policy.credentialLifeMs,
      })
      return { certificate, password: undefined, proofSha256: certificate.sha256, brokerHash: null }
    }
    const password = Buffer.from(random.bytes(PASSWORD_BYTES)).toString('base64url')
    return {
      certificate: undefined,
      password,
      proofSha256: createHash('sha256').update(password).digest('hex'),
      brokerHash: mosquittoHash(password, random.bytes(12)),
    }
  }

  async function insert(
    tx: Tx,
    cabinetId: string,
    publicKeyPem: string,
    cause: 'enrolment' | 'rotation',
    made: Awaited<ReturnType<typeof prepare>>,
  ): Promise<string> {
    const credentialId = ids.next('credential')
    await tx
      .insertInto('credential')
      .values({
        credentialId,
        cabinetId,
        kind: made.certificate === undefined ? 'password' : 'certificate',
        proofSha256: made.proofSha256,
        serial: made.certificate?.serial ?? null,
        brokerHash: made.brokerHash,
        publicKeyPem,
        cause,
        issuedAtMs: nowOf(tx),
        expiresAtMs: made.certificate?.expiresAtMs ?? null,
        firstUsedAtMs: null,
        lastUsedAtMs: null,
        lastAddress: null,
        endsAtMs: null,
        revokedAtMs: null,
      })
      .execute()
    return credentialId
  }

  function partitionOf(cabinetId: string): number {
    const cabinet = registry.find(cabinetId)
    if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
    return cabinet.partition
  }

  async function revokeAll(tx: Tx, cabinetId: string): Promise<void> {
    await tx
      .updateTable('credential')
      .set({ revokedAtMs: nowOf(tx) })
      .where('cabinetId', '=', cabinetId)
      .where('revokedAtMs', 'is', null)
      .execute()
  }

  return {
    async createCode(cabinetId, by) {
      partitionOf(cabinetId)
      const created = await codes.create(cabinetId, by)
      await db.write('tell of the code', (tx) =>
        recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId }),
      )
      return created
    },
    async enrol({ code, hardware, ...request }) {
      checkKey(request.publicKeyPem)
      const taken = await codes.take(code, request.publicKeyPem)
      if (taken === undefined) throw new CabinetError('enrolment_code_invalid')
      const { cabinetId, handle } = taken
      const made = await prepare(cabinetId, request)
      const credentialId = await db.write('enrol', async (tx) => {
        await codes.spend(tx, handle, request.publicKeyPem)
        // Whoever held this identity before holds it no longer.
        await revokeAll(tx, cabinetId)
        const credentialId = await insert(tx, cabinetId, request.publicKeyPem, 'enrolment', made)
        await tx
          .updateTable('cabinet')
          .set({
            hardware: JSON.stringify(hardware),
            enrolledAtMs: nowOf(tx),
            revokedAtMs: null,
            rotationAskedAtMs: null,
          })
          .where('cabinetId', '=', cabinetId)
          .execute()
        await appendAudit(tx, {
          actor: `cabinet:${cabinetId}`,
          action: 'cabinet.enrolled',
          subject: `cabinet:${cabinetId}`,
          detail: { credentialId, kind: made.certificate === undefined ? 'password' : 'certificate' },
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
        return credentialId
      })
      await registry.refresh(cabinetId)
      return { cabinetId, partition: partitionOf(cabinetId), credentialId, ...secretsOf(made) }
    },
    async rotate(cabinetId, request) {
      checkKey(request.publicKeyPem)
      const partition = partitionOf(cabinetId)
      const made = await prepare(cabinetId, request)
      const credentialId = await db.write('rotate credentials', async (tx) => {
        await makeRoom(tx, cabinetId)
        const credentialId = await insert(tx, cabinetId, request.publicKeyPem, 'rotation', made)
        await appendAudit(tx, {
          actor: `cabinet:${cabinetId}`,
          action: 'credential.issued',
          subject: `cabinet:${cabinetId}`,
          detail: { credentialId, kind: made.certificate === undefined ? 'password' : 'certificate' },
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
        return credentialId
      })
      await registry.refresh(cabinetId)
      return { cabinetId, partition, credentialId, ...secretsOf(made) }
    },
    async advise(cabinetId, credentialId) {
      const row = await db.read
        .selectFrom('credential')
        .innerJoin('cabinet', 'cabinet.cabinetId', 'credential.cabinetId')
        .select(['issuedAtMs', 'expiresAtMs', 'rotationAskedAtMs'])
        .where('credential.cabinetId', '=', cabinetId)
        .where('credentialId', '=', credentialId)
        .executeTakeFirstOrThrow()
      const lifeMs = row.expiresAtMs === null ? policy.credentialLifeMs : row.expiresAtMs - row.issuedAtMs
      const renewAtMs = row.issuedAtMs + lifeMs - Math.floor(lifeMs / RENEW_SHARE)
      const isAsked = row.rotationAskedAtMs !== null && row.rotationAskedAtMs >= row.issuedAtMs
      return { isRotationDue: isAsked || renewAtMs <= deps.clock.now(), renewAtMs }
    },
    async askForRotation(cabinetId, by) {
      partitionOf(cabinetId)
      await db.write('ask for rotation', async (tx) => {
        await tx
          .updateTable('cabinet')
          .set({ rotationAskedAtMs: nowOf(tx) })
          .where('cabinetId', '=', cabinetId)
          .execute()
        await appendAudit(tx, {
          actor: by,
          action: 'credential.rotation_asked',
          subject: `cabinet:${cabinetId}`,
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
      })
    },
    async used(cabinetId, credentialId, address) {
      const nowMs = deps.clock.now()
      const noted = notedAtMs.get(credentialId)
      if (noted !== undefined && nowMs - noted < USE_NOTED_EVERY_MS) return
      notedAtMs.set(credentialId, nowMs)
      const hasReplaced = await db.write('credential used', async (tx) => {
        const row = await tx
          .updateTable('credential')
          .set((eb) => ({
            firstUsedAtMs: eb.fn.coalesce('firstUsedAtMs', eb.val(nowOf(tx))),
            lastUsedAtMs: nowOf(tx),
            lastAddress: address.slice(0, 64),
          }))
          .where('credentialId', '=', credentialId)
          .where('cabinetId', '=', cabinetId)
          .where('revokedAtMs', 'is', null)
          .returning('issuedAtMs')
          .executeTakeFirst()
        if (row === undefined) return false
        const { numUpdatedRows } = await tx
          .updateTable('credential')
          .set({ endsAtMs: nowOf(tx) + policy.credentialOverlapMs })
          .where('cabinetId', '=', cabinetId)
          .where('credentialId', '<>', credentialId)
          .where('issuedAtMs', '<', row.issuedAtMs)
          .where('endsAtMs', 'is', null)
          .where('revokedAtMs', 'is', null)
          .executeTakeFirstOrThrow()
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
        return numUpdatedRows > 0n
      })
      if (hasReplaced) await registry.refresh(cabinetId)
    },
    async revoke(cabinetId, by) {
      partitionOf(cabinetId)
      await db.write('revoke cabinet', async (tx) => {
        await revokeAll(tx, cabinetId)
        await tx
          .updateTable('cabinet')
          .set({ revokedAtMs: nowOf(tx), rotationAskedAtMs: null })
          .where('cabinetId', '=', cabinetId)
          .execute()
        await tx
          .updateTable('enrolmentCode')
          .set({ triesLeft: 0 })
          .where('cabinetId', '=', cabinetId)
          .where('usedAtMs', 'is', null)
          .execute()
        await appendAudit(tx, { actor: by, action: 'cabinet.revoked', subject: `cabinet:${cabinetId}` })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
      })
      await registry.refresh(cabinetId)
    },
  }

  async function makeRoom(tx: Tx, cabinetId: string): Promise<void> {
    const nowMs = nowOf(tx)
    const live = await tx
      .selectFrom('credential')
      .select(['credentialId', 'firstUsedAtMs'])
      .where('cabinetId', '=', cabinetId)
      .where('revokedAtMs', 'is', null)
      .where((eb) => eb.or([eb('endsAtMs', 'is', null), eb('endsAtMs', '>', nowMs)]))
      .orderBy('issuedAtMs')
      .execute()
    if (live.length < LIVE_MOST) return
    const unused = live.find(({ firstUsedAtMs }) => firstUsedAtMs === null)
    if (unused === undefined)
      throw new CabinetError(
        'conflict',
        'Credentials were exchanged too often; wait until the old ones have ended.',
      )
    await tx
      .updateTable('credential')
      .set({ revokedAtMs: nowMs })
      .where('credentialId', '=', unused.credentialId)
      .execute()
  }
}

function secretsOf({
  password,
  certificate,
}: {
  password: string | undefined
  certificate: IssuedCertificate | undefined
}) {
  return { password, certificate }
}

/** `$7$rounds$salt$hash`, PBKDF2 with SHA-512: the form of Mosquitto's password file. */
export function mosquittoHash(password: string, salt: Uint8Array): string {
  const hash = pbkdf2Sync(password, salt, BROKER_HASH_ROUNDS, 64, 'sha512')
  return `$7$${BROKER_HASH_ROUNDS}$${Buffer.from(salt).toString('base64')}$${hash.toString('base64')}`
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
