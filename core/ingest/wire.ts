import type { DownChannel } from '#protocol/topics.ts'

/** What the core says to cabinets. */
export interface CabinetWire {
  /** @returns false when there is no broker, or the cabinet is unknown; nothing is queued then */
  publish(cabinetId: string, channel: DownChannel, frame: object): boolean
}
