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
export const CameraSnapshotTaken = Type.Object({ ...camera, sha256: Sha256Hex, moment: Code }, closed)
