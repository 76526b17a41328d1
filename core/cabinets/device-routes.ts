import { createHash } from 'node:crypto'
import Type from 'typebox'
import { CabinetError } from '#protocol/base/errors.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import type { CabinetIdentity } from '#core/platform/access.ts'
import { CHUNK_BYTES_MOST, type EvidenceStore, type MediaType } from '#core/platform/evidence.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { CabinetRegistry } from './registry.ts'

const closed = { additionalProperties: false } as const
const EnrolBody = Type.Object(
  {
    code: Type.String({ minLength: 4, maxLength: 40 }),
    publicKeyPem: Type.String({ minLength: 50, maxLength: 2000 }),
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

/** What cabinets ask over HTTPS: to be enrolled, the time, and to store evidence. */
export function registerDeviceRoutes(
  app: HttpApp,
  deps: {
    registry: CabinetRegistry
    evidence: EvidenceStore
    clock: { now(): number }
    /** Where a cabinet reaches the broker. */
    mqtt: () => { host: string; port: number }
  },
): void {
  const { registry, evidence, clock } = deps
  const isPublic = { access: { kind: 'public' as const } }
  const isDevice = { access: { kind: 'device' as const } }

  app.get('/device/time', { config: isPublic }, async () => ({ serverTimeMs: clock.now() }))

  app.post(
    '/device/enrol',
    // Codes have 50 bits; this many tries leave no hope.
    { config: { ...isPublic, rateLimit: { max: 20, timeWindow: '1 minute' } }, schema: { body: EnrolBody } },
    async (request) => {
      const { cabinetId, partition, password } = await registry.enrol(request.body)
      return {
        cabinetId,
        partition,
        mqtt: { ...deps.mqtt(), username: cabinetId, password },
        serverTimeMs: clock.now(),
      }
    },
  )

  void app.register(async (scope: HttpApp) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: CHUNK_BYTES_MOST },
      (_request, body, done) => done(null, body),
    )
    const schema = { params: EvidenceParams, querystring: EvidenceQuery }
    const url = '/device/evidence/:sessionId/:sha256'

    scope.head(url, { config: isDevice, schema }, async (request, reply) => {
      const { cabinetId } = request.cabinet as CabinetIdentity
      const progress = await evidence.progressOf({ cabinetId, sha256: request.params.sha256 })
      return reply.header('upload-offset', String(progress.receivedBytes)).send()
    })
    scope.put(url, { config: isDevice, schema, bodyLimit: CHUNK_BYTES_MOST }, async (request) => {
      const { cabinetId } = request.cabinet as CabinetIdentity
      const body = request.body
      const bytes = body instanceof Uint8Array ? body : new Uint8Array()
      if (createHash('sha256').update(bytes).digest('hex') !== request.headers['x-content-sha256'])
        throw new CabinetError(
          'evidence_hash_mismatch',
          'The chunk does not have the SHA-256 that was signed.',
        )
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
