import { CabinetError } from '#protocol/base/errors.ts'
import { argsFor } from '#core/cabinets/technician-commands.ts'
import { planogramOf } from '#core/catalog/queries.ts'
import { STAFF } from '../world/cast.ts'
import type { Actor, World } from '../world/world.ts'
import { askUntilAnswered } from './patience.ts'
import { type StaffVisitPlan, visitAsStaff } from './staff-visit.ts'

export type StaffPlan =
  | StaffVisitPlan
  | {
      readonly kind: 'setpoint'
      readonly atMs: number
      readonly cabinetId: string
      readonly deciCelsius: number
    }
  /** Gives money back on the n-th paid order. */
  | {
      readonly kind: 'refund'
      readonly atMs: number
      readonly who: number
      readonly nth: number
      readonly isWhole: boolean
    }
  /** Sends a cabinet what only moves it: no goods are touched. */
  | {
      readonly kind: 'command'
      readonly atMs: number
      readonly cabinetId: string
      readonly name: 'door.unlock' | 'door.lock' | 'climate.defrost' | 'agent.restart'
      readonly opens: boolean
    }
  /** Decides what waits for a person: held orders, refunds above somebody's limit, tickets. */
  | { readonly kind: 'clear the desk'; readonly atMs: number; readonly who: number }

/** One act of somebody behind a desk, who may do it at the same moment as a colleague. */
export async function act(world: World, actor: Actor, plan: StaffPlan): Promise<void> {
  await world.scheduler.pause(undefined, 'staff', plan.atMs)
  if (world.isHealing) return
  try {
    if (plan.kind === 'setpoint') await changeSetpoint(world, actor, plan)
    else if (plan.kind === 'refund') await refund(world, actor, plan)
    else if (plan.kind === 'command') await sendCommand(world, actor, plan)
    else if (plan.kind === 'visit') await visitAsStaff(world, actor, plan)
    else await clearDesk(world, actor, plan.who)
  } catch (error) {
    world.tally(`staff refused ${error instanceof CabinetError ? error.code : 'no answer'}`)
  }
}

async function changeSetpoint(
  world: World,
  actor: Actor,
  plan: Extract<StaffPlan, { kind: 'setpoint' }>,
): Promise<void> {
  await askUntilAnswered(world, actor, 'setpoint', async (works, db) => {
    const row = await db.read
      .selectFrom('twin')
      .select('setpointVersion')
      .where('cabinetId', '=', plan.cabinetId)
      .executeTakeFirstOrThrow()
    await works.twins.changeSetpoint({
      cabinetId: plan.cabinetId,
      expectedVersion: row.setpointVersion,
      setpointDeciCelsius: plan.deciCelsius,
      reason: 'simulation',
      by: { staffId: 'st000000000000000000000000000004', displayName: 'Operator' },
    })
  })
  world.tally('setpoint changed')
}

const DOOR_PATIENCE_MS = 15_000
const LOOK_MS = 150

async function sendCommand(
  world: World,
  actor: Actor,
  plan: Extract<StaffPlan, { kind: 'command' }>,
): Promise<void> {
  const { cabinetId, name } = plan
  const commandId = actor.ids.next('command')
  const sessionId = actor.ids.next('session')
  const { status } = await askUntilAnswered(world, actor, 'command', async (works, db) => {
    const planogram = await planogramOf(db.read, cabinetId)
    const about = { by: 'Technician', reason: 'simulation', sessionId, planogramVersion: planogram?.version }
    return works.commands.run({
      cabinetId,
      commandId,
      name,
      args: argsFor(name, {}, about),
      by: 'staff:st000000000000000000000000000005',
      role: 'technician',
      cause: 'simulation',
    })
  })
  world.tally(`technician: ${name} ${status}`)
  if (name !== 'door.unlock' || !plan.opens) return
  const { body } = world.edge(cabinetId)
  const untilMs = world.scheduler.nowMs + DOOR_PATIENCE_MS
  while (!(body.isUnlocked(0) && !body.isDoorOpen(0) && world.holderOf(cabinetId, 0) === sessionId)) {
    if (world.scheduler.nowMs > untilMs) return
    await world.scheduler.pause(undefined, 'technician', LOOK_MS)
  }
  if (!body.pullDoor(0)) return
  world.tally('technician at the open door')
  await world.scheduler.pause(undefined, 'technician', actor.chance.between(1000, 20_000))
  body.pushDoor(0)
}

