import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAgent } from '#edge/agent.ts'
import type { Agent } from '#edge/agent-ports.ts'
import { createCaretaker } from '#edge/caretaker.ts'
import { parseSettings } from '#edge/config.ts'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import type { LinkListener } from '#edge/delivery/link.ts'
import { createOutbox } from '#edge/delivery/outbox.ts'
import type { BoardReading, CabinetHardware, HardwareListener } from '#edge/hardware/ports.ts'
import { startIdentity } from '#edge/identity.ts'
import { createSessionJournal } from '#edge/session/journal.ts'
import { startRecord } from '#edge/session/record.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const log = pino({ level: 'silent' })
const SETTINGS = parseSettings({}, 'test')
const AIR = { airDeciCelsius: 40, evaporatorDeciCelsius: -40, setpointDeciCelsius: 40 }

/** A cabinet of one door and one scale at the far end of the wire. */
function createCabinet(time: ReturnType<typeof createManualClock>) {
  const { clock } = time
  let listener: HardwareListener | undefined
  const cabinet = {
    isDoorOpen: false,
    isUnlocked: false,
    timesLocked: 0,
    hardware: {
      sensors: [{ shelf: 's1', sensor: 's1' }],
      lock: {
        unlock: () => Promise.reject(new Error('nobody unlocks here')),
        async lock() {
          cabinet.timesLocked++
          cabinet.isUnlocked = false
          return true
        },
      },
      thermostat: {
        writeSetpoint: async (setpoint) => ({ status: 'written' as const, readBack: setpoint }),
      },
      board,
      climate: () => ({ atMonoMs: clock.monoMs(), ...AIR, isCompressorOn: true, isDefrosting: false }),
      scales: () => ({ atMonoMs: clock.monoMs(), grams: { s1: 1000 } }),
      setPace: () => undefined,
      start(given) {
        listener = given
      },
      stop: async () => {
        listener = undefined
      },
    } satisfies CabinetHardware,
    /** Lets the agent see the board once a second. */
    async watch(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        listener?.onBoard(board())
        await time.pass(1000)
      }
    },
  }
  function board(): BoardReading {
    const { isDoorOpen, isUnlocked } = cabinet
    return {
      atMonoMs: clock.monoMs(),
      isDoorOpen,
      isUnlocked,
      isBoltSeated: !isUnlocked && !isDoorOpen,
      isKeyTurned: false,
      isMainsOn: true,
    }
  }
  return cabinet
}

