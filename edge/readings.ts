import type { ClimateKeeper } from './climate/climate-keeper.ts'
import type { OnSiteProof } from './commands/on-site.ts'
import type { SteadyWeight } from './commands/steady-weight.ts'
import type { EdgeDatabase } from './database.ts'
import type { Outbox } from './delivery/outbox.ts'
import { readingOfAll } from './hardware/door-view.ts'
import type { CabinetHardware, HardwareListener } from './hardware/ports.ts'
import type { DoorSessions } from './session/door-sessions.ts'
import type { DoorWatch } from './session/door-watch.ts'
import { decideSensors, type SensorWatch } from './weighing/sensor-watch.ts'

/** Who hears what the hardware says, and in which order: a session first, then the door outside of it, then the rest. */
export function createReadings(options: {
  db: Pick<EdgeDatabase, 'transact'>
  outbox: Pick<Outbox, 'append'>
  sensors: CabinetHardware['sensors']
  sessions: Pick<DoorSessions, 'onBoard' | 'onScales'>
  doorWatches: readonly DoorWatch[]
  climate: Pick<ClimateKeeper, 'onBoard' | 'onClimate'>
  onSite: Pick<OnSiteProof, 'onBoard'>
  steady: Pick<SteadyWeight, 'onScales'>
  /** The board has said where the lock is. */
  onLockKnown: () => void
}): HardwareListener {
  const { db, outbox, sessions, doorWatches, climate, onSite, steady } = options
  let sensorWatch: SensorWatch = {}
  return {
    onBoard(reading) {
      sessions.onBoard(reading)
      for (const watch of doorWatches) watch.onBoard(reading)
      const whole = readingOfAll(reading)
      climate.onBoard(whole)
      onSite.onBoard(whole)
      if (reading.isUnlocked !== null) options.onLockKnown()
    },
    onClimate: (sample) => climate.onClimate(sample),
    onScales(sweep) {
      sessions.onScales(sweep)
      steady.onScales(sweep)
      const seen = decideSensors(sensorWatch, sweep, options.sensors)
      sensorWatch = seen.watch
      for (const watch of doorWatches) watch.onScales(sweep)
      if (seen.events.length > 0)
        db.transact(() => {
          for (const event of seen.events) outbox.append(event.type, event.data)
        })
    },
    onBusFault: ({ phase, reason, detail }) =>
      void db.transact(() =>
        outbox.append('agent.bus-fault', {
          phase,
          reason,
          ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
        }),
      ),
  }
}
