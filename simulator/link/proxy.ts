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
  hasEnded: boolean
  timer: Timer | undefined
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
  const pipes = new Set<Pipe>()
  const sockets = new Set<Socket>()

  const server = createServer({ pauseOnConnect: true }, (cabinet) => {
    sockets.add(cabinet)
    cabinet.on('close', () => sockets.delete(cabinet))
    cabinet.on('error', () => cabinet.destroy())
    if (mode === 'cut' || sockets.size > MOST_CONNECTIONS) cabinet.resetAndDestroy()
    else if (mode !== 'half-open') join(cabinet)
    // In half-open mode it stays paused and unanswered until the line is back.
  })

  function join(cabinet: Socket) {
    const core = connect(target)
    sockets.add(core)
    core.setNoDelay(true)
    cabinet.setNoDelay(true)
    const up = makePipe(cabinet, core, false)
    const down = makePipe(core, cabinet, true)
    // A broken socket breaks its partner, unless the line between them is dead: then nobody hears of it yet.
    const onBroken = () => {
      if (mode !== 'half-open') close(up, down)
    }
    for (const socket of [cabinet, core]) {
      socket.on('error', onBroken)
      socket.on('close', (hadError) => {
        sockets.delete(socket)
        if (hadError) onBroken()
      })
    }
    cabinet.resume()
  }
  function makePipe(from: Socket, to: Socket, isDownstream: boolean): Pipe {
    const pipe: Pipe = {
      from,
      to,
      isDownstream,
      queue: [],
      queuedBytes: 0,
      hasEnded: false,
      timer: undefined,
    }
    pipes.add(pipe)
    from.on('data', (bytes: Uint8Array) => {
      pipe.queue.push({ bytes, dueMs: clock.monoMs() + delayMs })
      pipe.queuedBytes += bytes.length
      if (pipe.queuedBytes > MOST_QUEUED_BYTES) from.pause()
      flush(pipe)
    })
    from.on('end', () => {
      pipe.hasEnded = true
      flush(pipe)
    })
    to.on('drain', () => flush(pipe))
    return pipe
  }
  function close(...both: Pipe[]) {
    for (const pipe of both) {
      pipe.timer?.cancel()
      pipes.delete(pipe)
      pipe.from.destroy()
    }
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
      if (pipe.to.writableNeedDrain) return
      pipe.queue.shift()
      pipe.queuedBytes -= first.bytes.length
      if (!pipe.to.destroyed) pipe.to.write(first.bytes)
    }
    if (pipe.queuedBytes <= MOST_QUEUED_BYTES && pipe.from.isPaused() && !pipe.from.destroyed)
      pipe.from.resume()
    if (pipe.hasEnded && !pipe.to.destroyed) pipe.to.end()
  }
  function cutAll() {
    for (const pipe of pipes) pipe.timer?.cancel()
    pipes.clear()
    for (const socket of sockets) socket.resetAndDestroy()
  }
  function restore() {
    const joined = new Set<Socket>()
    for (const pipe of pipes) {
      joined.add(pipe.from)
      // One end gave up while the line was dead: now the other hears of it, after what was still under way.
      if (pipe.from.destroyed) pipe.hasEnded = true
      flush(pipe)
    }
    for (const pipe of pipes) {
      if (pipe.from.destroyed && pipe.queue.length === 0) {
        pipe.to.destroy()
        pipes.delete(pipe)
      }
    }
    for (const socket of sockets) {
      if (!joined.has(socket) && !socket.destroyed) join(socket)
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
      return sockets.size
    },
    get heldBytes() {
      let bytes = 0
      for (const pipe of pipes) if (pipe.isDownstream && isBlocked(pipe)) bytes += pipe.queuedBytes
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
