import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { StaffApi } from '../data/staff-api.ts'
import { StaffLive } from '../data/staff-live.ts'
import { StaffPreferences } from '../data/staff-preferences.ts'
import { createBrowserRandom } from '../data/staff-random.ts'
import { StaffTime } from '../data/staff-time.ts'
import { TicketWalk } from '../data/ticket-walk.ts'
import { markDocument } from '../words/words.ts'
import { StaffApp } from './app.ts'

/** Starts the console: makes the real clock and chance, and hands them to the shell. */
const clock = createSystemClock()
const random = createBrowserRandom()
const api = new StaffApi()
const preferences = new StaffPreferences(localStorage)
markDocument()

StaffApp.parts = {
  api,
  clock,
  ids: createIds(clock, random),
  time: new StaffTime(clock),
  preferences,
  walk: new TicketWalk(sessionStorage),
  live: new StaffLive({ clock, random, onSignedOut: () => api.onSignedOut() }),
}
customElements.define('staff-app', StaffApp)
