/** Something with which a device may prove itself. */
export interface BrokerCredential {
  readonly credentialId: string
  readonly kind: 'certificate' | 'password'
  /** Of the password, or of the certificate's DER form; lower-case hexadecimal. */
  readonly sha256: string
  /** Refused from here on, wall clock; null: no end is known. */
  readonly endsAtMs: number | null
}
/** A device that may connect. */
export interface BrokerDevice {
  readonly cabinetId: string
  readonly partition: number
  readonly credentials: readonly BrokerCredential[]
}
/** Certificate of the server and the authority that vouches for devices, all PEM. */
export interface BrokerTls {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly caPem: string
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
      /** null: devices speak plain MQTT. */
      tls: BrokerTls | null
    }
  /** The core's subscriptions are granted: devices may come. */
  | { type: 'open' }
  /** Its credentials are these from now on; a connection with another one is cut. */
  | { type: 'admit'; device: BrokerDevice }
  /** Forget the device and cut its connection. */
  | { type: 'revoke'; cabinetId: string }
  /** Cut its connection; it may come back at once. */
  | { type: 'cut'; cabinetId: string }
  /** The certificate of the server was renewed; connections that are there stay. */
  | { type: 'renew'; tls: BrokerTls }

/** From the broker process to the core. */
export type FromBroker =
  /** The process has loaded and waits for `start`. */
  | { type: 'loaded' }
  | { type: 'core-listening'; port: number }
  | { type: 'device-listening'; port: number }
  | { type: 'failed'; code: 'port_taken' | 'internal'; message: string }
  /** A device proved itself with this credential. */
  | { type: 'proved'; cabinetId: string; credentialId: string; address: string }
  /** A second connection with the identity of a live one: a half-open socket, or a copy of the cabinet. */
  | { type: 'takeover'; cabinetId: string; address: string }
  | { type: 'refused'; reason: string; address: string; cabinetId?: string }

/** Name of the core's own connection. Its point keeps it apart from every cabinet id. */
export const CORE_IDENTITY = 'core.main'