describe('an agent that starts on a full disk', () => {
  let db: EdgeDatabase
  let time: ReturnType<typeof createManualClock>
  let cabinet: ReturnType<typeof createCabinet>
  let published: string[]
  let agent: Agent | undefined

  /** Events wait from the start before, and there is no page more. */
  function fillDisk(): void {
    const outbox = createOutbox(
      db,
      startIdentity(db, createIds(time.clock, createSeededRandom(2))),
      time.clock,
      { bytesMost: 1e9, rewindKeepMs: 1e9, rewindBytesMost: 1e9 },
      log,
    )
    db.sql.pragma(`max_page_count = ${String(db.sql.pragma('page_count', { simple: true }))}`)
    const tell = () => db.transact(() => outbox.append('door.lock-confirmed', {}))
    expect(() => {
      for (;;) tell()
    }).toThrow('full')
  }
  const makeRoom = () => db.sql.pragma('max_page_count = 100000')
  const told = () =>
    db.sql
      .prepare<[], { type: string; atMs: number }>(
        "SELECT type, mono_ms AS atMs FROM outbox WHERE type <> 'door.lock-confirmed' ORDER BY seq",
      )
      .all()

  function start(): void {
    let listener: LinkListener | undefined
    agent = createAgent({
      clock: time.clock,
      ids: createIds(time.clock, createSeededRandom(5)),
      random: createSeededRandom(6),
      log,
      db,
      hardware: cabinet.hardware,
      link: {
        linkId: 'ln-1',
        start(given) {
          listener = given
          listener.onUp('ln-1')
        },
        stop: async () => undefined,
        publish(channel) {
          published.push(channel)
          return true
        },
        drop: () => undefined,
      },
      cameras: [],
      readPicture: () => Promise.reject(new Error('there is no camera here')),
      files: { put: () => undefined, read: () => new Uint8Array(), delete: () => undefined },
      createDeviceApi: () => ({
        uploadOffset: () => Promise.reject(new Error('nobody answers')),
        uploadChunk: () => Promise.reject(new Error('nobody answers')),
      }),
      profileName: 'test',
      settings: SETTINGS,
      hasRoom: () => false,
      restart: () => undefined,
      onReady: () => undefined,
    })
    agent.start()
  }

  beforeEach(() => {
    db = openEdgeDatabase(':memory:')
    time = createManualClock()
    cabinet = createCabinet(time)
    published = []
  })
  afterEach(async () => {
    makeRoom()
    await agent?.stop()
    if (db.sql.open) db.close()
  })

  it('greets the core, locks the door that it finds unlocked, and tells both once there is room', async () => {
    fillDisk()
    cabinet.isUnlocked = true
    start()
    await cabinet.watch(5)
    expect(published).toContain('hello')
    expect(cabinet).toMatchObject({ timesLocked: 1, isUnlocked: false })
    expect(told()).toEqual([])
    makeRoom()
    await cabinet.watch(3)
    expect(told()).toMatchObject([{ type: 'agent.started', atMs: 0 }])
  })

  it('tells of a door that was forced meanwhile, with the time at which it was', async () => {
    fillDisk()
    start()
    await cabinet.watch(3)
    cabinet.isDoorOpen = true
    await cabinet.watch(2)
    cabinet.isDoorOpen = false
    await cabinet.watch(5)
    expect(told()).toEqual([])
    makeRoom()
    await cabinet.watch(2)
    expect(told().filter(({ type }) => type.startsWith('door.'))).toEqual([
      { type: 'door.forced', atMs: 3000 },
      { type: 'door.closed', atMs: 5000 },
    ])
  })

  it('lets the visit that was in progress go on, and locks its door when that is shut', async () => {
    const policy = {
      notOpenedMs: 15_000,
      leftOpenWarningMs: 90_000,
      leftOpenAlarmMs: 180_000,
      reopenGraceMs: 0,
    }
    const about = {
      sessionId: 'se-1',
      commandId: 'cm-1',
      kind: 'sale' as const,
      door: 0,
      planogramVersion: 1,
    }
    const begun = startRecord({ ...about, policy }, false)
    const journal = createSessionJournal(db, 0)
    const planogram = { version: 1, sensors: ['s1'], shelves: [], catalogue: {} }
    db.transact(() =>
      journal.begin(
        { ...begun, phase: 'open', openedMs: 0, openSinceMs: 0 },
        planogram,
        [[0, 1, 1000]],
        time.clock.now(),
      ),
    )
    fillDisk()
    cabinet.isDoorOpen = true
    cabinet.isUnlocked = true
    start()
    await cabinet.watch(2)
    cabinet.isDoorOpen = false
    await cabinet.watch(5)
    expect(cabinet.isUnlocked).toBe(false)
    expect(journal.findUnfinishedId()).toBe('se-1')
    makeRoom()
    await cabinet.watch(60)
    expect(journal.findUnfinishedId()).toBeUndefined()
    expect(told().map(({ type }) => type)).toContain('session.reconciled')
  })
})

describe('a cabinet whose disk takes nothing at all', () => {
  it('is locked again after somebody left it unlocked, as often as it takes', async () => {
    const time = createManualClock()
    const cabinet = createCabinet(time)
    const caretaker = createCaretaker({
      hardware: cabinet.hardware,
      clock: time.clock,
      log,
      lockRetryMs: 1000,
    })
    caretaker.start()
    cabinet.isUnlocked = true
    cabinet.isDoorOpen = true
    await cabinet.watch(5)
    expect(cabinet.timesLocked).toBe(0)
    cabinet.isDoorOpen = false
    await cabinet.watch(4)
    expect(cabinet).toMatchObject({ timesLocked: 1, isUnlocked: false })
    await caretaker.stop()
  })
})
