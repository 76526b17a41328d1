/** A device that may connect: its partition and the SHA-256 of its password in lower-case hexadecimal. */
export interface BrokerDevice {
  readonly cabinetId: string
  readonly partition: number
  readonly passwordSha256: string
}

/** From the core to the broker process, over IPC; secrets never stand on a command line. */
export type ToBroker =
  | {
      type: 'start'
      /** Password of the core's own connection, new for each start of the broker. */
      coreSecret: string
      devices: readonly BrokerDevice[]
      host: string
      /** 0: a free one. */
      devicePort: number
    }
  /** The core's subscriptions are granted: devices may come. */
  | { type: 'open' }
  | { type: 'admit'; device: BrokerDevice }
  /** Forget the device and cut its connection. */
  | { type: 'revoke'; cabinetId: string }

/** From the broker process to the core. */
export type FromBroker =
  /** The process has loaded and waits for `start`. */
  | { type: 'loaded' }
  | { type: 'core-listening'; port: number }
  | { type: 'device-listening'; port: number }
  | { type: 'failed'; code: 'port_taken' | 'internal'; message: string }
  /** A second connection with the identity of a live one: a half-open socket, or a copy of the cabinet. */
  | { type: 'takeover'; cabinetId: string; address: string }
  | { type: 'refused'; reason: string; address: string; cabinetId?: string }

/** Name of the core's own connection; not a valid identity for a device on the device listener. */
export const CORE_IDENTITY = 'core'
