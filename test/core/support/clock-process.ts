import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { openDatabase } from '#core/platform/database.ts'
import { createDueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createTickets } from '#core/support/tickets.ts'
import { UNHEARD } from '#test/core/support/unheard.ts'

/** One more core that looks after the clocks in the database of its first argument, until its input ends. */
const clock = createSystemClock()
const random = createSystemRandom()
const db = openDatabase(process.argv[2] as string, { clock, auditKey: new Uint8Array(32) })
const deps = {
  db,
  clock,
  random,
  ids: createIds(clock, random),
  log: pino({ level: 'silent' }),
  policy: createPolicy({}),
}
const due = createDueWork(deps)
createTickets({ ...deps, due, reactions: UNHEARD })
due.start()
process.stdout.write('ready\n')
process.stdin.resume()
process.stdin.on('end', () => {
  void due
    .stop()
    .then(() => db.close())
    .then(() => process.exit(0))
})
