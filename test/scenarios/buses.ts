import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { ROOT } from '#scripts/system.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, paymentsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

/** A line that nobody answers on is trouble within seconds. */
const SOON = {
  busLostAfterMs: 1500,
  silentDeviceRetryMs: 300,
  staleAfterMs: 1500,
  serialReopenLongestMs: 1000,
}

async function busAlarm(staff: Staff): Promise<CabinetDetail['alarms'][number] | undefined> {
  return (await staff.cabinet()).alarms.find(({ kind, state }) => kind === 'bus_fault' && state !== 'cleared')
}
async function alarmRaised(staff: Staff) {
  return eventually('the alarm of the bus', () => busAlarm(staff), { withinMs: 30_000 })
}
async function alarmOver(staff: Staff): Promise<void> {
  await eventually('the end of the alarm of the bus', async () => (await busAlarm(staff)) === undefined, {
    withinMs: 30_000,
  })
}
/** Charged for exactly what left, or held without a payment: never for anything else. */
async function rightOrHeld(
  world: World,
  consumer: Consumer,
  sessionId: string,
  taken: Record<string, number>,
): Promise<void> {
  const order = await consumer.orderIn(sessionId, ['paid', 'held'], 60_000)
  if (order.state === 'paid') await expectChargedOnce(world, consumer, order, taken)
  else expectEqual(paymentsOf(await world.provider.books(), consumer).length, 0, 'payments of a held order')
}
async function isUnlocked(world: World): Promise<boolean> {
  return ((await world.workshop.state()) as unknown as { lock: { isUnlocked: boolean } }).lock.isUnlocked
}
async function refused(world: World, consumer: Consumer): Promise<void> {
  const result = await consumer.tryOpen()
  if ('session' in result) await consumer.sessionIn(result.session.sessionId, ['denied', 'not_opened'])
  await never('the door unlocked although its board cannot be heard', () => isUnlocked(world), 1000)
}

const busNoise: Scenario = {
  name: 'bus-noise',
  shows:
    'rubbish on the line through a whole visit costs some readings: charged for what left or held, never wrong',
  edgeSettings: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await world.workshop.control('serial', { mode: 'noise' })
    await world.workshop.visit([{ do: 'wait', ms: 2000 }, take('s4', 'juice-orange'), ...leave])
    await rightOrHeld(world, consumer, session.sessionId, { 'cola-330': 1, 'juice-orange': 1 })
    await world.workshop.control('serial', { mode: 'ok' })
  },
}

const busSlow: Scenario = {
  name: 'bus-slow',
  shows:
    'a board that answers too late counts as silent: an alarm, nobody is let in on old readings, and it comes back by itself',
  edgeSettings: SOON,
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    await consumer.signIn()
    await world.workshop.control('serial', { mode: 'slow' })
    await alarmRaised(operator)
    await eventually('what is known of the door being nothing, not the last that was', async () => {
      const result = await consumer.tryOpen()
      return (
        'refusal' in result &&
        ['bus_timeout', 'precondition_failed', 'unlock_failed'].includes(result.refusal.code)
      )
    })
    await refused(world, consumer)
    await world.workshop.control('serial', { mode: 'ok' })
    await alarmOver(operator)
    const { session, truth } = await shop(world, consumer, [take('s4', 'juice-orange')])
    await expectChargedOnce(
      world,
      consumer,
      await consumer.orderIn(session.sessionId, ['paid'], 30_000),
      truth.taken,
    )
  },
}

const busUnplug: Scenario = {
  name: 'bus-unplug',
  shows:
    'the adapter is pulled out and put in again while the door is open: the visit goes on, charged for what left or held, never wrong',
  edgeSettings: SOON,
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330'), { do: 'wait', ms: 1000 }])
    const { serial } = (await world.workshop.state()) as unknown as { serial: { path: string } }
    await world.workshop.control('serial', { mode: 'unplugged' })
    expectThat(!existsSync(serial.path), 'the device file is still there')
    await world.workshop.visit([take('s4', 'juice-orange'), { do: 'wait', ms: 500 }])
    await alarmRaised(operator)
    await world.workshop.control('serial', { mode: 'ok' })
    await alarmOver(operator)
    await world.workshop.visit([...leave])
    await rightOrHeld(world, consumer, session.sessionId, { 'cola-330': 1, 'juice-orange': 1 })
    const again = await shop(world, consumer, [take('s4', 'juice-orange')])
    await consumer.orderIn(again.session.sessionId, ['paid', 'held'], 30_000)
  },
}

/** The board at another address, as when a switch is set wrong; the scales are right. */
const wrongBoard = (reference: Profile): Profile =>
  JSON.parse(JSON.stringify({ ...reference, name: 'wrong' }).replaceAll('"unit":1,', '"unit":2,')) as Profile

const busWrongProfile: Scenario = {
  name: 'bus-wrong-profile',
  shows:
    'a profile that does not fit the board: an alarm although the scales answer, nothing is sold, and the probe says what to change',
  edgeSettings: SOON,
  profile: wrongBoard,
  async run(world) {
    const operator = await world.staff('operator')
    const alarm = await alarmRaised(operator)
    expectEqual(alarm.values.reason, 'board_silent', 'what the alarm says')
    const consumer = await world.consumer()
    await consumer.signIn()
    await refused(world, consumer)
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 0, 'payments')

    const { servicePath } = world.system.simulator
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        'edge/main.ts',
        'probe',
        '--port',
        servicePath,
        '--profile',
        path.join(world.system.dataDir, 'profile.json'),
        '--json',
      ],
      { cwd: ROOT },
    ).catch((error: { code?: number; stdout: string }) => {
      expectEqual(error.code, 2, 'the exit code of the probe')
      return error
    })
    const { findings } = JSON.parse(stdout) as {
      findings: Array<{ about: string; says: string; advice: string }>
    }
    expectThat(
      findings.some(
        ({ about, says, advice }) =>
          about.includes('unit 2') && says.includes('others do') && advice.includes('--scan'),
      ),
      `the probe did not name the silent board: ${stdout}`,
    )
  },
}

export const BUS_STORIES: readonly Scenario[] = [busNoise, busSlow, busUnplug, busWrongProfile]
