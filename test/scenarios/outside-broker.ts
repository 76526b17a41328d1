import { existsSync, readFileSync } from 'node:fs'
import type { RunningSystem } from '#scripts/system.ts'
import { MOSQUITTO } from '#scripts/mosquitto.ts'
import { wait } from '#protocol/base/clock.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import { checkDelivery } from './kill-rounds/checks.ts'
import { brokerBack, brokerProcessId } from './kill-rounds/strike.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, shop, take } from './steps.ts'
import type { Staff, World } from './world.ts'

const clock = createSystemClock()
const hasMosquitto = existsSync(MOSQUITTO)
const broker = hasMosquitto ? { broker: 'mosquitto' as const } : {}
const behindWhat = (story: string) =>
  hasMosquitto
    ? story
    : `NOT behind Mosquitto, which is not here (apt-get install mosquitto); the same with the embedded broker: ${story}`
const DOWN_MS = 1000

const isOnline = async (staff: Staff) => (await staff.cabinet()).cabinet.presence === 'online'

/** How often the agent has come to the broker in its life. */
function linksOf(system: RunningSystem): number {
  return readFileSync(system.logFile('edge'), 'utf8').split('"connected to the broker"').length - 1
}

/** What the core asks of the cabinet reaches it: a document, and a door on a token of this link. */
async function expectReached(world: World, operator: Staff, setpointDeciCelsius: number): Promise<void> {
  const { cabinet } = await operator.cabinet()
  await operator.send('PUT', `cabinets/${world.system.cabinetId}/setpoint`, {
    expectedVersion: cabinet.setpoint.desiredVersion,
    setpointDeciCelsius,
    reason: 'After the restart',
  })
  await eventually(`the cabinet keeping ${setpointDeciCelsius / 10} °C`, async () => {
    const { setpoint } = (await operator.cabinet()).cabinet
    return setpoint.reported === setpointDeciCelsius && ['applied', 'in_sync'].includes(setpoint.state)
  })
}

async function sellTo(world: World, buyer: number): Promise<void> {
  const { people } = await world.provider.books()
  const consumer = await world.consumer(people[buyer]?.name)
  const { session, truth } = await shop(world, consumer, [take('s3', 'cola-330')])
  await expectChargedOnce(world, consumer, await consumer.orderIn(session.sessionId, ['paid']), truth.taken)
}

const coreAway: Scenario = {
  name: 'mosquitto-core-restart',
  shows: behindWhat(
    'a core that was killed learns the links of cabinets that stayed connected without it; setpoint and unlock reach them there',
  ),
  ...broker,
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    await eventually('the cabinet being online', () => isOnline(operator), { withinMs: 20_000 })
    const links = linksOf(system)
    await system.kill('core')
    await system.restart('core')
    const again = await world.staff('operator')
    await eventually('the cabinet being online for the new core', () => isOnline(again), { withinMs: 20_000 })
    await expectReached(world, again, 30)
    await sellTo(world, 0)
    if (hasMosquitto)
      expectEqual(linksOf(system), links, 'the connections of a cabinet that had no reason to make another')
    expectThat(checkDelivery(system, new Map()) > 0, 'nothing was delivered at all')
  },
}

const brokerAway: Scenario = {
  name: 'mosquitto-killed',
  shows: behindWhat(
    'the broker alone dies in the middle of a visit and comes back: the visit is charged once and whole, every event arrives once',
  ),
  ...broker,
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    const core = system.processId('core')
    const links = linksOf(system)
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await cutBroker(system)
    const truth = await world.workshop.visit([take('s4', 'juice-orange'), { do: 'wait', ms: 1500 }, ...leave])
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1, ...truth.taken })
    expectEqual(system.processId('core'), core, 'the process of the core, which went on')
    expectThat(linksOf(system) > links, 'the cabinet never noticed that the broker was gone')
    await expectReached(world, operator, 35)
    await sellTo(world, 1)
    expectThat(checkDelivery(system, new Map()) > 0, 'nothing was delivered at all')
  },
}

async function cutBroker(system: RunningSystem): Promise<void> {
  const { mosquitto } = system
  if (mosquitto !== undefined) {
    await mosquitto.stop('SIGKILL')
    await wait(clock, 'the broker stays down', DOWN_MS)
    await mosquitto.restart()
    return
  }
  const before = brokerProcessId(system)
  expectThat(before, 'the core has no broker')
  process.kill(before, 'SIGKILL')
  await brokerBack(system, before)
}

export const OUTSIDE_BROKER_STORIES: readonly Scenario[] = [coreAway, brokerAway]
