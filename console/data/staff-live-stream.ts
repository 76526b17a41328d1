import { wait, type Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import type { LiveChange } from '#protocol/api/staff/desk.ts'

/** What the reader of the stream is told. `stale`: nothing was heard for longer than a heartbeat allows. */
export type LiveMessage = { type: 'change'; change: LiveChange } | { type: 'connected' } | { type: 'stale' }

/** What a tab tells the worker first: what it was loaded after. */
export interface LiveJoin {
  readonly since: number
}

/** The core sends something at least this often; one missed beat is still in order. */
export const QUIET_LIMIT_MS = 4500
const RETRY_FLOOR_MS = 500
const RETRY_CEILING_MS = 8000

export interface SseEvent {
  event: string
  data: string
}

/** Splits a text/event-stream into events; comments (the heartbeat) yield nothing. Source: HTML standard, 9.2.6. */
export function createSseParser(handlers: {
  onEvent: (event: SseEvent) => void
  /** Also told for an id without data: the place to resume from, before anything has happened. */
  onId: (id: string) => void
}): (chunk: string) => void {
  let rest = ''
  let event = ''
  let data: string[] = []
  return (chunk) => {
    rest += chunk
    const lines = rest.split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) handlers.onEvent({ event: event || 'message', data: data.join('\n') })
        event = ''
        data = []
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) continue
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'id') handlers.onId(value)
    }
  }
}

/**
 * Follows GET /api/live for as long as it is not stopped: fetch instead of EventSource, because only fetch shows the
 * heartbeat, and a cut cable is otherwise noticed minutes later. Resumes behind the last id that was seen.
 * @param options.since  where it begins: the id that was the last when the page began to load
 */
export function followLive(
  options: { clock: Clock; random: Random; url: string; since: number; onSignedOut: () => void },
  post: (message: LiveMessage) => void,
): { stop(): void; readonly lastId: number } {
  const { clock, random, url } = options
  const stopping = new AbortController()
  let lastId = String(options.since)

  async function readOnce(): Promise<void> {
    const attempt = new AbortController()
    const giveUp = () => attempt.abort()
    stopping.signal.addEventListener('abort', giveUp, { once: true })
    let quiet = clock.setTimer('live-quiet', QUIET_LIMIT_MS, giveUp)
    const heard = () => {
      quiet.cancel()
      quiet = clock.setTimer('live-quiet', QUIET_LIMIT_MS, giveUp)
    }
    try {
      const response = await fetch(url, {
        headers: { accept: 'text/event-stream', 'last-event-id': lastId },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: attempt.signal,
      })
      if (response.status === 401) options.onSignedOut()
      if (!response.ok || !response.body) return
      heard()
      post({ type: 'connected' })
      const parse = createSseParser({
        onEvent: (event) => {
          const change: unknown = JSON.parse(event.data)
          if (isLiveChange(change)) post({ type: 'change', change })
        },
        onId: (id) => {
          lastId = id
        },
      })
      const decoder = new TextDecoder()
      const reader = response.body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        heard()
        parse(decoder.decode(value, { stream: true }))
      }
    } finally {
      quiet.cancel()
      stopping.signal.removeEventListener('abort', giveUp)
      attempt.abort()
    }
  }

  async function run() {
    let failures = 0
    while (!stopping.signal.aborted) {
      const startedMs = clock.monoMs()
      try {
        await readOnce()
      } catch (error) {
        // A broken stream is the ordinary case here: it is told below and tried again.
        if (!(error instanceof Error)) throw error
      }
      if (stopping.signal.aborted) return
      post({ type: 'stale' })
      failures = clock.monoMs() - startedMs > 30_000 ? 0 : failures + 1
      const ceilingMs = Math.min(RETRY_CEILING_MS, RETRY_FLOOR_MS * 2 ** failures)
      await wait(clock, 'live-retry', RETRY_FLOOR_MS + random.next() * ceilingMs, stopping.signal)
    }
  }
  void run()
  return {
    stop: () => stopping.abort(),
    /** Of what was told so far. */
    get lastId() {
      return Number(lastId)
    },
  }
}

function isLiveChange(value: unknown): value is LiveChange {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    'subjectId' in value
  )
}
