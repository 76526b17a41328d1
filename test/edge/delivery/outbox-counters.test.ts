import fc from 'fast-check'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { openEdgeDatabase } from '#edge/database.ts'
import { createOutbox, type Outbox } from '#edge/delivery/outbox.ts'
import { startIdentity } from '#edge/identity.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const REWIND_BYTES_MOST = 700
const STEP = fc.oneof(
  fc.record({ do: fc.constant('append' as const), fails: fc.boolean() }),
  fc.record({ do: fc.constant('confirm' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('rewind' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('prune' as const) }),
  fc.record({ do: fc.constant('renew' as const), fails: fc.boolean() }),
)

describe('what the outbox knows by heart of its rows', () => {
  it('is what the table says, whatever was appended, confirmed, asked again, pruned, renewed or undone', () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 20, maxLength: 60 }), (steps) => {
        const { clock } = createManualClock()
        const ids = createIds(clock, createSeededRandom(1))
        const db = openEdgeDatabase(':memory:')
        const limits = { bytesMost: 1e9, rewindKeepMs: 1e12, rewindBytesMost: REWIND_BYTES_MOST }
        const outbox = createOutbox(db, startIdentity(db, ids), clock, limits, pino({ level: 'silent' }))
        const undone = (run: () => void) =>
          expect(() =>
            db.transact(() => {
              run()
              throw new Error('undone')
            }),
          ).toThrow('undone')
        for (const step of steps) {
          const { lastSeq, ackedSeq, firstSeq } = outbox.range()
          if (step.do === 'append') {
            const append = () => void outbox.append('door.opened', { sessionId: 'se-1' })
            if (step.fails) undone(append)
            else db.transact(append)
          } else if (step.do === 'confirm')
            outbox.confirm(ackedSeq + Math.round(step.share * (lastSeq - ackedSeq)))
          else if (step.do === 'rewind')
            outbox.rewind(Math.max(firstSeq - 1, 0) + Math.round(step.share * (ackedSeq - firstSeq)))
          else if (step.do === 'prune') {
            outbox.prune(clock.now())
            const kept = rowsOf(db, 0, outbox.range().ackedSeq)
            expect(kept.bytes).toBeLessThanOrEqual(REWIND_BYTES_MOST)
          } else {
            const renew = () =>
              outbox.renew({ candidate: ids.next('epoch'), after: outbox.epoch, reason: 'fork' })
            if (!step.fails) renew()
            else {
              const safeSeq = outbox.safeSeq
              undone(renew)
              expect(outbox.safeSeq).toBe(safeSeq)
            }
          }
          const now = outbox.range()
          const waiting = rowsOf(db, now.ackedSeq, now.lastSeq)
          expect(outbox.pressure()).toMatchObject({ waiting: waiting.events, byteCount: waiting.bytes })
          const { seq } = db.sql.prepare('SELECT coalesce(min(seq), 0) AS seq FROM outbox').get() as {
            seq: number
          }
          expect(now.firstSeq).toBe(seq)
        }
        db.close()
      }),
      { numRuns: 150 },
    )
  })

  it.for([
    ['rewound', (outbox: Outbox) => outbox.rewind(1)],
    ['pruned', (outbox: Outbox) => outbox.prune(Date.UTC(2040))],
  ] as const)(
    'cannot run ahead of it: inside a transaction, which may be undone, it is not %s',
    ([what, run]) => {
      const { clock } = createManualClock()
      const db = openEdgeDatabase(':memory:')
      const identity = startIdentity(db, createIds(clock, createSeededRandom(1)))
      const limits = { bytesMost: 1e9, rewindKeepMs: 1, rewindBytesMost: 1 }
      const outbox = createOutbox(db, identity, clock, limits, pino({ level: 'silent' }))
      for (let seq = 1; seq <= 3; seq++)
        db.transact(() => void outbox.append('door.opened', { sessionId: 'se-1' }))
      outbox.confirm(3)
      const before = { range: outbox.range(), rows: rowsOf(db, 0, 3) }
      expect(() => db.transact(() => run(outbox))).toThrow(`the outbox is ${what} outside a transaction`)
      expect({ range: outbox.range(), rows: rowsOf(db, 0, 3) }).toEqual(before)
      run(outbox)
      expect({ range: outbox.range(), rows: rowsOf(db, 0, 3) }).not.toEqual(before)
      db.close()
    },
  )
})

function rowsOf(db: ReturnType<typeof openEdgeDatabase>, above: number, upTo: number) {
  return db.sql
    .prepare(
      'SELECT coalesce(sum(byte_count), 0) AS bytes, count(*) AS events FROM outbox WHERE seq > ? AND seq <= ?',
    )
    .get(above, upTo) as { bytes: number; events: number }
}
