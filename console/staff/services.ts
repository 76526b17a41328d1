import { createContext } from '@lit/context'
import type { Ids } from '#protocol/base/ids.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { Me } from '#protocol/api/staff/desk.ts'
import type { StaffApi } from '../data/staff-api.ts'
import type { StaffLive } from '../data/staff-live.ts'
import type { StaffPreferences } from '../data/staff-preferences.ts'
import type { StaffTime } from '../data/staff-time.ts'
import type { TicketWalk } from '../data/ticket-walk.ts'

export interface Toast {
  readonly tone: 'ok' | 'bad' | 'info'
  readonly text: string
}

/** What every page may use. Made once in `main.ts`, handed down by the shell. */
export interface Services {
  readonly api: StaffApi
  readonly live: StaffLive
  readonly time: StaffTime
  readonly clock: Clock
  readonly ids: Ids
  readonly preferences: StaffPreferences
  /** The queue that the agent goes through. */
  readonly walk: TicketWalk
  /** Who is signed in; undefined on the sign-in page only. */
  me: Me | undefined
  /** Learns who signed in and goes on to `to`. */
  enter(to: string): Promise<void>
  /** Learns again what the person may do; their account may have changed. */
  refreshMe(): Promise<void>
  go(path: string, options?: { replace?: boolean }): void
  toast(toast: Toast): void
}
export const servicesContext = createContext<Services>(Symbol('services'))
