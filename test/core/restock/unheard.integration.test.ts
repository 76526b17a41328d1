import { afterAll, beforeAll, expect, describe, it } from 'vitest'
import type { CabinetCommands } from '#core/cabinets/commands.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { createDueWork } from '#core/platform/due.ts'
import { findVisit } from '#core/restock/store.ts'
import { createVisits } from '#core/restock/visits.ts'
import { eventually } from '#test/support/eventually.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'
import { CABINET, type CoreBench, createCoreBench } from '../core-bench.ts'

const STAFF: StaffIdentity = {
  staffId: 'st000000000000000000000000000009',
  name: 'filler',
  displayName: 'Filler',
  role: 'operator',
  permissions: new Set(),
  language: 'en',
  operator: 'operator-demo',
  tokenSha256: 'none',
  sessionId: 'none',
  lacks: null,
  isProved: true,
}

let presence: ReturnType<PresenceBook['nowOf']>['presence'] = 'offline'

describe('a core that dies after it wrote a visit down and before it asked the cabinet to open', () => {
  let bench: CoreBench
  let visits: ReturnType<typeof createVisits>
  let due: ReturnType<typeof createDueWork>
  let time: ReturnType<typeof createManualClock>
  let run: CabinetCommands['run']
  const ask = (visitId: string, door: number) =>
    visits.begin(STAFF, CABINET, { visitId, kind: 'restock', door, reason: 'filling' })
  const stateOf = async (visitId: string) => (await findVisit(bench.core.deps.db.read, visitId))?.state

  beforeAll(async () => {
    bench = await createCoreBench()
    const { deps } = bench.core
    time = createManualClock(deps.clock.now())
    due = createDueWork({ ...deps, clock: time.clock })
    visits = createVisits({
      ...deps,
      due,
      expiry: { review: async () => undefined },
      witness: { isGone: () => false },
      presence: { nowOf: () => ({ presence, lastHeardMs: null, linkId: undefined }) },
      commands: { run: (request) => run(request) } as CabinetCommands,
    })
    await deps.db.write('a member of the staff', (tx) =>
      tx
        .insertInto('staff')
        .values({
          staffId: STAFF.staffId,
          name: STAFF.name,
          displayName: STAFF.displayName,
          role: 'operator',
          language: 'en',
          operator: 'operator-demo',
          passwordHash: 'none',
          isActive: 1,
          createdAtMs: deps.clock.now(),
        })
        .execute(),
    )
  }, 40_000)
  afterAll(async () => {
    await due.stop()
    await bench.close()
  })

  it('asks the cabinet with the same command when the page asks again', async () => {
    const asked: string[] = []
    run = () => Promise.reject(new Error('the process ended'))
    await expect(ask('vi-1', 0)).rejects.toThrow('the process ended')
    run = async ({ commandId }) => {
      asked.push(commandId)
      return { commandId, status: 'succeeded' } as Awaited<ReturnType<CabinetCommands['run']>>
    }
    await ask('vi-1', 0)
    const visit = await findVisit(bench.core.deps.db.read, 'vi-1')
    expect(asked).toEqual([visit?.commandId])
  })

  it('ends the visit by itself when nobody asks again, so that the door is free for others', async () => {
    run = () => Promise.reject(new Error('the process ended'))
    await expect(ask('vi-2', 1)).rejects.toThrow('the process ended')
    due.start()
    expect(await stateOf('vi-2')).toBe('opening')
    await time.pass(121_000)
    await eventually('the visit is over', async () => (await stateOf('vi-2')) === 'ended')
  })

  it('waits for a cabinet that may have opened, and not for one that is there and says nothing of it', async () => {
    const { db } = bench.core.deps
    run = async ({ commandId, cabinetId }) => {
      await db.write('an answer that was lost', (tx) =>
        tx
          .insertInto('command')
          .values({
            commandId,
            cabinetId,
            name: 'door.unlock',
            args: '{}',
            state: 'unknown',
            reason: null,
            detail: null,
            linkId: null,
            token: null,
            by: STAFF.staffId,
            cause: null,
            createdAtMs: time.clock.now(),
            sentAtMs: time.clock.now(),
            finishedAtMs: null,
          })
          .execute(),
      )
      throw new Error('no answer')
    }
    await expect(ask('vi-3', 1)).rejects.toThrow('no answer')
    const looks = async () =>
      (
        await db.read
          .selectFrom('dueWork')
          .select('dueAtMs')
          .where('subjectId', '=', 'vi-3')
          .executeTakeFirst()
      )?.dueAtMs
    const firstLook = await looks()
    await time.pass(121_000)
    await eventually('the next look', async () => (await looks()) !== firstLook)
    expect(await stateOf('vi-3')).toBe('opening')
    presence = 'online'
    await time.pass(121_000)
    await eventually('the visit is over', async () => (await stateOf('vi-3')) === 'ended')
  })
})
