import type { ErrorBody } from '#protocol/api/common.ts'
import type { VisitDetail, VisitLine, VisitList } from '#protocol/api/restock.ts'
import type { PlanogramView } from '#protocol/api/staff/planogram.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, shop, take } from './steps.ts'
import type { Staff, VisitStep, World } from './world.ts'

const put = (shelf: string, sku: string, quantity: number): VisitStep => ({
  do: 'restock',
  shelf,
  sku,
  quantity,
})

async function begin(world: World, staff: Staff, kind: 'restock' | 'count' | 'service'): Promise<string> {
  const visitId = world.ids.next('session')
  await staff.send('POST', `cabinets/${world.system.cabinetId}/visits`, { visitId, kind, reason: 'scenario' })
  return visitId
}
const detail = async (staff: Staff, visitId: string) => (await staff.get(`visits/${visitId}`)) as VisitDetail
async function weighed(staff: Staff, visitId: string): Promise<VisitDetail> {
  return eventually(
    'the shelves being weighed after the door was shut',
    async () => {
      const visit = await detail(staff, visitId)
      return visit.state === 'weighed' && visit
    },
    { withinMs: 30_000 },
  )
}
async function save(staff: Staff, visitId: string, lines: VisitLine[]): Promise<VisitDetail> {
  return (await staff.send('PUT', `visits/${visitId}/lines`, { lines })) as VisitDetail
}
async function stockOf(world: World, staff: Staff, shelf: string, sku: string): Promise<number> {
  const { stock } = (await staff.get(`cabinets/${world.system.cabinetId}/planogram`)) as PlanogramView
  return stock.find((one) => one.shelf === shelf && one.sku === sku)?.quantity ?? 0
}
/** A day so many days from now. */
function day(after: number): string {
  return new Date(clock.now() + after * 24 * 3_600_000).toISOString().slice(0, 10)
}
const clock = createSystemClock()
async function nobodyPaid(world: World): Promise<void> {
  const { transactions, serviceOrders } = await world.provider.books()
  expectEqual([transactions.length, serviceOrders.length], [0, 0], 'payments and orders at the provider')
}

const restock: Scenario = {
  name: 'restock',
  shows:
    'goods are put in with batch and date, the scales say where the lines are wrong, stock and batches follow, consumers buy from them, and nobody is charged for the visit',
  async run(world) {
    const operator = await world.staff('operator')
    const [juiceBefore, colaBefore] = [
      await stockOf(world, operator, 's4', 'juice-orange'),
      await stockOf(world, operator, 's3', 'cola-330'),
    ]
    const consumer = await world.consumer()
    await consumer.signIn()
    const visitId = await begin(world, operator, 'restock')
    await world.workshop.visit([...arrive, put('s4', 'juice-orange', 2), { do: 'wait', ms: 1000 }])
    const meanwhile = await consumer.tryOpen()
    expectThat('refusal' in meanwhile, 'a consumer was let in while the cabinet is filled')
    expectThat(
      ['cabinet_busy', 'door_open'].includes(meanwhile.refusal.code),
      `refused with ${meanwhile.refusal.code}`,
    )
    await world.workshop.visit([...leave])
    const shut = await weighed(operator, visitId)
    expectEqual(
      shut.differences.filter(({ isOff }) => isOff).map(({ shelf }) => shelf),
      ['s4'],
      'shelves that nobody wrote a line for',
    )

    const old = await operator.trySend('PUT', `visits/${visitId}/lines`, {
      lines: [
        { shelf: 's4', sku: 'juice-orange', action: 'put_in', quantity: 2, batch: 'J0', expiresOn: day(-3) },
      ],
    })
    expectEqual(
      [old.status, (old.body as ErrorBody).code],
      [400, 'visit_line_wrong'],
      'goods whose day is over',
    )
    const line: VisitLine = {
      shelf: 's4',
      sku: 'juice-orange',
      action: 'put_in',
      quantity: 3,
      batch: 'J1',
      expiresOn: day(20),
    }
    const wrong = await save(operator, visitId, [line])
    expectThat(
      wrong.differences.some(({ shelf, isOff }) => shelf === 's4' && isOff),
      'three pieces were said and two weighed, and nothing was said of it',
    )
    const refused = await operator.trySend('POST', `visits/${visitId}/confirm`, { note: '' })
    expectEqual(
      [refused.status, (refused.body as ErrorBody).code],
      [409, 'visit_difference_unexplained'],
      'a difference that nobody explains',
    )
    const right = await save(operator, visitId, [{ ...line, quantity: 2 }])
    expectEqual(
      right.differences.filter(({ isOff }) => isOff),
      [],
      'differences when the lines are right',
    )
    await eventually('a picture from the visit', async () =>
      (await detail(operator, visitId)).pictures.some(({ isUploaded }) => isUploaded),
    )
    await operator.send('POST', `visits/${visitId}/confirm`, { note: '' })
    expectEqual(await stockOf(world, operator, 's4', 'juice-orange'), juiceBefore + 2, 'the stock of juice')
    expectEqual(
      await stockOf(world, operator, 's3', 'cola-330'),
      colaBefore,
      'the stock of what nobody touched',
    )
    const { batches } = (await operator.get(`cabinets/${world.system.cabinetId}/visits`)) as VisitList
    const batch = batches.find((one) => one.batch === 'J1')
    expectEqual([batch?.left, batch?.expiresOn], [2, day(20)], 'the batch on record')
    await nobodyPaid(world)
    const again = await operator.trySend('POST', `visits/${visitId}/confirm`, { note: '' })
    expectEqual(again.status, 409, 'a second confirmation')

    const { session, truth } = await shop(world, consumer, [take('s4', 'juice-orange')])
    await expectChargedOnce(
      world,
      consumer,
      await consumer.orderIn(session.sessionId, ['paid'], 30_000),
      truth.taken,
    )
    expectEqual(
      await stockOf(world, operator, 's4', 'juice-orange'),
      juiceBefore + 1,
      'the stock after a sale',
    )
  },
}

