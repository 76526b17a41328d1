/** What ails a camera: it answers nothing, something hangs in front of it, its light is out, or it shows one picture for ever. */
export type CameraAilment = 'silent' | 'covered' | 'dark' | 'frozen'
export const CAMERA_AILMENTS: readonly CameraAilment[] = ['silent', 'covered', 'dark', 'frozen']
