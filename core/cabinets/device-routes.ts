import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { CabinetError } from '#protocol/base/errors.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import { parseValue } from '#protocol/messages/index.ts'
import type { Authority } from '#core/authority/authority.ts'
import type { CabinetIdentity } from '#core/platform/access.ts'
import { CHUNK_BYTES_MOST, type EvidenceStore, type MediaType } from '#core/platform/evidence.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { Credentials, IssuedCredential } from './credentials.ts'

const closed = { additionalProperties: false } as const
const PublicKey = Type.String({ minLength: 50, maxLength: 2000 })
const CertificateRequest = Type.Optional(Type.String({ minLength: 50, maxLength: 8000 }))
const EnrolBody = Type.Object(
  {
    code: Type.String({ minLength: 4, maxLength: 80 }),
    publicKeyPem: PublicKey,
    /** PKCS #10, PEM, for the same key; without it the answer brings a password. */
    certificateRequestPem: CertificateRequest,
    hardware: Type.Object(
      {
        profile: Type.Optional(Type.String({ maxLength: 64 })),
        firmware: Type.Optional(Type.String({ maxLength: 64 })),
        sensors: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
        cameras: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
      },
      closed,
    ),
  },
  closed,
)
const RotateBody = Type.Object({ publicKeyPem: PublicKey, certificateRequestPem: CertificateRequest }, closed)
const EvidenceParams = Type.Object(
  { sessionId: Type.String({ pattern: ID_PATTERN }), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  closed,
)
const EvidenceQuery = Type.Object(
  {
    offset: Type.Integer({ minimum: 0 }),
    total: Type.Integer({ minimum: 1 }),
    kind: Type.Union([Type.Literal('weight-trace'), Type.Literal('snapshot')]),
    mediaType: Type.Union([Type.Literal('image/jpeg'), Type.Literal('application/json')]),
  },
  closed,
)

/** What cabinets ask over HTTPS: the authority, to be enrolled, fresh credentials, the time, and to store evidence. */
export function registerDeviceRoutes(
  app: HttpApp,
  deps: {
    credentials: Credentials
    authority: Authority
    evidence: EvidenceStore
    clock: { now(): number }
    /** Where a cabinet reaches the broker. */
    mqtt: (kind: 'certificate' | 'password') => { host: string; port: number; isTls: boolean; caPem: string }
  },
): void {
  const { credentials, authority, evidence, clock } = deps
  const isPublic = { access: { kind: 'public' as const } }
  const isDevice = { access: { kind: 'device' as const } }

  app.get('/device/time', { config: isPublic }, async () => ({ serverTimeMs: clock.now() }))
  // Asked before anything is trusted: the cabinet compares it with the fingerprint in its enrolment code.
  app.get('/device/authority', { config: isPublic }, async () => ({ caPem: authority.caPem }))

  app.post(
    '/device/enrol',
    // A code allows few tries by itself; this keeps guessing at names of codes away.
    { config: { ...isPublic, rateLimit: { max: 60, timeWindow: '1 minute' } }, schema: { body: EnrolBody } },
    async (request) => issuedAnswer(await credentials.enrol(request.body)),
  )

  function issuedAnswer({ cabinetId, partition, password, certificate }: IssuedCredential) {
    return {
      cabinetId,
      partition,
      mqtt: {
        ...deps.mqtt(certificate === undefined ? 'password' : 'certificate'),
        username: cabinetId,
        ...(password === undefined ? {} : { password }),
      },
      ...(certificate === undefined
        ? {}
        : { certificatePem: certificate.certificatePem, certificateExpiresAtMs: certificate.expiresAtMs }),
      serverTimeMs: clock.now(),
    }
  }

  void app.register(async (scope: HttpApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: CHUNK_BYTES_MOST },
      (_request, body, done) => done(null, body),
    )

    // Credentials. Every request of a cabinet over a new key shows that the key is in use.
    scope.get('/device/credentials', { config: isDevice }, async (request) => {
      const { cabinetId, credentialId } = request.cabinet as CabinetIdentity
      await credentials.used(cabinetId, credentialId, request.ip)
      return { ...(await credentials.advise(cabinetId, credentialId)), serverTimeMs: clock.now() }
    })
    scope.post(
      '/device/credentials',
      { config: { ...isDevice, rateLimit: { max: 20, timeWindow: '1 minute' } }, bodyLimit: 16_384 },
      async (request) => {
        const { cabinetId } = request.cabinet as CabinetIdentity
        const body = signedJson(request, RotateBody)
        return issuedAnswer(await credentials.rotate(cabinetId, body))
      },
    )

    // Evidence.
    const schema = { params: EvidenceParams, querystring: EvidenceQuery }
    const url = '/device/evidence/:sessionId/:sha256'
    scope.head(url, { config: isDevice, schema }, async (request, reply) => {
      const { cabinetId } = request.cabinet as CabinetIdentity
      const progress = await evidence.progressOf({ cabinetId, sha256: request.params.sha256 })
      return reply.header('upload-offset', String(progress.receivedBytes)).send()
    })
    scope.put(url, { config: isDevice, schema, bodyLimit: CHUNK_BYTES_MOST }, async (request) => {
      const { cabinetId } = request.cabinet as CabinetIdentity
      const bytes = signedBytes(request)
      const { offset, total, mediaType } = request.query
      const progress = await evidence.takeChunk({
        cabinetId,
        sha256: request.params.sha256,
        offset,
        totalBytes: total,
        mediaType: mediaType as MediaType,
        bytes,
      })
      return { offset: progress.receivedBytes, done: progress.isComplete }
    })
  })
}

/** @throws evidence_hash_mismatch when the body is not the one that was signed */
function signedBytes(request: FastifyRequest): Uint8Array {
  const body: unknown = request.body
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  if (createHash('sha256').update(bytes).digest('hex') !== request.headers['x-content-sha256'])
    throw new CabinetError('evidence_hash_mismatch', 'The body does not have the SHA-256 that was signed.')
  return bytes
}

function signedJson<T extends TSchema>(request: FastifyRequest, schema: T): Type.Static<T> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(signedBytes(request)).toString('utf8'))
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError('bad_request', 'The body is not JSON.', { cause: error })
  }
  const parsed = parseValue(schema, value)
  if (!parsed.ok) throw new CabinetError('bad_request', `${parsed.reason}.`)
  return parsed.value
}
