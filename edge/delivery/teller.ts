import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import type { DomainEvent } from '#protocol/messages/index.ts'
import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from './outbox.ts'

/**
 * Tells what was seen once and will not be seen again: a forced door, a lockout. What finds no room on the disk waits in
 * memory, in its order and with its time, and is written as soon as there is some; only the end of the process loses it.
 */
export interface Teller {
  /**
   * @param save  runs in the same transaction, and again with each try, so it writes what holds at that moment
   * @returns true when it is durable, false when it waits for room
   * @throws everything but a full disk
   */
  tell(events: readonly DomainEvent[], save?: () => void): boolean
}

/** Room is looked for this often while something waits. */
export const ROOM_AGAIN_MS = 1000
/** A disk that stays full for days: what was seen first says most, and memory has an end. */
const WAITING_MOST = 500

export function createTeller(options: {
  db: Pick<EdgeDatabase, 'sql' | 'transact'>
  outbox: Pick<Outbox, 'append'>
  clock: Clock
  log: Logger
}): Teller {
  const { db, outbox, clock, log } = options
  let waiting: Array<{ event: DomainEvent; atMs: number; monoMs: number }> = []
  const saves = new Set<() => void>()
  let timer: Timer | undefined
  let isToldFull = false

  function writeAfter(pauseMs: number): void {
    timer = clock.setTimer('tell when there is room', pauseMs, () => {
      if (db.sql.open) write()
    })
  }
  function write(): boolean {
    try {
      db.transact(() => {
        for (const save of saves) save()
        for (const { event, atMs, monoMs } of waiting) outbox.append(event.type, event.data, { atMs, monoMs })
      })
    } catch (error) {
      if (storageTroubleOf(error) !== 'full') throw error
      if (!isToldFull)
        log.error(
          { waiting: waiting.map(({ event }) => event.type) },
          'what was seen waits for room on the disk',
        )
      isToldFull = true
      writeAfter(ROOM_AGAIN_MS)
      return false
    }
    if (isToldFull) log.warn({ told: waiting.length }, 'there is room on the disk again: what waited is told')
    isToldFull = false
    timer?.cancel()
    timer = undefined
    waiting = []
    saves.clear()
    return true
  }

  return {
    tell(events, save) {
      const at = { atMs: clock.now(), monoMs: clock.monoMs() }
      const room = WAITING_MOST - waiting.length
      for (const event of events.slice(0, room)) waiting.push({ event, ...at })
      if (events.length > room)
        log.error({ lost: events.slice(room).map(({ type }) => type) }, 'too much waits for room on the disk')
      if (save !== undefined) saves.add(save)
      // Until the timer says so the disk is as full as it was.
      if (timer !== undefined) return false
      if (!db.sql.inTransaction) return write()
      // What surrounds us may be rolled back.
      writeAfter(0)
      return false
    },
  }
}