const count: Scenario = {
  name: 'count',
  shows:
    'a count sets the stock to what lies there, writes the difference down as a loss, and charges nobody',
  async run(world) {
    const operator = await world.staff('operator')
    const before = await stockOf(world, operator, 's3', 'cola-330')
    const visitId = await begin(world, operator, 'count')
    await world.workshop.visit([
      ...arrive,
      { do: 'touch', shelf: 's3', durationMs: 1500 },
      { do: 'wait', ms: 1000 },
      ...leave,
    ])
    const shut = await weighed(operator, visitId)
    expectEqual(
      shut.differences.filter(({ isOff }) => isOff),
      [],
      'what the scales say of goods that were only looked at',
    )
    await save(operator, visitId, [{ shelf: 's3', sku: 'cola-330', action: 'counted', quantity: before - 2 }])
    await operator.send('POST', `visits/${visitId}/confirm`, { note: '' })
    expectEqual(await stockOf(world, operator, 's3', 'cola-330'), before - 2, 'the stock after the count')
    await nobodyPaid(world)
    const agent = await world.staff('agent')
    expectEqual(
      (
        await agent.trySend('POST', `cabinets/${world.system.cabinetId}/visits`, {
          visitId: world.ids.next('session'),
          kind: 'count',
          reason: 'x',
        })
      ).status,
      403,
      'somebody whose work it is not',
    )
  },
}

const service: Scenario = {
  name: 'service',
  shows:
    'goods that are thrown away in a service visit are written down with why; what is taken without a line must be explained; nobody is charged',
  async run(world) {
    const technician = await world.staff('technician')
    const operator = await world.staff('operator')
    const before = await stockOf(world, operator, 's4', 'juice-orange')
    const visitId = await begin(world, technician, 'service')
    await world.workshop.visit([...arrive, take('s4', 'juice-orange'), take('s3', 'cola-330'), ...leave])
    await weighed(technician, visitId)
    const said = await save(technician, visitId, [
      { shelf: 's4', sku: 'juice-orange', action: 'taken_out', quantity: 1, reason: 'damaged' },
    ])
    expectEqual(
      said.differences.filter(({ isOff }) => isOff).map(({ shelf }) => shelf),
      ['s3'],
      'what left without a line',
    )
    const silent = await technician.trySend('POST', `visits/${visitId}/confirm`, { note: '' })
    expectEqual(
      (silent.body as ErrorBody).code,
      'visit_difference_unexplained',
      'a can that nobody speaks of',
    )
    await technician.send('POST', `visits/${visitId}/confirm`, { note: 'one can given to the site manager' })
    expectEqual(await stockOf(world, operator, 's4', 'juice-orange'), before - 1, 'the stock of juice')
    const { visits } = (await operator.get(`cabinets/${world.system.cabinetId}/visits`)) as VisitList
    expectEqual(
      [visits[0]?.state, visits[0]?.note],
      ['confirmed', 'one can given to the site manager'],
      'what the operator reads of it',
    )
    await nobodyPaid(world)
  },
}

export const RESTOCK_STORIES: readonly Scenario[] = [restock, count, service]
