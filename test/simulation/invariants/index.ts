import { checkInvariants } from '#core/integrity/invariants.ts'
import { readRestores } from '#core/integrity/pass.ts'
import { findBrokenSeals } from '#core/platform/row-seals.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import { AUDIT_KEY } from '../world/core-image.ts'
import { START_MS } from '../world/node.ts'
import type { World } from '../world/world.ts'
import { checkBooks } from './books.ts'
import { watchDoors } from './doors.ts'
import { watchMachines } from './machines.ts'
import { watchMoney } from './money.ts'
import { checkSettled } from './settled.ts'
import { checkStreams, watchStreams, watchDeliveries } from './streams.ts'
import { checkStaffVisits, checkTruth } from './truth.ts'

/** What is looked at in the moment in which it happens. */
export function watch(world: World): void {
  watchDoors(world)
  watchMachines(world)
  watchMoney(world)
  watchStreams(world)
  watchDeliveries(world)
}

/** Everything that can be asked of the databases. @param isAtRest  long after the last trouble, when all must be settled */
export async function checkAll(world: World, isAtRest: boolean): Promise<void> {
  checkStreams(world, isAtRest)
  checkBooks(world, isAtRest)
  if (isAtRest) {
    checkTruth(world)
    checkStaffVisits(world)
    checkSettled(world)
  }
  const read = createKysely(createRunner(world.core.sqlite))
  const violations = await checkInvariants(read, {
    // Here it is known that the disk lied, so the word of one cabinet is enough.
    restores:
      world.core.wentBackAtMs === undefined
        ? []
        : (await readRestores(read)).map((window) => ({ ...window, toldBy: undefined })),
    nowMs: START_MS + world.scheduler.nowMs,
    auditKey: AUDIT_KEY,
  })
  for (const { invariantId, subject, message } of violations)
    if (!isOfTwoLosses(world, invariantId)) world.violate(invariantId, `${subject}: ${message}`)
  for (const { tableName, rowId, reason } of findBrokenSeals(world.core.sqlite, AUDIT_KEY))
    world.violate('seal', `${tableName} ${rowId} is ${reason}`)
}

/** Where the core forgot a command and the cabinet that it was told so, nobody is left who knows: money stops for a person. */
function isOfTwoLosses(world: World, invariantId: string): boolean {
  return invariantId === 'I6' && world.core.wentBackAtMs !== undefined && world.cardTroubles.size > 0
}
