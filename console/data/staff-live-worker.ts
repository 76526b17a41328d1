import { createSystemClock } from '#protocol/base/system-clock.ts'
import { followLive, type LiveJoin, type LiveMessage } from './staff-live-stream.ts'
import { createBrowserRandom } from './staff-random.ts'

/** Entry of the SharedWorker: one stream for every tab, told to each, restarted when the first tab of a new sign-in comes. */
const ports = new Set<MessagePort>()
let stream: ReturnType<typeof followLive> | undefined
let last: LiveMessage | undefined
const clock = createSystemClock()

const resetNow = (): LiveMessage => ({
  type: 'change',
  change: { kind: 'reset', subjectId: '', atMs: clock.now() },
})

function post(message: LiveMessage): void {
  if (message.type !== 'change') last = message
  for (const port of ports) port.postMessage(message)
}

function leave(port: MessagePort): void {
  ports.delete(port)
  if (ports.size > 0) return
  stream?.stop()
  stream = undefined
  last = undefined
}

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (!port) return
  port.addEventListener('message', ({ data }: MessageEvent<LiveJoin | 'leave'>) => {
    if (data === 'leave') leave(port)
    else join(port, data)
  })
  port.start()
})

function join(port: MessagePort, { since }: LiveJoin): void {
  ports.add(port)
  if (last) port.postMessage(last)
  // The other tabs were told this already, and what it loaded may be older.
  if (stream !== undefined && stream.lastId > since) port.postMessage(resetNow())
  stream ??= followLive(
    {
      clock,
      random: createBrowserRandom(),
      url: '/api/live',
      since,
      onSignedOut: () => post({ type: 'stale' }),
    },
    post,
  )
}
