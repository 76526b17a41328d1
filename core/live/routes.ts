import type { ServerResponse } from 'node:http'
import { every, type Clock } from '#protocol/base/clock.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { FeedItem, LiveFeed } from './live-feed.ts'

/** A page that hears nothing for about twice this long opens the stream again. */
const HEARTBEAT_MS = 2000
const SESSION_CHECK_MS = 10_000
const STREAMS_MOST = 500
/** A reader that is this far behind is cut; it resumes from where it was. */
const BYTES_BEHIND_MOST = 1024 * 1024

/**
 * GET /api/live: server-sent events. `id:` is a growing number; with it in Last-Event-ID nothing is missed, and a
 * `reset` says when that is not possible. The stream ends with the session.
 */
export function registerLiveRoutes(
  app: HttpApp,
  deps: {
    feed: LiveFeed
    clock: Clock
    /** The cabinets of this operator; undefined: all. */
    mayHear: (staff: StaffIdentity, cabinetId: string) => Promise<boolean>
    isStillSignedIn: (staff: StaffIdentity) => Promise<boolean>
    onSessionEnd: (listener: (tokenSha256: string) => void) => void
  },
): { closeAll(): void; readonly count: number } {
  const { feed, clock } = deps
  const streams = new Map<ServerResponse, { tokenSha256: string; close: () => void }>()
  deps.onSessionEnd((tokenSha256) => {
    for (const stream of streams.values()) if (stream.tokenSha256 === tokenSha256) stream.close()
  })

  app.get(
    '/api/live',
    { config: { access: { kind: 'staff', permission: 'live.read' } } },
    async (request, reply) => {
      const staff = request.staff as StaffIdentity
      if (streams.size >= STREAMS_MOST) return reply.code(503).header('retry-after', '5').send()
      const lastId = Number(request.headers['last-event-id'] ?? Number.NaN)
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value)
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      await follow(raw, staff, lastId)
      return reply
    },
  )

  async function follow(raw: ServerResponse, staff: StaffIdentity, lastId: number): Promise<void> {
    const waiting: FeedItem[] = []
    let isCaughtUp = false
    /** Telemetry and changes of cabinets are filtered by operator; remembered, because they come many times a second. */
    const heard = new Map<string, boolean>()

    const write = (text: string) => {
      if (raw.writableLength > BYTES_BEHIND_MOST) close()
      else raw.write(text)
    }
    async function send({ id, change }: FeedItem): Promise<void> {
      if (!(await isForReader(change.cabinetId))) return
      write(
        `${id === undefined ? '' : `id: ${id}\n`}event: ${change.kind}\ndata: ${JSON.stringify(change)}\n\n`,
      )
    }
    async function isForReader(cabinetId: string | undefined): Promise<boolean> {
      if (staff.operator === null) return true
      if (cabinetId === undefined) return false
      const known = heard.get(cabinetId)
      if (known !== undefined) return known
      const may = await deps.mayHear(staff, cabinetId)
      heard.set(cabinetId, may)
      return may
    }
    let sending: Promise<void> = Promise.resolve()
    const enqueue = (item: FeedItem) => {
      if (isCaughtUp) sending = sending.then(() => send(item)).catch(close)
      else waiting.push(item)
    }
    const unsubscribe = feed.subscribe(enqueue)
    const heartbeat = every(clock, 'heartbeat of a live stream', HEARTBEAT_MS, () => write(': here\n\n'))
    const check = every(clock, 'session of a live stream', SESSION_CHECK_MS, async () => {
      const isStill = await deps.isStillSignedIn(staff).catch(() => false)
      if (!isStill) close()
    })
    function close(): void {
      unsubscribe()
      heartbeat.cancel()
      check.cancel()
      streams.delete(raw)
      raw.end()
    }
    streams.set(raw, { tokenSha256: staff.tokenSha256, close })
    raw.on('close', close)

    const atId = feed.lastId
    const missed = Number.isSafeInteger(lastId) ? await feed.since(lastId) : []
    // Also when nothing was missed: the first event gives the reader the id to resume from.
    if (missed === undefined) {
      const change = { kind: 'reset', subjectId: '', atMs: clock.now() }
      write(`id: ${atId}\nevent: reset\ndata: ${JSON.stringify(change)}\n\n`)
    } else {
      write(`id: ${Number.isSafeInteger(lastId) ? lastId : atId}\n: connected\n\n`)
      for (const item of missed) await send(item)
    }
    const newest = missed?.at(-1)?.id ?? atId
    isCaughtUp = true
    for (const item of waiting) if (item.id === undefined || item.id > newest) enqueue(item)
  }

  return {
    closeAll() {
      for (const stream of streams.values()) stream.close()
    },
    get count() {
      return streams.size
    },
  }
}
