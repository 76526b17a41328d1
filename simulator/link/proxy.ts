import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'

/**
 * ok               bytes pass
 * cut              open connections break, new ones are refused
 * half-open        nothing passes and nothing breaks: each end believes that the other is there
 * hold-downstream  what the core sends is kept, and delivered late when the mode changes; what the cabinet sends passes
 */
export const NETWORK_MODES = ['ok', 'cut', 'half-open', 'hold-downstream'] as const
export type NetworkMode = (typeof NETWORK_MODES)[number]

export interface LinkProxy {
  readonly port: number
  readonly mode: NetworkMode
  readonly delayMs: number
  readonly connections: number
  /** Bytes from the core that wait for the line to come back. */
  readonly heldBytes: number
  setMode(mode: NetworkMode, delayMs?: number): void
  stop(): Promise<void>
}

/** One direction of one connection. */
interface Pipe {
  readonly from: Socket
  readonly to: Socket
  readonly isDownstream: boolean
  /** Chunks with the time at which they may go on, oldest first. */
  readonly queue: Array<{ bytes: Uint8Array; dueMs: number }>
  queuedBytes: number
  /** `from` will send no more; `to` hears of it after what is queued. */
  hasEnded: boolean
  timer: Timer | undefined
}
/** A cabinet's socket and the one that we opened to the core for it. */
interface Connection {
  readonly cabinet: Socket
  readonly core: Socket
  readonly pipes: readonly [Pipe, Pipe]
}

/** Above this the sender is paused, as the window of TCP would. */
const MOST_QUEUED_BYTES = 1024 * 1024
const MOST_CONNECTIONS = 256

/**
 * A TCP proxy that stands for the network between a cabinet and the core. It knows nothing of what passes.
 * The far end is connected when somebody connects here, so either may start first.
 * @throws CabinetError port_taken naming `flag`
 */
export async function startLinkProxy(options: {
  clock: Clock
  name: string
  flag: string
  host: string
  port: number
  target: { host: string; port: number }
}): Promise<LinkProxy> {
  const { clock, target } = options
  let mode: NetworkMode = 'ok'
  let delayMs = 0
  const connections = new Set<Connection>()
  /** Cabinets that dialled into a dead line: accepted, and nobody answers. */
  const waiting = new Set<Socket>()

  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (cabinet) => {
    cabinet.on('error', () => cabinet.destroy())
    if (mode === 'cut' || connections.size + waiting.size >= MOST_CONNECTIONS) cabinet.resetAndDestroy()
    else if (mode === 'half-open') {
      waiting.add(cabinet)
      cabinet.on('close', () => waiting.delete(cabinet))
    } else join(cabinet)
  })

  function join(cabinet: Socket) {
    const core = connect({ ...target, allowHalfOpen: true })
    core.on('error', () => core.destroy())
    const connection: Connection = {
      cabinet,
      core,
      pipes: [createPipe(cabinet, core, false), createPipe(core, cabinet, true)],
    }
    connections.add(connection)
    for (const socket of [cabinet, core]) {
      socket.setNoDelay(true)
      // While the line is dead, neither end hears what became of the other.
      socket.on('close', () => {
        if (mode !== 'half-open') settle(connection)
      })
    }
    for (const pipe of connection.pipes) pour(pipe)
    cabinet.resume()
  }
  function pour(pipe: Pipe) {
    const { from, to, queue } = pipe
    from.on('data', (bytes: Uint8Array) => {
      queue.push({ bytes, dueMs: clock.monoMs() + delayMs })
      pipe.queuedBytes += bytes.length
      if (pipe.queuedBytes > MOST_QUEUED_BYTES) from.pause()
      flush(pipe)
    })
    from.on('end', () => {
      pipe.hasEnded = true
      flush(pipe)
    })
    to.on('drain', () => flush(pipe))
  }
  function isBlocked(pipe: Pipe): boolean {
    return mode === 'half-open' || (mode === 'hold-downstream' && pipe.isDownstream)
  }
  function flush(pipe: Pipe) {
    pipe.timer?.cancel()
    pipe.timer = undefined
    if (isBlocked(pipe)) return
    for (let first = pipe.queue[0]; first !== undefined; first = pipe.queue[0]) {
      const leftMs = first.dueMs - clock.monoMs()
      if (leftMs > 0) {
        pipe.timer = clock.setTimer(`${options.name}-delay`, leftMs, () => flush(pipe))
        return
      }
      if (pipe.to.writableNeedDrain && !pipe.to.destroyed) return
      pipe.queue.shift()
      pipe.queuedBytes -= first.bytes.length
      if (!pipe.to.destroyed) pipe.to.write(first.bytes)
    }
    if (pipe.from.isPaused() && !pipe.from.destroyed) pipe.from.resume()
    if (pipe.hasEnded && !pipe.to.destroyed) pipe.to.end()
  }
  /** One end is gone: the other one goes too, and the connection is forgotten. */
  function settle(connection: Connection) {
    const { cabinet, core, pipes } = connection
    if (!cabinet.destroyed && !core.destroyed) return
    // What the core said last still reaches a cabinet that is there, as a network would bring it.
    for (const pipe of pipes) flush(pipe)
    for (const socket of [cabinet, core]) {
      if (!socket.destroyed) socket.destroySoon()
    }
    for (const pipe of pipes) pipe.timer?.cancel()
    connections.delete(connection)
  }
  function cutAll() {
    for (const { cabinet, core, pipes } of connections) {
      for (const pipe of pipes) pipe.timer?.cancel()
      for (const socket of [cabinet, core]) breakOff(socket)
    }
    connections.clear()
    for (const cabinet of waiting) breakOff(cabinet)
    waiting.clear()
  }
  /** The line carries again: what was under way goes on, and each end hears what became of the other. */
  function restore() {
    for (const connection of connections) {
      for (const pipe of connection.pipes) flush(pipe)
      settle(connection)
    }
    for (const cabinet of waiting) {
      waiting.delete(cabinet)
      join(cabinet)
    }
  }

  await listen(server, options)
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    get mode() {
      return mode
    },
    get delayMs() {
      return delayMs
    },
    get connections() {
      return connections.size + waiting.size
    },
    get heldBytes() {
      let bytes = 0
      for (const { pipes } of connections) {
        for (const pipe of pipes) if (pipe.isDownstream && isBlocked(pipe)) bytes += pipe.queuedBytes
      }
      return bytes
    },
    setMode(next, nextDelayMs) {
      mode = next
      if (nextDelayMs !== undefined) delayMs = nextDelayMs
      if (next === 'cut') cutAll()
      else if (next !== 'half-open') restore()
    },
    async stop() {
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function createPipe(from: Socket, to: Socket, isDownstream: boolean): Pipe {
  return { from, to, isDownstream, queue: [], queuedBytes: 0, hasEnded: false, timer: undefined }
}
function breakOff(socket: Socket) {
  if (socket.connecting) socket.destroy()
  else if (!socket.destroyed) socket.resetAndDestroy()
}

/** @throws CabinetError port_taken naming the flag */
function listen(server: Server, options: { host: string; port: number; flag: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE'
      reject(
        isTaken
          ? new CabinetError('port_taken', `Port ${options.port} (${options.flag}) is in use.`, {
              cause: error,
            })
          : new CabinetError(
              'config_invalid',
              `Cannot listen on ${options.host}:${options.port} (${options.flag}): ${messageOf(error)}.`,
              { cause: error },
            ),
      )
    })
    server.listen({ host: options.host, port: options.port }, () => resolve())
  })
}
