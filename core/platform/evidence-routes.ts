import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { EvidenceStore } from './evidence.ts'
import type { HttpApp } from './http.ts'

/**
 * GET /api/evidence/:sessionId/:sha256: a picture or a weight trace, for staff who may see it and for the consumer whose
 * session it is. Each view of staff is audited.
 */
export function registerEvidenceRoutes(
  app: HttpApp,
  deps: {
    evidence: EvidenceStore
    /**
     * Writes the audit entry of a view by staff.
     * @returns who looks
     * @throws not_found when the reader may not see it
     */
    authorise: (request: FastifyRequest, sessionId: string, sha256: string) => Promise<'consumer' | 'staff'>
  },
): void {
  app.get(
    '/api/evidence/:sessionId/:sha256',
    {
      config: { access: { kind: 'public' } },
      schema: {
        params: Type.Object(
          {
            sessionId: Type.String({ pattern: ID_PATTERN }),
            sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          },
          { additionalProperties: false },
        ),
      },
    },
    async (request, reply) => {
      const { sessionId, sha256 } = request.params
      const refs = await deps.evidence.evidenceOf(sessionId)
      if (!refs.some((ref) => ref.sha256 === sha256)) throw new CabinetError('not_found')
      const reader = await deps.authorise(request, sessionId, sha256)
      const file = await deps.evidence.readEvidence(sha256)
      if (file === undefined) throw new CabinetError('not_found', 'The cabinet has not sent this file yet.')
      return (
        reply
          .type(file.mediaType)
          .header('content-length', file.byteCount)
          .header('content-security-policy', "sandbox; default-src 'none'")
          // Staff ask again for each look, so that each is in the audit log and none outlives their sign-in.
          .header('cache-control', reader === 'consumer' ? 'private, max-age=3600' : 'no-store')
          .send(file.stream)
      )
    },
  )
}
