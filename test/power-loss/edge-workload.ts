import path from 'node:path'
import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createCommandJournal } from '#edge/commands/command-journal.ts'
import { openEdgeDatabase } from '#edge/database.ts'
import { createOutbox } from '#edge/delivery/outbox.ts'
import { startIdentity } from '#edge/identity.ts'
import { openAcks } from './acks.ts'

/**
 * The agent's transactions, through its own doors: events with their numbers, commands that are written down before
 * anything moves, documents, confirmation, rewind and pruning. Run by power-loss tests: edge-workload.ts FOLDER ROUNDS
 */
const [folder = '.', rounds = '100'] = process.argv.slice(2)
const clock = createSystemClock()
const random = createSystemRandom()
const promise = openAcks(path.join(folder, 'edge.sqlite.acks'))
const db = openEdgeDatabase(path.join(folder, 'edge.sqlite'))
const identity = startIdentity(db, createIds(clock, random))
promise({ epoch: identity.epoch, boot: identity.boot })
const limits = { bytesMost: 50_000_000, rewindKeepMs: 1, rewindBytesMost: 2_000 }
const outbox = createOutbox(db, identity, clock, limits, pino({ level: 'silent' }))
const journal = createCommandJournal(db, 100_000)

for (let round = 1; round <= Number(rounds); round++) {
  const commandId = `cm${String(round).padStart(30, '0')}`
  const command = { id: commandId, name: 'door.unlock', args: { round }, boot: identity.boot }
  db.transact(() => journal.begin({ ...command, status: 'executing' }, clock.now()))
  // From here the lock may move.
  promise({ moved: commandId })
  const seq = db.transact(() => {
    journal.finish({ ...command, status: 'succeeded', result: { round } })
    db.saveDocument('twin', { round, filler: 'x'.repeat(round % 700) })
    let last = 0
    for (let n = 0; n <= round % 4; n++) last = outbox.append('agent.clock-step', { stepMs: round * 10 + n })
    return last
  })
  // From here the event may have been sent.
  promise({ finished: commandId, seq, round })
  if (round % 7 === 0) {
    outbox.confirm(seq - 3)
    promise({ confirmed: seq - 3 })
  }
  if (round % 31 === 0) outbox.prune(clock.now())
  if (round % 53 === 0) outbox.rewind(Math.max(0, seq - 10))
}
promise({ closing: 1 })
db.close()
