import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EdgeDatabase, openEdgeDatabase } from '#edge/database.ts'
import { createDesiredDocument } from '#edge/twin/desired-document.ts'
import type { Twin } from '#protocol/messages/frames.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const twin = (version: number, changes: Partial<Twin> = {}): Twin => ({
  v: 1,
  twinEpoch: 'core-1',
  version,
  setpointDeciCelsius: 30,
  setpointRange: { lowest: 0, highest: 40 },
  lockout: { isEnabled: true, limitDeciCelsius: 50, afterMs: 1, afterDoorCloseMs: 1, afterDefrostMs: 1 },
  planogram: null,
  sessionPolicy: { notOpenedMs: 100, leftOpenWarningMs: 100, leftOpenAlarmMs: 100, reopenGraceMs: 0 },
  isOutOfService: false,
  ...changes,
})

describe('the desired document at the cabinet', () => {
  let db: EdgeDatabase
  let time: ReturnType<typeof createManualClock>
  let answers: number[]
  const start = () =>
    createDesiredDocument({
      db,
      outbox: {
        append(type, data) {
          if (type === 'twin.answered') answers.push((data as { version: number }).version)
          return answers.length
        },
      },
      limits: { shelves: new Set(['s1']) },
      clock: time.clock,
      log: pino({ level: 'silent' }),
    })
  const send = (desired: ReturnType<typeof start>, document: unknown) =>
    desired.onTwin(Buffer.from(JSON.stringify(document)))

  beforeEach(() => {
    db = openEdgeDatabase(':memory:')
    time = createManualClock()
    answers = []
  })
  afterEach(() => db.close())

  it('is answered once, however often it is repeated', () => {
    const desired = start()
    for (let i = 0; i < 5; i++) send(desired, twin(2))
    expect(answers).toEqual([2])
  })
  it('is answered again to a core that still asks a minute later: it has lost the answer', async () => {
    const desired = start()
    send(desired, twin(2))
    await time.pass(60_000)
    send(desired, twin(2))
    send(desired, twin(2))
    expect(answers).toEqual([2, 2])
  })
  it('goes on holding after a restart, and an older one that comes late changes nothing', () => {
    send(start(), twin(2, { isOutOfService: true }))
    const again = start()
    expect(again.current?.isOutOfService).toBe(true)
    send(again, twin(1))
    expect([again.current?.version, answers]).toEqual([2, [2]])
  })
  it('that cannot be read is ignored', () => {
    const desired = start()
    send(desired, { v: 1, version: 'two' })
    expect([desired.current, answers]).toEqual([undefined, []])
  })
})
