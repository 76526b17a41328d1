import type { UpChannel } from '#protocol/topics.ts'

export interface LinkListener {
  /** Connected, subscribed and checked, birth published. */
  onUp(linkId: string): void
  onDown(reason: string): void
  onMessage(channel: 'ack' | 'cmd' | 'twin', bytes: Uint8Array, isRetained: boolean): void
}

/** A datagram service between this cabinet and the core: what it says it sent may still be lost. */
export interface Link {
  /** Id of the present connection; undefined while there is none. */
  readonly linkId: string | undefined
  start(listener: LinkListener): void
  stop(): Promise<void>
  /** @returns false when it was not even tried: no connection, or too much is waiting in the socket */
  publish(channel: UpChannel, frame: object): boolean
  /** Gives the present connection up and makes a new one. */
  drop(reason: string): void
}
