/**
 * clear        as it should be
 * covered      a hand or a cloth over the lens: dark, nearly uniform
 * dark         the light is off
 * frozen       the same picture and the same time again and again
 * moved        somebody knocked the camera: it looks aside
 * blurred      out of focus, or fogged
 * unreachable  connections break
 * wrong-type   answers with a page instead of a picture
 */
export const CAMERA_MODES = [
  'clear',
  'covered',
  'dark',
  'frozen',
  'moved',
  'blurred',
  'unreachable',
  'wrong-type',
] as const
export type CameraMode = (typeof CAMERA_MODES)[number]
