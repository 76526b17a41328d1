import { createPublicKey, verify } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { CabinetError } from '#protocol/base/errors.ts'
import { isId } from '#protocol/base/ids.ts'
import type { CabinetIdentity } from '#core/platform/access.ts'
import type { Database } from '#core/platform/database.ts'

/** A signed request is good for this long before and after the time that it names. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * Proves a cabinet by its Ed25519 key: it signs `${method}\n${pathAndQuery}\n${contentSha256}\n${timestampMs}`. The
 * handler compares the hash with the body.
 */
export function createDeviceAuthenticator(deps: { db: Database; clock: { now(): number } }) {
  return async (request: FastifyRequest): Promise<CabinetIdentity | undefined> => {
    const cabinetId = headerOf(request, 'x-cabinet-id')
    const timestampMs = headerOf(request, 'x-timestamp-ms')
    const contentSha256 = headerOf(request, 'x-content-sha256')
    const signature = headerOf(request, 'x-signature')
    if (!isId(cabinetId) || !/^\d{1,16}$/.test(timestampMs) || !/^[0-9a-f]{64}$/.test(contentSha256))
      return undefined
    if (Math.abs(Number(timestampMs) - deps.clock.now()) > CLOCK_TOLERANCE_MS) {
      throw new CabinetError(
        'not_signed_in',
        'The time of the signature is more than five minutes off; ask /device/time.',
      )
    }
    const row = await deps.db.read
      .selectFrom('cabinet')
      .select(['partition', 'publicKeyPem', 'revokedAtMs'])
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    if (row === undefined || row.publicKeyPem === null || row.revokedAtMs !== null) return undefined
    const text = `${request.method}\n${request.raw.url ?? ''}\n${contentSha256}\n${timestampMs}`
    const isGood = verify(
      null,
      Buffer.from(text),
      createPublicKey(row.publicKeyPem),
      Buffer.from(signature, 'base64'),
    )
    return isGood ? { cabinetId, partition: row.partition } : undefined
  }
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
