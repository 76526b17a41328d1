import { CabinetError } from '#protocol/base/errors.ts'
import { PRODUCTS } from '../world/cast.ts'
import type { VisitPlan } from '../world/visit-plan.ts'
import type { Actor, Visit, World } from '../world/world.ts'
import { askUntilAnswered } from './patience.ts'

const DOOR_PATIENCE_MS = 20_000
/** People look at the door, not at a clock. */
const LOOK_MS = 150

/** Somebody scans, opens, takes, puts back, closes and leaves; perhaps complains later. */
export async function visit(world: World, actor: Actor, plan: VisitPlan): Promise<void> {
  const { scheduler, tally } = world
  const body = world.edge(plan.cabinetId).body
  const door = Math.min(plan.door, body.doorCount - 1)
  // One reaches what is behind one's own door.
  const touches = plan.touches.filter((one) => body.doorOf(body.shelfOf(one.replace('-', ''))) === door)
  const requestId = actor.ids.next('request')
  const pause = (ms: number) => scheduler.pause(undefined, 'consumer', ms)
  await pause(plan.atMs)
  if (world.isHealing) return
  tally('visit')
  for (let tap = 1; tap < plan.taps; tap++) void scan().catch(() => tally('tap refused'))
  let sessionId: string
  try {
    sessionId = (await scan()).sessionId
  } catch (error) {
    world.tell?.(
      plan.consumerId,
      `was refused: ${error instanceof CabinetError ? error.code : String(error)}`,
    )
    tally(`refused ${error instanceof CabinetError ? error.code : 'no answer'}`)
    return
  }
  const seen: Visit = { plan, sessionId, taken: new Map(), openedAtMs: undefined, closedAtMs: undefined }
  world.visits.push(seen)
  if (!plan.opens) return
  const untilMs = scheduler.nowMs + DOOR_PATIENCE_MS
  // Somebody else may be standing there: only the one whose session it is pulls.
  while (
    !(body.isUnlocked(door) && !body.isDoorOpen(door) && world.holderOf(plan.cabinetId, door) === sessionId)
  ) {
    if (scheduler.nowMs > untilMs) return
    await pause(LOOK_MS)
  }
  await pause(actor.chance.between(100, 2500))
  if (!body.pullDoor(door)) return
  if (door > 0) tally('visit at a second door')
  seen.openedAtMs = scheduler.nowMs
  world.tell?.(plan.consumerId, `opened ${plan.cabinetId}`)
  await touch(touches)
  body.pushDoor(door)
  seen.closedAtMs = scheduler.nowMs
  world.tell?.(plan.consumerId, `closed ${plan.cabinetId} with ${[...seen.taken].join(' ') || 'nothing'}`)
  if (plan.opensAgain) {
    await pause(actor.chance.between(50, 400))
    if (body.pullDoor(door)) {
      await touch(touches.slice(0, 1))
      body.pushDoor(door)
      seen.closedAtMs = scheduler.nowMs
    }
  }
  if (plan.dispute !== 'no') await complain(sessionId)

  function scan() {
    return askUntilAnswered(world, actor, 'scan', (works) => {
      if (works.commerce === undefined) throw new Error('nothing is sold')
      return works.commerce.opening.open({
        consumerId: plan.consumerId,
        requestId,
        cabinetId: plan.cabinetId,
        ...(door === 0 ? {} : { door }),
      })
    })
  }
  async function touch(some: readonly string[]): Promise<void> {
    await pause(plan.pauseMs)
    for (const one of some) {
      const sku = one.replace('-', '')
      const held = seen.taken.get(sku) ?? 0
      if (!one.startsWith('-') && body.take(sku)) seen.taken.set(sku, held + 1)
      else if (one.startsWith('-') && held > 0) {
        body.putBack(sku)
        seen.taken.set(sku, held - 1)
      }
      await pause(plan.pauseMs)
    }
  }
  async function complain(id: string): Promise<void> {
    await pause(plan.disputeAfterMs)
    if (world.isHealing) return
    const disputeId = actor.ids.next('request')
    try {
      await askUntilAnswered(world, actor, 'dispute', async (works, db) => {
        const order = await db.read
          .selectFrom('order')
          .select(['orderId', 'consumerId'])
          .where('sessionId', '=', id)
          .executeTakeFirst()
        if (order === undefined || works.commerce === undefined) throw new CabinetError('not_found')
        if (plan.dispute === 'no') return undefined
        return works.commerce.disputes.raise(order.consumerId, order.orderId, {
          requestId: disputeId,
          reason: plan.dispute,
          lines: [],
          note: '',
        } as never)
      })
      tally('dispute')
    } catch (error) {
      tally(`dispute refused ${error instanceof CabinetError ? error.code : 'no answer'}`)
    }
  }
}

export const SKUS = PRODUCTS.map(({ sku }) => sku)
