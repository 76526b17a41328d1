import Type from 'typebox'
import { Sha256Hex } from '#protocol/messages/common.ts'
import { parseValue } from '#protocol/messages/index.ts'
import type { EventHandlers } from '#core/ingest/handlers.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'

const Pictures = Type.Object({
  pictures: Type.Array(
    Type.Object({
      camera: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
      sha256: Sha256Hex,
      byteCount: Type.Integer({ minimum: 1 }),
    }),
    { maxItems: 16 },
  ),
})

/**
 * Pictures that somebody asked for are kept like those of a session, under the id of their command: they go with the routine
 * pictures when their time is over.
 */
export function keepCommandPictures(evidence: Pick<EvidenceStore, 'registerEvidence'>): EventHandlers {
  return {
    'command.finished': async (tx, { cabinetId, occurredAtMs }, { commandId, name, status, result }) => {
      if (name !== 'camera.snapshot' || status !== 'succeeded') return
      const parsed = parseValue(Pictures, result)
      if (!parsed.ok) return
      await evidence.registerEvidence(
        tx,
        { sessionId: commandId, cabinetId, startedAtMs: occurredAtMs },
        parsed.value.pictures.map(({ camera, sha256, byteCount }) => ({
          kind: 'snapshot' as const,
          sha256,
          byteCount,
          mediaType: 'image/jpeg' as const,
          tMs: 0,
          moment: 'whole' as const,
          camera,
        })),
      )
    },
  }
}
