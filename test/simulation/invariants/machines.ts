import { MACHINES } from '../world/touched.ts'
import type { World } from '../world/world.ts'

/**
 * Every single change of a state, also the ones that a transaction passes through, is compared with the machines (I12);
 * after each commit doors and consumers have one live session each (I13). Temporary triggers write down what was touched.
 */
export function watchMachines(world: World): void {
  const { sqlite } = world.core
  const read = sqlite.prepare<[], { kind: string; id: string; was: string; now: string }>(
    'SELECT * FROM touched',
  )
  const clear = sqlite.prepare('DELETE FROM touched')
  const crowded = sqlite.prepare<[], { subject: string }>(
    `SELECT 'door ' || door || ' of ' || cabinetId AS subject FROM session
       WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue') GROUP BY cabinetId, door HAVING count(*) > 1
     UNION ALL SELECT 'consumer ' || consumerId FROM session
       WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue') GROUP BY consumerId HAVING count(*) > 1`,
  )
  const before = world.core.onCommit
  world.core.onCommit = () => {
    before()
    const rows = read.all()
    if (rows.length === 0) return
    clear.run()
    let hasSession = false
    for (const { kind, id, was, now } of rows) {
      hasSession ||= kind === 'session'
      world.scheduler.note(now.length)
      const ways = Object.values(MACHINES[kind]?.states[was] ?? {})
      if (!ways.includes(now)) world.violate('I12', `${kind} ${id} went from ${was} to ${now}`)
    }
    if (hasSession)
      for (const { subject } of crowded.all()) world.violate('I13', `the ${subject} has two live sessions`)
  }
}
