import Database from 'better-sqlite3'
import pino from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCameraWatch } from '#edge/camera/camera-watch.ts'
import { GREY_HEIGHT, GREY_WIDTH } from '#edge/camera/pixels.ts'
import { createEdgeDatabase, type EdgeDatabase, migrate } from '#edge/database.ts'
import { createOutbox, type Outbox } from '#edge/delivery/outbox.ts'
import { createEvidenceQueue } from '#edge/evidence/evidence-queue.ts'
import { createEvidenceStore } from '#edge/evidence/evidence-store.ts'
import { startIdentity } from '#edge/identity.ts'
import { createSessionJournal } from '#edge/session/journal.ts'
import { beginLive, type LiveSession } from '#edge/session/live-session.ts'
import { startRecord } from '#edge/session/record.ts'
import { createSessionPictures, type SessionPictures } from '#edge/session/session-pictures.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

describe('pictures of a session whose camera answers when it likes', () => {
  let answers: Array<{ give: (bytes: Uint8Array) => void; fail: (reason: string) => void }>
  let db: EdgeDatabase
  let outbox: Outbox
  let pictures: SessionPictures
  let live: LiveSession
  let isCurrent: boolean
  let room: number

  beforeEach(() => {
    const { clock } = createManualClock()
    const log = pino({ level: 'silent' })
    const sql = new Database(':memory:')
    migrate(sql)
    db = createEdgeDatabase(sql)
    outbox = createOutbox(
      db,
      startIdentity(db, createIds(clock, createSeededRandom(1))),
      clock,
      { bytesMost: 1e6, rewindKeepMs: 60_000, rewindBytesMost: 1e6 },
      log,
    )
    answers = []
    isCurrent = true
    room = 1e6
    const files = { put: () => undefined, read: () => new Uint8Array(), delete: () => undefined }
    const kept = createEvidenceStore(files, createEvidenceQueue(db), clock, { bytesMost: 1e6, keepMs: 1 })
    const journal = createSessionJournal(db, 0)
    const about = {
      sessionId: 'se-1',
      commandId: 'cm-1',
      kind: 'sale',
      door: 0,
      planogramVersion: 1,
    } as const
    const policy = { notOpenedMs: 1, leftOpenWarningMs: 1, leftOpenAlarmMs: 1, reopenGraceMs: 1 }
    const planogram = { version: 1, sensors: [], shelves: [], catalogue: {} }
    const record = { ...startRecord({ ...about, policy }, false), phase: 'open' as const, openedMs: 0 }
    journal.begin(record, planogram, [], clock.now())
    live = beginLive(record, planogram, [], clock.monoMs())
    const cameras = createCameraWatch({
      db,
      outbox,
      cameras: [
        {
          id: 'top',
          takeSnapshot: () =>
            new Promise((resolve, reject) => {
              answers.push({
                give: (bytes) => resolve({ bytes }),
                fail: (reason) => reject(new Error(reason)),
              })
            }),
        },
      ],
      readPicture: async () => ({
        width: GREY_WIDTH,
        height: GREY_HEIGHT,
        pixels: new Uint8Array(GREY_WIDTH * GREY_HEIGHT).map((_, at) => (at * 37) % 251),
      }),
      clock,
      log,
      thresholds: {
        darkLuminance: 10,
        flatSharpness: 1,
        blurredFocus: 0.01,
        inPlaceLikeness: 0.1,
        confirmFrames: 2,
        frozenFrames: 5,
      },
      periodsMs: { idle: 30_000, session: 1000 },
      sessionId: () => 'se-1',
      isAtRest: () => false,
      onFrame: () => undefined,
      onTrouble: () => undefined,
    })
    pictures = createSessionPictures({
      db,
      outbox,
      evidence: { ...kept, hasRoomForPictures: () => room > 0 },
      journal,
      snapshots: cameras,
      clock,
      log,
      waitMs: 1000,
      isCurrent: () => isCurrent,
    })
  })

  /** The camera was asked for the picture with this number, which it has not given yet. */
  const asked = (number: number) => expect.poll(() => answers.length).toBe(number)
  const give = (number: number, bytes = `picture ${number}`) => answers[number - 1]?.give(Buffer.from(bytes))
  const moments = () => live.record.evidence.map(({ moment }) => moment)
  const told = (wanted: string) =>
    outbox
      .read(1, 100, 1e6)
      .map(({ event }) => event)
      .filter(({ type }) => type === wanted)
      .map(({ data }) => data)
  const missing = () => told('evidence.missing')

  it('takes one of its own for the closing while one for a step is on its way', async () => {
    pictures.take(live, 'step')
    pictures.take(live, 'close')
    await asked(1)
    give(1)
    await asked(2)
    give(2)
    await pictures.settle(live)
    expect(moments()).toEqual(['step', 'close'])
    expect(missing()).toEqual([])
  })

  it('says why there is no picture when the camera gives none', async () => {
    pictures.take(live, 'close')
    await asked(1)
    answers[0]?.fail('it answered 404')
    await pictures.settle(live)
    expect(missing()).toEqual([
      { sessionId: 'se-1', camera: 'top', moment: 'close', reason: 'no_answer', detail: 'it answered 404' },
    ])
  })

  it('says that the camera gave the same bytes again', async () => {
    pictures.take(live, 'open')
    await asked(1)
    give(1, 'the same')
    await pictures.settle(live)
    pictures.take(live, 'close')
    await asked(2)
    give(2, 'the same')
    await pictures.settle(live)
    expect(moments()).toEqual(['open'])
    expect(missing()).toMatchObject([{ moment: 'close', reason: 'same_picture' }])
  })

  it('says once for each moment that there is no room', () => {
    room = 0
    for (const moment of ['open', 'step', 'step', 'close'] as const) pictures.take(live, moment)
    expect(missing()).toMatchObject([
      { moment: 'open', reason: 'no_room' },
      { moment: 'step', reason: 'no_room' },
      { moment: 'close', reason: 'no_room' },
    ])
  })

  it('tells with the receipt what is late, and keeps it when it comes', async () => {
    pictures.take(live, 'close')
    await asked(1)
    db.transact(() => pictures.tellAbsent(live))
    isCurrent = false
    give(1)
    await pictures.settle(live)
    expect(missing()).toMatchObject([
      { moment: 'open', reason: 'late' },
      { moment: 'close', reason: 'late' },
    ])
    expect(told('camera.snapshot-taken')).toMatchObject([
      { sessionId: 'se-1', moment: 'close', byteCount: 9 },
    ])
  })
})
