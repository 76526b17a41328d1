import Type from 'typebox'
import { Code, closed, Id, Sha256Hex, Text } from './common.ts'

const camera = { camera: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }), sessionId: Type.Optional(Id) }
/** Measured on the pixels; the thresholds that were used are in the configuration of the edge. */
const pixels = {
  meanLuminance: Type.Number({ description: '0 to 255' }),
  laplacianVariance: Type.Number({ description: 'sharpness; near 0 is featureless' }),
  differenceFromReference: Type.Number({ description: '0 to 1' }),
}
export const CameraBlocked = Type.Object({ ...camera, kind: Code, ...pixels }, closed)
export const CameraCleared = Type.Object(
  { ...camera, kind: Code, blockedMs: Type.Integer({ minimum: 0 }) },
  closed,
)
export const CameraFrozen = Type.Object({ ...camera, frames: Type.Integer({ minimum: 1 }) }, closed)
export const CameraUnreachable = Type.Object({ ...camera, reason: Text }, closed)
/** With `byteCount` a core can register a picture of a session that came too late for its receipt. */
export const CameraSnapshotTaken = Type.Object(
  { ...camera, sha256: Sha256Hex, moment: Code, byteCount: Type.Optional(Type.Integer({ minimum: 1 })) },
  closed,
)
/** A session should have this picture and has not. */
export const EvidenceMissing = Type.Object(
  {
    sessionId: Id,
    camera: camera.camera,
    moment: Type.Union([Type.Literal('open'), Type.Literal('step'), Type.Literal('close')]),
    reason: Type.Union([
      Type.Literal('no_answer', { description: 'the camera gave no picture' }),
      Type.Literal('late', {
        description: 'it was still being taken when the receipt was sent; it may follow',
      }),
      Type.Literal('no_room', { description: 'the cabinet has no room for pictures' }),
      Type.Literal('too_many', { description: 'the session has as many pictures as it may have' }),
      Type.Literal('same_picture', { description: 'the camera gave the very same bytes as before' }),
      Type.Literal('interrupted', { description: 'the agent was not running' }),
    ]),
    detail: Type.Optional(Text),
  },
  closed,
)
export type EvidenceMissing = Type.Static<typeof EvidenceMissing>
