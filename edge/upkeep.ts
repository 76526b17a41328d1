import type { Logger } from 'pino'
import { type Clock, every, type Timer } from '#protocol/base/clock.ts'
import type { CommandJournal } from './commands/command-journal.ts'
import type { EdgeDatabase } from './database.ts'
import type { Outbox, PressureLevel } from './delivery/outbox.ts'
import { createTeller } from './delivery/teller.ts'
import type { EvidenceStore } from './evidence/evidence-store.ts'
import { patiently } from './patiently.ts'

export interface UpkeepOptions {
  db: EdgeDatabase
  outbox: Outbox
  evidence: EvidenceStore
  journal: CommandJournal
  clock: Clock
  log: Logger
  /** True time, as the core tells it; undefined while it is unknown. */
  knownNowMs: () => number | undefined
  commandKeepMs: number
  /** Pause between two looks; ms. */
  upkeepLookMs: number
}

const PRUNE_MS = 60_000
/** Clocks drift and are slewed; a jump larger than this is a step. */
const CLOCK_STEP_MS = 1000

/** What nobody waits for: outbox pressure, clock steps, pruning. */
export function createUpkeep(options: UpkeepOptions): { start(): void; stop(): void } {
  const { db, outbox, evidence, journal, clock, log } = options
  const teller = createTeller(options)
  const timers: Timer[] = []
  // Kept over a restart, or the alarm of an outbox that was emptied meanwhile would stand for ever.
  let level = db.readDocument<PressureLevel>('told-pressure') ?? 'normal'
  let wallMinusMonoMs = 0

  function look(): void {
    const pressure = outbox.pressure()
    if (pressure.level !== level) {
      db.transact(() => {
        outbox.append('agent.outbox-pressure', pressure)
        db.saveDocument('told-pressure', pressure.level)
      })
      level = pressure.level
      log.warn({ ...pressure }, `the outbox is ${level}`)
    }
    const difference = clock.now() - clock.monoMs()
    const stepMs = Math.round(difference - wallMinusMonoMs)
    wallMinusMonoMs = difference
    if (Math.abs(stepMs) < CLOCK_STEP_MS) return
    log.warn({ stepMs }, 'the wall clock jumped')
    teller.tell([{ type: 'agent.clock-step', data: { stepMs } }])
  }
  function prune(): void {
    outbox.prune(options.knownNowMs())
    journal.prune(options.knownNowMs(), options.commandKeepMs)
    evidence.tidy(options.knownNowMs())
  }
  return {
    start() {
      wallMinusMonoMs = clock.now() - clock.monoMs()
      timers.push(
        every(
          clock,
          'look at outbox and clock',
          options.upkeepLookMs,
          patiently(log, 'the look at outbox and clock', look),
        ),
        every(clock, 'prune', PRUNE_MS, patiently(log, 'pruning', prune)),
      )
    },
    stop() {
      for (const timer of timers) timer.cancel()
    },
  }
}
