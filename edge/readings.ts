import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { ClimateKeeper } from './climate/climate-keeper.ts'
import type { OnSiteProof } from './commands/on-site.ts'
import type { SteadyWeight } from './commands/steady-weight.ts'
import type { EdgeDatabase } from './database.ts'
import type { Outbox } from './delivery/outbox.ts'
import { createTeller } from './delivery/teller.ts'
import { readingOfAll } from './hardware/door-view.ts'
import type { CabinetHardware, HardwareListener } from './hardware/ports.ts'
import { patiently } from './patiently.ts'
import type { DoorSessions } from './session/door-sessions.ts'
import type { DoorWatch } from './session/door-watch.ts'
import { decideSensors, type SensorWatch } from './weighing/sensor-watch.ts'

/** Who hears what the hardware says, and in which order: a session first, then the door outside of it, then the rest. */
export function createReadings(options: {
  db: Pick<EdgeDatabase, 'sql' | 'transact'>
  outbox: Pick<Outbox, 'append'>
  clock: Clock
  log: Logger
  sensors: CabinetHardware['sensors']
  sessions: Pick<DoorSessions, 'onBoard' | 'onScales'>
  doorWatches: readonly DoorWatch[]
  climate: Pick<ClimateKeeper, 'onBoard' | 'onClimate'>
  onSite: Pick<OnSiteProof, 'onBoard'>
  steady: Pick<SteadyWeight, 'onScales'>
  /** The board has said where the lock is. */
  onLockKnown: () => void
}): HardwareListener {
  const { log, sessions, doorWatches, climate, onSite, steady } = options
  const teller = createTeller(options)
  let sensorWatch: SensorWatch = {}
  return {
    onBoard(reading) {
      const whole = readingOfAll(reading)
      // A session that finds no room to be written keeps nobody from looking at the door, and no lock from being read back.
      patiently(log, 'what the board says of the session', () => sessions.onBoard(reading))()
      for (const watch of doorWatches) watch.onBoard(reading)
      climate.onBoard(whole)
      patiently(log, 'what the board says of the inspection', () => onSite.onBoard(whole))()
      if (reading.isUnlocked !== null) options.onLockKnown()
    },
    onClimate: (sample) => climate.onClimate(sample),
    onScales(sweep) {
      patiently(log, 'what the scales say of the session', () => sessions.onScales(sweep))()
      steady.onScales(sweep)
      const seen = decideSensors(sensorWatch, sweep, options.sensors)
      sensorWatch = seen.watch
      for (const watch of doorWatches) watch.onScales(sweep)
      if (seen.events.length > 0) teller.tell(seen.events)
    },
    onBusFault: ({ phase, reason, detail }) =>
      void teller.tell([
        {
          type: 'agent.bus-fault',
          data: { phase, reason, ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }) },
        },
      ]),
  }
}
