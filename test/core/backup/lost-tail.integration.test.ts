import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLostTail, type LostTail } from '#core/backup/lost-tail.ts'
import { addRestoreWindow } from '#core/backup/windows.ts'
import type { EventContext } from '#core/ingest/handlers.ts'
import { readRestores } from '#core/integrity/pass.ts'
import { findMoneyStop, letMoneyGoOn } from '#core/payments/stop.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const CABINET = 'cab-001'
const HOUR_MS = 3_600_000
const manual = createManualClock()
const { clock } = manual
const ids = createIds(clock, createSeededRandom(1))
const log = pino({ level: 'silent' })
let folder: string
let db: Database
let tail: LostTail

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'lost-tail-'))
  db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
  await hear()
  await manual.pass(HOUR_MS)
  startAgain()
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

const startAgain = () => {
  tail = createLostTail({ clock, ids, log })
}
/** The stream of the cabinet moves now. */
const hear = () =>
  db.write('hear', (tx) =>
    tx
      .insertInto('receiver')
      .values({
        cabinetId: CABINET,
        epoch: 'b',
        lastSeq: 4,
        openedAtMs: clock.now(),
        lastAtMs: clock.now(),
        lastHash: null,
        lastOccurredAtMs: null,
        continuesEpoch: null,
        continuesToSeq: null,
      })
      .onConflict((conflict) => conflict.column('cabinetId').doUpdateSet({ lastAtMs: clock.now() }))
      .execute(),
  )
const greet = () => db.write('greet', (tx) => tail.onForgotten(tx, CABINET))
const unlocked = (commandId: string, isLate = false) =>
  db.write('unlocked', async (tx) => {
    const context = { cabinetId: CABINET, isLate } as EventContext
    await tail.handlers['door.unlocked']?.(tx, context, { sessionId: 'se-1', commandId, by: 'command' })
  })
const restores = () => readRestores(db.read)
const letGoOn = () => db.write('money goes on', (tx) => letMoneyGoOn(tx))
const stop = () => findMoneyStop(db.read)

describe('a disk that only pretended to sync, and a cabinet that remembers', () => {
  it('is noted as a loss since the cabinet was last heard; money waits for the provider and a person is told', async () => {
    const heardAtMs = clock.now() - HOUR_MS
    await greet()
    const [window, ...more] = await restores()
    expect(more).toEqual([])
    expect(window?.backupAtMs).toBeLessThan(heardAtMs)
    expect(window?.restoredAtMs).toBe(clock.now())
    expect(await stop()).toMatchObject({ why: 'restored' })
    const incidents = await db.read.selectFrom('incident').select(['kind', 'count']).execute()
    expect(incidents).toEqual([{ kind: 'database_went_back', count: 1 }])
  })

  it('is noted once for a start, whatever a cabinet says again', async () => {
    await greet()
    await letGoOn()
    await manual.pass(1000)
    await hear()
    await greet()
    await unlocked(ids.next('command'))
    expect(await restores()).toHaveLength(1)
    expect(await stop()).toBeUndefined()
  })

  it('is noted again when it happened again', async () => {
    await greet()
    await letGoOn()
    await manual.pass(1000)
    await hear()
    await manual.pass(HOUR_MS)
    startAgain()
    await greet()
    expect(await restores()).toHaveLength(2)
    expect(await stop()).toMatchObject({ why: 'restored' })
  })

  it('is not noted of a cabinet that was not heard since a restore, however many starts ago that was', async () => {
    await db.write('restored', (tx) =>
      addRestoreWindow(tx, { backupAtMs: 0, restoredAtMs: clock.now() - 1000 }),
    )
    await greet()
    expect(await restores()).toHaveLength(1)
    expect(await stop()).toBeUndefined()
  })
})

describe('the word of one cabinet alone', () => {
  it('excuses nothing of that cabinet', async () => {
    await greet()
    expect(await restores()).toMatchObject([{ toldBy: CABINET }])
    await greet()
    expect(await restores()).toMatchObject([{ toldBy: CABINET }])
  })

  it('is a loss of the whole database when another cabinet says the same', async () => {
    await greet()
    await db.write('another greets', (tx) => tail.onForgotten(tx, 'cab-002'))
    const [window, ...more] = await restores()
    expect(more).toEqual([])
    expect(window).not.toHaveProperty('toldBy')
  })

  it('of a former start is not confirmed by what is said now', async () => {
    await greet()
    await manual.pass(HOUR_MS)
    await hear()
    await manual.pass(1000)
    startAgain()
    await db.write('another greets', (tx) => tail.onForgotten(tx, 'cab-002'))
    expect((await restores())[0]).toMatchObject({ toldBy: CABINET })
  })
})

describe('a door that opened for a command that is not here', () => {
  it('shows the loss when the command was given before the start', async () => {
    const commandId = ids.next('command')
    await manual.pass(1000)
    startAgain()
    await unlocked(commandId)
    expect(await stop()).toMatchObject({ why: 'restored' })
    expect(await restores()).toHaveLength(1)
  })

  it('shows nothing when it claims to be younger than the start: what was given since would be here', async () => {
    await manual.pass(1000)
    await unlocked(ids.next('command'))
    expect(await stop()).toBeUndefined()
  })

  it.for([
    ['is older than anything that cabinets keep', `cm${'0'.repeat(30)}`],
    ['has not the form of a command', 'cm-of-my-own'],
    ['is the number of something else', `or${'1'.repeat(30)}`],
  ])(
    'shows nothing when it %s: no loss explains that, and nothing is excused for it',
    async ([, commandId]) => {
      await unlocked(commandId as string)
      expect(await stop()).toBeUndefined()
      expect(await restores()).toEqual([])
    },
  )

  it('shows nothing when it is a dead letter that a person mended', async () => {
    const commandId = ids.next('command')
    await manual.pass(1000)
    startAgain()
    await unlocked(commandId, true)
    expect(await stop()).toBeUndefined()
  })
})
