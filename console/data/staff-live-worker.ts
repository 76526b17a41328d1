import { createSystemClock } from '#protocol/base/system-clock.ts'
import { followLive, type LiveMessage } from './staff-live-stream.ts'
import { createBrowserRandom } from './staff-random.ts'

/** Entry of the SharedWorker: one stream for every tab, told to each, restarted when the first tab of a new sign-in comes. */
const ports = new Set<MessagePort>()
let stream: { stop(): void } | undefined
let last: LiveMessage | undefined

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
  ports.add(port)
  port.addEventListener('message', (message) => {
    if (message.data === 'leave') leave(port)
  })
  port.start()
  if (last) port.postMessage(last)
  stream ??= followLive(
    {
      clock: createSystemClock(),
      random: createBrowserRandom(),
      url: '/api/live',
      onSignedOut: () => post({ type: 'stale' }),
    },
    post,
  )
})
