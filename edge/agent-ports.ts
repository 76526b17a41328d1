import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import type { PictureReader } from './camera/picture-reader.ts'
import type { MachineRun } from './climate/lockout-keeper.ts'
import type { Settings } from './config.ts'
import type { EdgeDatabase } from './database.ts'
import type { Link } from './delivery/link.ts'
import type { DeviceApi } from './enrolment/device-api.ts'
import type { EvidenceFiles } from './evidence/evidence-files.ts'
import type { Camera, CabinetHardware } from './hardware/ports.ts'

export const FIRMWARE = '0.1.0'

/** The wires to everything outside, and the three things that decide nothing by themselves. */
export interface AgentPorts {
  clock: Clock
  ids: Ids
  random: Random
  log: Logger
  db: EdgeDatabase
  hardware: CabinetHardware
  link: Link
  cameras: readonly Camera[]
  readPicture: PictureReader
  files: EvidenceFiles
  /** Whether another visit could be recorded to its end; without it there always is room. */
  hasRoom?: () => boolean
  /** @param nowMs  the core's time as the agent knows it, for signatures */
  createDeviceApi: (nowMs: () => number) => DeviceApi
  profileName: string
  /** Names the present run of the machine and how long it lasts; absent where the system does not tell. */
  machineRun?: () => MachineRun
  settings: Settings
  /** The core asked for a restart of the agent. */
  restart: () => void
  /** The core answers, and it is known what it wants of this cabinet: sessions can start. May be called again. */
  onReady: () => void
}

export interface Agent {
  readonly boot: number
  readonly epoch: string
  start(): void
  stop(): Promise<void>
}
