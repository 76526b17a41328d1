import { CabinetError } from '#protocol/base/errors.ts'
import type { VisitLine } from '#protocol/api/restock.ts'
import { permissionsOf } from '#core/staff/permissions.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { SHELVES, STAFF } from '../world/cast.ts'
import type { Actor, World } from '../world/world.ts'
import { askUntilAnswered } from './patience.ts'

/** Somebody fills a cabinet up, or counts what is in it, and says what they did. */
export interface StaffVisitPlan {
  readonly kind: 'visit'
  readonly atMs: number
  readonly cabinetId: string
  readonly what: 'restock' | 'count'
  /** Pieces that are put in, in order. */
  readonly adds: readonly string[]
  readonly pauseMs: number
  readonly opens: boolean
}

const DOOR_PATIENCE_MS = 15_000
const WEIGHED_PATIENCE_MS = 120_000
const LOOK_MS = 150
const LOOK_AT_PAGE_MS = 3000

export async function visitAsStaff(world: World, actor: Actor, plan: StaffVisitPlan): Promise<void> {
  const { cabinetId, what } = plan
  const { body } = world.edge(cabinetId)
  const isBehind = (shelf: string) => body.doorOf(shelf) === door
  const door = body.doorOf(body.shelfOf(plan.adds[0] ?? ''))
  const pause = (waitMs: number) => world.scheduler.pause(undefined, 'visit of staff', waitMs)
  const staff = identityOf(3)
  const visitId = actor.ids.next('session')
  await askUntilAnswered(world, actor, 'visit of staff', (works) =>
    works.visits.begin(staff, cabinetId, {
      visitId,
      kind: what,
      reason: 'simulation',
      ...(door === 0 ? {} : { door }),
    }),
  )
  world.tally(`staff: ${what} let in`)
  if (!plan.opens) return
  const untilMs = world.scheduler.nowMs + DOOR_PATIENCE_MS
  while (!(body.isUnlocked(door) && !body.isDoorOpen(door) && world.holderOf(cabinetId, door) === visitId)) {
    if (world.scheduler.nowMs > untilMs) return
    await pause(LOOK_MS)
  }
  if (!body.pullDoor(door)) return
  await pause(plan.pauseMs)
  const lines: VisitLine[] = []
  if (what === 'restock')
    for (const sku of plan.adds.filter((one) => isBehind(body.shelfOf(one)))) {
      body.putBack(sku)
      lines.push({ shelf: body.shelfOf(sku), sku, action: 'put_in', quantity: 1, expiresOn: '2026-12-31' })
      await pause(plan.pauseMs)
    }
  else
    for (const { id, lanes } of SHELVES.filter((shelf) => isBehind(shelf.id)))
      for (const { sku } of lanes)
        lines.push({ shelf: id, sku, action: 'counted', quantity: body.goods.get(sku) ?? 0 })
  body.pushDoor(door)
  world.tell?.(staff.displayName, `closed ${cabinetId} after a ${what} of ${lines.length}`)
  world.staffVisits.push({ visitId, cabinetId, lines })
  await confirm()

  async function confirm(): Promise<void> {
    const weighedByMs = world.scheduler.nowMs + WEIGHED_PATIENCE_MS
    for (;;) {
      await pause(LOOK_AT_PAGE_MS)
      if (world.isHealing || world.scheduler.nowMs > weighedByMs) return
      try {
        await askUntilAnswered(world, actor, 'lines of a visit', (works) =>
          works.visits.saveLines(staff, visitId, lines),
        )
        await askUntilAnswered(world, actor, 'confirm a visit', (works) =>
          works.visits.confirm(staff, visitId, 'simulation'),
        )
        world.tally(`staff: ${what} confirmed`)
        return
      } catch (error) {
        if (!(error instanceof CabinetError)) throw error
        // The end of the visit has not come yet, or the answer to the last try was lost.
        if (error.code !== 'door_open') return world.tally(`staff: ${what} refused ${error.code}`)
      }
    }
  }
}

function identityOf(index: number): StaffIdentity {
  const staff = STAFF[index]
  if (staff === undefined) throw new RangeError(`there is no member ${index} of the staff`)
  const { staffId, role, displayName } = staff
  return {
    staffId,
    name: staffId,
    displayName,
    role,
    permissions: new Set(permissionsOf(role)),
    language: 'en',
    operator: 'own',
    tokenSha256: 'none',
    sessionId: 'none',
    lacks: null,
    isProved: true,
  }
}
