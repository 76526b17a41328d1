import { createPublicKey, verify } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { CabinetError } from '#protocol/base/errors.ts'
import { isId } from '#protocol/base/ids.ts'
import type { CabinetIdentity } from '#core/platform/access.ts'
import type { Database } from '#core/platform/database.ts'

/** A signed request is good for this long before and after the time that it names. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * Proves a cabinet by the Ed25519 key of one of its credentials: it signs
 * `${method}\n${pathAndQuery}\n${contentSha256}\n${timestampMs}`. The handler compares the hash with the body. A
 * certificate may have expired, as long as nothing replaced or withdrew it: a cabinet that stood in a warehouse for a
 * year renews itself this way.
 */
export function createDeviceAuthenticator(deps: { db: Database; clock: { now(): number } }) {
  return async (request: FastifyRequest): Promise<CabinetIdentity | undefined> => {
    const cabinetId = headerOf(request, 'x-cabinet-id')
    const timestampMs = headerOf(request, 'x-timestamp-ms')
    const contentSha256 = headerOf(request, 'x-content-sha256')
    const signature = headerOf(request, 'x-signature')
    if (!isId(cabinetId) || !/^\d{1,16}$/.test(timestampMs) || !/^[0-9a-f]{64}$/.test(contentSha256))
      return undefined
    const nowMs = deps.clock.now()
    if (Math.abs(Number(timestampMs) - nowMs) > CLOCK_TOLERANCE_MS) {
      throw new CabinetError(
        'not_signed_in',
        'The time of the signature is more than five minutes off; ask /device/time.',
      )
    }
    const rows = await deps.db.read
      .selectFrom('credential')
      .innerJoin('cabinet', 'cabinet.cabinetId', 'credential.cabinetId')
      .select(['credentialId', 'partition', 'publicKeyPem'])
      .where('credential.cabinetId', '=', cabinetId)
      .where('cabinet.revokedAtMs', 'is', null)
      .where('credential.revokedAtMs', 'is', null)
      .where((eb) => eb.or([eb('endsAtMs', 'is', null), eb('endsAtMs', '>', nowMs)]))
      .orderBy('issuedAtMs', 'desc')
      .execute()
    const text = Buffer.from(`${request.method}\n${request.raw.url ?? ''}\n${contentSha256}\n${timestampMs}`)
    const proof = Buffer.from(signature, 'base64')
    const row = rows.find(({ publicKeyPem }) => verify(null, text, createPublicKey(publicKeyPem), proof))
    return row && { cabinetId, partition: row.partition, credentialId: row.credentialId }
  }
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
