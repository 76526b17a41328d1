import type { Clock } from '#protocol/base/clock.ts'
import type { Bus } from '#simulator/bus/bus.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import type { Camera } from '#simulator/camera/camera.ts'
import type { CameraMode } from '#simulator/camera/modes.ts'
import type { NetworkMode } from '#simulator/link/proxy.ts'
import type { Shopper } from '#simulator/shoppers/player.ts'

/** What the control routes act on. */
export interface Parts {
  readonly clock: Clock
  readonly cabinet: Cabinet
  /** Brings the physics up to the clock. */
  readonly sync: () => void
  readonly bus: Bus
  /** The second terminal, for other masters; faults do not touch it. */
  readonly serviceBus: Bus
  readonly cameras: readonly Camera[]
  /** Of the first camera when none is named. @throws not_found */
  readonly setCamera: (mode: CameraMode, camera?: string) => void
  readonly shopper: Shopper
  readonly network: () => { mode: NetworkMode; delayMs: number; connections: number; heldBytes: number }
  readonly setNetwork: (mode: NetworkMode, delayMs?: number) => void
  readonly cameraUrl: (camera: string) => string
}
