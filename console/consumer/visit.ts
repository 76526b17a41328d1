import type { SessionView } from '#protocol/api/consumer.ts'
import { refresh, TIMEOUT_MS } from './fresh.ts'
import { say, sayNoConnection } from './say.ts'

const PERIOD_MS = 700
const SLOWEST_MS = 5_000

/** Follows the door: asks for the session often, draws the new part when something changed, then goes to the order. */
export function followVisit(): void {
  if (sessionId() === undefined) return
  let failures = 0
  let last = ''
  const plan = () => setTimeout(run, Math.min(SLOWEST_MS, PERIOD_MS * 2 ** failures))
  const run = async () => {
    const id = sessionId()
    if (id === undefined) return leave()
    if (document.hidden) return void plan()
    try {
      const session = await fetchSession(id)
      const mark = `${session.state} ${session.isCabinetOffline} ${session.orderId} ${session.orderState}`
      if (mark !== last) await refresh()
      last = mark
      failures = 0
      say(undefined)
    } catch (error) {
      failures = Math.min(failures + 1, 4)
      if (failures > 1) sayNoConnection()
      console.info('the visit could not be followed', error)
    }
    const next = document.querySelector<HTMLAnchorElement>('a[data-next]')
    if (next !== null) location.replace(next.href)
    else plan()
  }
  plan()
}

function sessionId(): string | undefined {
  return document.querySelector<HTMLElement>('[data-session]')?.dataset['session']
}
/** The visit ended without an order: the whole page is drawn again, with its button. */
function leave(): void {
  location.replace(location.pathname)
}
async function fetchSession(id: string): Promise<SessionView> {
  const response = await fetch(`/api/consumer/sessions/${id}`, {
    credentials: 'same-origin',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return (await response.json()) as SessionView
}
