import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A socket whose incoming bytes pass `inspect` first; a reason from it ends the connection. */
export class GuardedStream extends Duplex {
  readonly #socket: Socket
  readonly remoteAddress: string

  constructor(
    socket: Socket,
    inspect: (chunk: Uint8Array) => string | undefined,
    onRefused: (reason: string) => void,
  ) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    this.remoteAddress = socket.remoteAddress ?? ''
    socket.on('data', (chunk: Buffer) => {
      const reason = inspect(chunk)
      if (reason !== undefined) {
        onRefused(reason)
        this.destroy()
        return
      }
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#socket.write(chunk, encoding)) done()
    else this.#whenDrained(done)
  }
  override _writev(
    chunks: Array<{ chunk: Buffer; encoding: BufferEncoding }>,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork()
    let isFlowing = true
    for (const { chunk, encoding } of chunks) isFlowing = this.#socket.write(chunk, encoding)
    this.#socket.uncork()
    if (isFlowing) done()
    else this.#whenDrained(done)
  }
  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
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
