import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import type { LiveChange } from '#protocol/api/staff/desk.ts'
import { followLive, type LiveJoin, type LiveMessage } from './staff-live-stream.ts'

export type LiveState = 'connecting' | 'live' | 'stale'

/**
 * The live feed as the pages use it. One stream a browser where SharedWorker exists: six tabs would otherwise take
 * every connection that HTTP/1.1 allows, and the seventh tab would hang.
 */
export class StaffLive {
  state: LiveState = 'connecting'
  readonly #options: { clock: Clock; random: Random; onSignedOut: () => void }
  readonly #changeListeners = new Set<(change: LiveChange) => void>()
  readonly #stateListeners = new Set<() => void>()
  #stop: (() => void) | undefined

  constructor(options: { clock: Clock; random: Random; onSignedOut: () => void }) {
    this.#options = options
  }

  /** @param since  changes after this id are told, also those that were made before the stream stands */
  start(since: number): void {
    if (this.#stop) return
    const hear = (message: LiveMessage) => this.#hear(message)
    if (typeof SharedWorker === 'undefined') {
      const stream = followLive({ ...this.#options, url: '/api/live', since }, hear)
      this.#stop = () => stream.stop()
      return
    }
    const worker = new SharedWorker(new URL('./staff-live-worker.ts', import.meta.url), {
      type: 'module',
      name: 'staff-live',
    })
    worker.port.addEventListener('message', (event: MessageEvent<LiveMessage>) => hear(event.data))
    worker.port.start()
    worker.port.postMessage({ since } satisfies LiveJoin)
    // The worker cannot see a tab go; it drops a port that says goodbye.
    const leave = () => worker.port.postMessage('leave')
    addEventListener('pagehide', leave)
    this.#stop = () => {
      removeEventListener('pagehide', leave)
      leave()
      worker.port.close()
    }
  }
  stop(): void {
    this.#stop?.()
    this.#stop = undefined
    this.#setState('connecting')
  }
  onChange(run: (change: LiveChange) => void): () => void {
    this.#changeListeners.add(run)
    return () => this.#changeListeners.delete(run)
  }
  onState(run: () => void): () => void {
    this.#stateListeners.add(run)
    return () => this.#stateListeners.delete(run)
  }

  #hear(message: LiveMessage): void {
    switch (message.type) {
      case 'change':
        for (const listener of this.#changeListeners) listener(message.change)
        return
      case 'connected':
        this.#setState('live')
        return
      case 'stale':
        this.#setState('stale')
        return
    }
  }
  #setState(state: LiveState): void {
    if (this.state === state) return
    this.state = state
    for (const listener of this.#stateListeners) listener()
  }
}
