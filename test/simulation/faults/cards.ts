import { CabinetError } from '#protocol/base/errors.ts'
import { nowOf } from '#core/platform/database.ts'
import type { World } from '../world/world.ts'

const OPERATOR = 'st000000000000000000000000000004'
/** Somebody looks at the page of the cabinet this often after its card was in trouble. */
const LOOK_MS = 20_000
const ASK_AGAIN_MS = 2000
const IN_POCKET_MS = 8000

/** @param later  runs something at the end of the fault, unless everything has healed before */
export function changeCard(
  world: World,
  kind: 'old card' | 'new card' | 'cloned card',
  cabinetId: string,
  later: (run: () => void) => void,
): void {
  const edge = world.edge(cabinetId)
  const isFirst = !world.cardTroubles.has(cabinetId)
  const isTrouble = () => {
    world.cardTroubles.set(cabinetId, (world.cardTroubles.get(cabinetId) ?? 0) + 1)
    world.tally(kind)
  }
  switch (kind) {
    case 'old card': {
      const card = edge.copyCard()
      later(() => {
        isTrouble()
        edge.takeOut()
        edge.putIn(card)
      })
      break
    }
    case 'new card':
      isTrouble()
      edge.takeOut()
      world.scheduler.at(undefined, 'new card', IN_POCKET_MS, () =>
        begin(
          world,
          enrol(world, cabinetId).then(() => {
            // Meanwhile somebody may have put another one in.
            edge.takeOut()
            edge.putIn(undefined)
          }),
        ),
      )
      break
    case 'cloned card': {
      if (world.clones.size > 0) return
      isTrouble()
      world.runClone(cabinetId, edge.copyCard())
      later(() => takeClonesOff(world))
      break
    }
  }
  if (isFirst) begin(world, lookAfter(world, cabinetId))
}

/** Found, and switched off for good. */
export function takeClonesOff(world: World): void {
  for (const clone of world.clones.values()) clone.takeOut()
  world.clones.clear()
}

function begin(world: World, acting: Promise<void>): void {
  acting.catch((error: unknown) =>
    world.violate('crash', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
}

/** With a new code, until the core has answered: without credentials nothing starts. */
async function enrol(world: World, cabinetId: string): Promise<void> {
  for (;;) {
    const isDone = await Promise.race([
      world.core
        .request(undefined, 'enrol', (_works, db) =>
          db.write('enrol', async (tx) => {
            await tx
              .updateTable('cabinet')
              .set({ enrolledAtMs: nowOf(tx) })
              .where('cabinetId', '=', cabinetId)
              .execute()
            return true
          }),
        )
        .catch(() => false),
      world.scheduler.pause(undefined, 'enrol', ASK_AGAIN_MS).then(() => false),
    ])
    if (isDone) return
    await world.scheduler.pause(undefined, 'enrol again', ASK_AGAIN_MS)
  }
}

/** Somebody who sees that an outbox is refused sees to it that one machine only has the identity, and lets it go on. */
async function lookAfter(world: World, cabinetId: string): Promise<void> {
  for (;;) {
    await world.scheduler.pause(undefined, 'look at the delivery', LOOK_MS)
    if (world.clones.has(cabinetId)) continue
    const look = world.core
      .request(undefined, 'look at the delivery', async ({ ingest }) => {
        const { halt } = await ingest.desk.view(cabinetId, true)
        if (halt === null || halt.permittedBy !== null) return
        await ingest.desk.letGoOn({ cabinetId, epoch: halt.epoch, note: 'simulation', staffId: OPERATOR })
        world.tally('outbox let go on')
      })
      .catch((error: unknown) =>
        world.tally(`let go on refused ${error instanceof CabinetError ? error.code : 'no answer'}`),
      )
    await Promise.race([look, world.scheduler.pause(undefined, 'no answer', LOOK_MS)])
  }
}
