import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCommandDesk } from '#edge/commands/command-desk.ts'
import { createCommandJournal } from '#edge/commands/command-journal.ts'
import type { CabinetState } from '#edge/commands/decide.ts'
import type { Operation, Operations, Outcome } from '#edge/commands/operation.ts'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import { createOutbox, type Outbox } from '#edge/delivery/outbox.ts'
import { startIdentity } from '#edge/identity.ts'
import { COMMAND_NAMES } from '#protocol/base/command-names.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import type { CommandReply } from '#protocol/messages/frames.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const LINK = 'ln-1'
const ROWS_MOST = 2
const STATE: CabinetState = {
  isDoorOpen: false,
  isLocked: true,
  hasSession: false,
  isLockedOut: false,
  isOutOfService: false,
  planogramVersion: 1,
  isOutboxFull: false,
  isOutboxRefused: false,
  doorCount: 1,
  isSellingTime: true,
  isCameraReady: true,
}

/** Longer than a page of the database: it needs a new one, whatever is free in those that are there. */
const LONG = { pad: 'x'.repeat(6000) }
const DONE: Outcome = { status: 'succeeded', result: LONG }

describe('a disk or a journal that fills while commands are carried out', () => {
  let db: EdgeDatabase
  let outbox: Outbox
  let time: ReturnType<typeof createManualClock>
  let replies: CommandReply[]
  /** What the hardware does; the disk is real. */
  let carryOut: (conclude: (outcome: Outcome) => void) => void
  let send: (frame: object) => void

  beforeEach(() => {
    db = openEdgeDatabase(':memory:')
    time = createManualClock()
    replies = []
    const { clock } = time
    const log = pino({ level: 'silent' })
    const ids = createIds(clock, createSeededRandom(3))
    const identity = startIdentity(db, ids)
    outbox = createOutbox(
      db,
      identity,
      clock,
      { bytesMost: 1e9, rewindKeepMs: 1e9, rewindBytesMost: 1e9 },
      log,
    )
    const operation: Operation<'door.lock'> = {
      check: () => undefined,
      begin: () => db.saveDocument('begun', LONG),
      run: async ({ conclude }) => carryOut(conclude),
      afterCrash: () => ({ status: 'unknown' }),
    }
    const desk = createCommandDesk({
      db,
      outbox,
      journal: createCommandJournal(db, ROWS_MOST),
      operations: Object.fromEntries(COMMAND_NAMES.map((name) => [name, operation])) as unknown as Operations,
      identity,
      clock,
      ids,
      log,
      linkId: () => LINK,
      knownNowMs: () => undefined,
      sendReply(reply) {
        replies.push(reply)
        return true
      },
      cabinetState: () => STATE,
    })
    send = (frame) =>
      desk.onCommand(
        Buffer.from(
          JSON.stringify({
            v: 1,
            id: 'cm-1',
            name: 'door.lock',
            args: {},
            linkId: LINK,
            issuedAtMs: 1,
            ...frame,
          }),
        ),
        false,
      )
  })
  afterEach(() => db.close())

  /** SQLite's own limit: no page more. */
  const fillDisk = () =>
    db.sql.pragma(`max_page_count = ${String(db.sql.pragma('page_count', { simple: true }))}`)
  const makeRoom = () => db.sql.pragma('max_page_count = 100000')
  const executed = async () => {
    send({ phase: 'prepare' })
    send({ phase: 'execute', token: replies.at(-1)?.token })
    await time.pass(0)
  }
  const told = () =>
    outbox
      .read(1, 100, 1e6)
      .map(({ event }) => event)
      .filter(({ type }) => type === 'command.finished')
      .map(({ data }) => data)

  it('keeps what became of it and tells it once, when there is room again', async () => {
    carryOut = (conclude) => {
      fillDisk()
      conclude(DONE)
    }
    await executed()
    await time.pass(5000)
    expect(told()).toEqual([])
    makeRoom()
    await time.pass(5000)
    expect(told()).toMatchObject([{ commandId: 'cm-1', status: 'succeeded' }])
    expect(replies.at(-1)).toMatchObject({ id: 'cm-1', status: 'succeeded' })
  })
  it('says that the outcome is not known when what it changed could not be written with it', async () => {
    carryOut = (conclude) => {
      fillDisk()
      db.transact(() => {
        conclude(DONE)
        db.saveDocument('changed', { body: 'x'.repeat(5000) })
      })
    }
    await executed()
    makeRoom()
    await time.pass(5000)
    expect(told()).toMatchObject([{ status: 'unknown', reason: 'internal' }])
    expect(db.readDocument('changed')).toBeUndefined()
  })
  it('refuses what it cannot begin, and moves nothing', async () => {
    let moved = 0
    carryOut = () => moved++
    send({ phase: 'prepare' })
    fillDisk()
    send({ phase: 'execute', token: replies.at(-1)?.token })
    await time.pass(5000)
    expect([moved, replies.at(-1)?.status]).toEqual([0, 'rejected'])
    makeRoom()
    await time.pass(5000)
    expect(told()).toEqual([])
  })
  it('takes no further command when as many are remembered as may be, and moves nothing again for one that is', async () => {
    let moved = 0
    carryOut = (conclude) => {
      moved++
      conclude({ status: 'succeeded' })
    }
    const carriedOut = async (id: string) => {
      send({ id, phase: 'prepare' })
      send({ id, phase: 'execute', token: replies.at(-1)?.token })
      await time.pass(0)
    }
    await carriedOut('cm-1')
    // Prepared while there is room, and executed when there is none any more.
    send({ id: 'cm-3', phase: 'prepare' })
    const token = replies.at(-1)?.token
    await carriedOut('cm-2')
    send({ id: 'cm-3', phase: 'execute', token })
    await time.pass(0)
    expect(replies.at(-1)).toMatchObject({ id: 'cm-3', status: 'rejected', reason: 'too_many_requests' })
    send({ id: 'cm-4', phase: 'prepare' })
    expect(replies.at(-1)).toMatchObject({ id: 'cm-4', status: 'rejected', reason: 'too_many_requests' })
    send({ id: 'cm-1', phase: 'prepare' })
    await time.pass(0)
    expect(replies.at(-1)).toMatchObject({ id: 'cm-1', status: 'succeeded' })
    expect(moved).toBe(2)
    expect(db.sql.prepare('SELECT count(*) AS n FROM command').get()).toEqual({ n: ROWS_MOST })
  })
})
