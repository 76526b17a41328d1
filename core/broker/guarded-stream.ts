import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Clock, Timer } from '#protocol/base/clock.ts'

export interface StreamLimits {
  /**
   * What may wait for a peer that does not read, in bytes; beyond it the connection ends. Nobody else ever waits for
   * it: aedes would hold every publisher for up to its drainTimeout. null: the writer waits, for a peer of ours.
   */
  readonly unsentBytesMost: number | null
  /** Bytes a second that are read once the burst is used up; null: as they come. */
  readonly readBytesPerSecond: number | null
  readonly readBurstBytes: number
}

/** A socket whose incoming bytes pass `inspect` first; a reason from it ends the connection. */
export class GuardedStream extends Duplex {
  readonly #socket: Socket
  readonly #limits: StreamLimits
  readonly #clock: Clock
  readonly #onRefused: (reason: string) => void
  readonly remoteAddress: string
  #allowance: number
  #countedAtMonoMs: number
  #pause: Timer | undefined

  constructor(
    socket: Socket,
    clock: Clock,
    limits: StreamLimits,
    inspect: (chunk: Uint8Array) => string | undefined,
    onRefused: (reason: string) => void,
  ) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    this.#limits = limits
    this.#clock = clock
    this.#onRefused = onRefused
    this.#allowance = limits.readBurstBytes
    this.#countedAtMonoMs = clock.monoMs()
    this.remoteAddress = socket.remoteAddress ?? ''
    socket.on('data', (chunk: Buffer) => {
      const reason = inspect(chunk)
      if (reason !== undefined) {
        this.#refuse(reason)
        return
      }
      const mayGoOn = this.#spend(chunk.length)
      if (!this.push(chunk) || !mayGoOn) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    if (this.#pause === undefined) this.#socket.resume()
  }
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#afterWrite(this.#socket.write(chunk, encoding), done)
  }
  override _writev(
    chunks: Array<{ chunk: Buffer; encoding: BufferEncoding }>,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork()
    let isFlowing = true
    for (const { chunk, encoding } of chunks) isFlowing = this.#socket.write(chunk, encoding)
    this.#socket.uncork()
    this.#afterWrite(isFlowing, done)
  }
  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#pause?.cancel()
    this.#socket.destroy()
    done(error)
  }

  /** @returns whether more may be read at once */
  #spend(byteCount: number): boolean {
    const { readBytesPerSecond, readBurstBytes } = this.#limits
    if (readBytesPerSecond === null) return true
    const nowMonoMs = this.#clock.monoMs()
    const earned = ((nowMonoMs - this.#countedAtMonoMs) / 1000) * readBytesPerSecond
    this.#countedAtMonoMs = nowMonoMs
    this.#allowance = Math.min(readBurstBytes, this.#allowance + earned) - byteCount
    if (this.#allowance >= 0) return true
    const waitMs = Math.ceil((-this.#allowance * 1000) / readBytesPerSecond)
    this.#pause ??= this.#clock.setTimer('read a talkative device again', waitMs, () => {
      this.#pause = undefined
      if (!this.destroyed) this.#socket.resume()
    })
    return false
  }

  #afterWrite(isFlowing: boolean, done: (error?: Error | null) => void): void {
    const { unsentBytesMost } = this.#limits
    if (unsentBytesMost === null) {
      if (isFlowing) done()
      else this.#whenDrained(done)
      return
    }
    if (this.#socket.writableLength > unsentBytesMost) {
      done()
      this.#refuse(`it does not read: more than ${unsentBytesMost} bytes wait for it`)
      return
    }
    done()
  }

  #refuse(reason: string): void {
    if (this.destroyed) return
    this.#onRefused(reason)
    this.destroy()
  }

  #whenDrained(done: (error?: Error | null) => void): void {
    const socket = this.#socket
    const finish = () => {
      socket.off('drain', finish)
      socket.off('close', finish)
      done()
    }
    socket.once('drain', finish)
    socket.once('close', finish)
  }
}