async function refund(
  world: World,
  actor: Actor,
  plan: Extract<StaffPlan, { kind: 'refund' }>,
): Promise<void> {
  const staff = STAFF[plan.who]
  if (staff === undefined) return
  const refundId = actor.ids.next('refund')
  await askUntilAnswered(world, actor, 'refund', async (works, db) => {
    const { commerce } = works
    if (commerce === undefined) return
    const orders = await db.read
      .selectFrom('order')
      .select(['orderId', 'paidFen'])
      .where('paidFen', '>', 0)
      .orderBy('orderId')
      .execute()
    const order = orders[plan.nth % Math.max(1, orders.length)]
    if (order === undefined) throw new CabinetError('not_found')
    const lines = await db.read
      .selectFrom('orderLine')
      .select(['lineId', 'quantity'])
      .where('orderId', '=', order.orderId)
      .execute()
    await db.write('ask for a refund', (tx) =>
      commerce.refunds.ask(tx, {
        refundId,
        orderId: order.orderId,
        ...(plan.isWhole
          ? { lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })) }
          : { lines: [], amountFen: Math.max(1, Math.floor(order.paidFen / 2)) }),
        reason: 'goodwill',
        stock: 'not_returned',
        by: staff.staffId,
        authority: { kind: 'staff', role: staff.role },
        tellConsumer: true,
      }),
    )
  })
  world.tally('refund asked')
}

async function clearDesk(world: World, actor: Actor, who: number): Promise<void> {
  const staff = STAFF[who]
  if (staff === undefined) return
  await askUntilAnswered(world, actor, 'clear the desk', async (works, db) => {
    const { commerce } = works
    if (commerce === undefined) return
    const waiting = await db.read
      .selectFrom('anomaly')
      .select(['anomalyId', 'kind'])
      .where('state', '=', 'in_review')
      .limit(3)
      .execute()
    for (const { anomalyId } of waiting) {
      const decision = actor.chance.pick(['charge_as_recognised', 'void', 'explain'] as const)
      await db
        .write('decide an anomaly', (tx) =>
          commerce.anomalies.decide(
            tx,
            anomalyId,
            { staffId: staff.staffId, authority: { kind: 'staff', role: staff.role } },
            { decision },
          ),
        )
        .then(
          () => world.tally('anomaly decided'),
          (error: unknown) => refusedOrThrow(world, 'anomaly', error),
        )
    }
    const approvals = await db.read
      .selectFrom('refund')
      .select('refundId')
      .where('state', '=', 'awaiting_approval')
      .where('requestedBy', '<>', staff.staffId)
      .limit(3)
      .execute()
    for (const { refundId } of approvals)
      await db
        .write('decide a refund', (tx) => commerce.refunds.approve(tx, refundId, staff.staffId))
        .then(
          () => world.tally('refund approved'),
          (error: unknown) => refusedOrThrow(world, 'approval', error),
        )
    const tickets = await db.read
      .selectFrom('ticket')
      .select(['ticketId', 'version'])
      .where('state', '=', 'open')
      .limit(2)
      .execute()
    for (const { ticketId, version } of tickets)
      await db
        .write('claim a ticket', (tx) => commerce.tickets.claim(tx, ticketId, version, staff))
        .then(
          () => world.tally('ticket claimed'),
          (error: unknown) => refusedOrThrow(world, 'ticket', error),
        )
  })
}

/** A colleague was faster, or the rules forbid it: both are answers. */
function refusedOrThrow(world: World, what: string, error: unknown): void {
  if (!(error instanceof CabinetError)) throw error
  world.tally(`${what} refused ${error.code}`)
}
