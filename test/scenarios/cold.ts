import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import {
  air,
  alarmOf,
  COLD,
  coldLog,
  farCold,
  lockedOut,
  measured,
  noAlarmOf,
  pass,
  READING_MS,
  refusedAtDoor,
  SHORT_COLD_POLICY,
  SHORT_COLD_SETTINGS,
  timed,
  WARM,
} from './cold-steps.ts'
import { COLD_SALES_STORIES } from './cold-sales.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, take } from './steps.ts'
import type { World } from './world.ts'

const short = { policy: SHORT_COLD_POLICY, edgeSettings: SHORT_COLD_SETTINGS }

export const coldWarmTimer: Scenario = {
  ...short,
  name: 'cold-warm-timer',
  shows:
    'warm air stops sales after its time and not before, the consumer is told before anything is prepared, an alarm says why, and cold air alone does not start sales again',
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    await measured(operator, (deci) => deci < 50)
    const warmMs = await timed(async () => {
      await air(world, WARM)
      await lockedOut(world, operator)
    })
    expectThat(warmMs >= SHORT_COLD_POLICY.lockoutAfterMs, `sales were stopped after only ${warmMs} ms`)
    const lockout = await lockedOut(world, operator)
    expectEqual([lockout.cause, lockout.peakDeciCelsius], ['too_warm', WARM], 'the lockout in the log')
    expectEqual((await alarmOf(operator, 'food_safety_lockout')).values['cause'], 'too_warm', 'the alarm')
    await refusedAtDoor(world, consumer, 'cabinet_locked_out')
    await air(world, COLD)
    await measured(operator, (deci) => deci < 50)
    await pass(2000)
    expectEqual((await operator.cabinet()).cabinet.isLockedOut, true, 'the lockout once it is cold again')
    await eventually(
      'the excursion being over in the log',
      async () => (await coldLog(operator, world)).excursions[0]?.endedAtMs ?? undefined,
    )
  },
}

/** Opens and closes the door with the key, without a visit. */
async function doorByKey(world: World, whileOpen: () => Promise<unknown>): Promise<void> {
  await world.workshop.control('key', { action: 'turn' })
  await eventually('the bolt being free', async () => {
    const { lock } = await world.workshop.state()
    return !(lock as { isBoltSeated: boolean }).isBoltSeated
  })
  await world.workshop.control('door', { action: 'open' })
  await whileOpen()
  await world.workshop.control('door', { action: 'close' })
  await world.workshop.control('key', { action: 'remove' })
}

export const coldDoorTimer: Scenario = {
  ...short,
  name: 'cold-door-timer',
  shows:
    'a door that was open gives the air its own, longer time to get cold again; when that is over too, sales stop and the log says that it was the door',
  async run(world) {
    const operator = await world.staff('operator')
    await doorByKey(world, async () => {
      await eventually(
        'the door being heard open',
        async () => (await operator.cabinet()).cabinet.isDoorOpen === true,
      )
      await air(world, WARM)
      await measured(operator, (deci) => deci > 50)
    })
    const lockout = await lockedOut(world, operator)
    expectEqual(lockout.cause, 'too_warm_after_door', 'the cause in the log')
    const [door] = (await coldLog(operator, world)).doorOpen
    expectThat(door, 'the log does not have the open door')
    const closedMs = lockout.latchedAtMs - door[1]
    expectThat(
      // The last look at an open door is a little earlier than its closing.
      closedMs >= SHORT_COLD_POLICY.lockoutAfterDoorCloseMs - 1000,
      `sales were stopped ${closedMs} ms after the door was closed`,
    )
  },
}

export const coldDefrostTimer: Scenario = {
  ...short,
  name: 'cold-defrost-timer',
  shows:
    'a defrost gives the air its own time to get cold again; when that is over too, sales stop and the log says that it was the defrost',
  async run(world) {
    const operator = await world.staff('operator')
    await world.workshop.control('climate', { defrost: true, airDeciCelsius: WARM, hold: true })
    await measured(operator, (deci) => deci > 50)
    // Longer than warm air alone would be allowed.
    await pass(SHORT_COLD_POLICY.lockoutAfterMs + 1000)
    expectEqual((await operator.cabinet()).cabinet.isLockedOut, false, 'the lockout while it defrosts')
    await world.workshop.control('climate', { defrost: false })
    const endedMs = await timed(() => lockedOut(world, operator))
    expectThat(
      endedMs >= SHORT_COLD_POLICY.lockoutAfterDefrostMs - READING_MS,
      `sales were stopped ${endedMs} ms after the defrost`,
    )
    expectEqual((await lockedOut(world, operator)).cause, 'too_warm_after_defrost', 'the cause in the log')
  },
}

export const coldDoorOpen: Scenario = {
  ...short,
  policy: { ...SHORT_COLD_POLICY, lockoutAfterDoorCloseMs: 40_000 },
  name: 'cold-door-open',
  shows:
    'a visit lets warm air in and the air gets cold again in time: no alarm, no excursion, no lockout, and the log still shows how warm it was',
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    const session = await consumer.open()
    const visit = world.workshop.visit([
      ...arrive,
      { do: 'wait', ms: 9000 },
      take('s4', 'water-550'),
      ...leave,
    ])
    await eventually(
      'the door being heard open',
      async () => (await operator.cabinet()).cabinet.isDoorOpen === true,
    )
    await air(world, WARM)
    await measured(operator, (deci) => deci > 50)
    await visit
    await pass(2500)
    await air(world, COLD)
    await measured(operator, (deci) => deci < 50)
    await consumer.orderIn(session.sessionId, ['paid'])
    const log = await eventually('the log having the warm air', async () => {
      const seen = await coldLog(operator, world)
      return (seen.highest?.deciCelsius ?? 0) >= WARM && seen
    })
    expectEqual([log.excursions.length, log.lockouts.length], [0, 0], 'excursions and lockouts in the log')
    expectEqual(
      (await operator.cabinet()).alarms.filter(({ kind }) => kind === 'too_warm').length,
      0,
      'alarms about warm air',
    )
  },
}

export const coldProbeFault: Scenario = {
  ...short,
  name: 'cold-probe-fault',
  shows:
    'one broken probe is named and the other stands in; when none can be believed sales stop, and the log shows the time without readings as a gap with its reason',
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    for (const [probe, fault] of [
      ['short', 'out-of-range'],
      ['jumping', 'jumping'],
    ] as const) {
      await world.workshop.control('climate', { probe })
      const alarm = await alarmOf(operator, 'probe_fault', 60_000)
      expectEqual([alarm.values['probe'], alarm.values['fault']], ['air', fault], 'the probe and its fault')
      if (probe === 'short') {
        await world.workshop.control('climate', { probe: 'ok' })
        await noAlarmOf(operator, 'probe_fault')
      }
    }
    expectEqual((await operator.cabinet()).cabinet.isLockedOut, false, 'the lockout with one good probe')
    await world.workshop.control('climate', { probe: 'fault' })
    const lockout = await lockedOut(world, operator)
    expectEqual(lockout.cause, 'probe_fault', 'the cause of the lockout')
    await refusedAtDoor(world, consumer, 'cabinet_locked_out')
    await world.workshop.control('climate', { probe: 'ok' })
    await measured(operator, (deci) => deci < 100)
    const log = await eventually('the gap in the log', async () => {
      const seen = await coldLog(operator, world)
      return seen.gaps.some(({ reason }) => reason === 'probe_fault') && seen
    })
    expectThat(log.probeFaults.length >= 3, `the log has ${log.probeFaults.length} probe faults`)
  },
}

export const coldPowerLoss: Scenario = {
  ...short,
  name: 'cold-power-loss',
  shows:
    'a cabinet that is warm after a power cut counts the whole cut as warm: sales are stopped at once, by itself, and the log has the cut as a gap',
  async run(world) {
    const operator = await world.staff('operator')
    await measured(operator, (deci) => deci < 50)
    await world.workshop.control('power', { mains: 'off' })
    await alarmOf(operator, 'power_lost')
    await world.system.kill('edge')
    await pass(SHORT_COLD_POLICY.lockoutAfterMs + 2000)
    await air(world, WARM)
    await world.workshop.control('power', { mains: 'on' })
    await world.system.restart('edge')
    const lockout = await lockedOut(world, operator)
    expectEqual(lockout.cause, 'power_loss', 'the cause of the lockout')
    // The first reading after the cut shows where it ended.
    await eventually('the cut being a gap of the log', async () =>
      (await coldLog(operator, world)).gaps.some(({ reason }) => reason === 'stopped'),
    )
    const log = await coldLog(operator, world)
    expectThat(
      (['lost', 'started'] as const).every((kind) => log.power.some((one) => one.kind === kind)),
      `the log lacks the power cut: ${JSON.stringify(log.power)}`,
    )
  },
}

export const coldUnseen: Scenario = {
  ...short,
  name: 'cold-unseen',
  shows:
    'nobody measured for longer than cold air can excuse: sales are stopped although it is cold; after a short restart they are not',
  policy: { ...SHORT_COLD_POLICY, lockoutUnseenMs: 10_000 },
  async run(world) {
    const operator = await world.staff('operator')
    await measured(operator, (deci) => deci < 50)
    await world.system.kill('edge')
    await world.system.restart('edge')
    await measured(operator, (deci) => deci < 50)
    expectEqual((await operator.cabinet()).cabinet.isLockedOut, false, 'the lockout after a short restart')
    await world.system.kill('edge')
    await pass(11_000)
    await world.system.restart('edge')
    expectEqual((await lockedOut(world, operator)).cause, 'unseen', 'the cause of the lockout')
  },
}

export const coldOffline: Scenario = {
  ...short,
  name: 'cold-offline',
  shows:
    'a cabinet without a link stops its sales by itself, shows the code on its display, and the log has the lockout at its true time once it is back',
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    await measured(operator, (deci) => deci < 50)
    await world.workshop.control('network', { mode: 'cut' })
    await eventually(
      'the cabinet being offline',
      async () => (await operator.cabinet()).cabinet.presence === 'offline',
      { withinMs: 60_000 },
    )
    await air(world, WARM)
    await eventually('the code on the display', async () => (await farCold(world)).display !== null, {
      withinMs: 30_000,
    })
    const seenAtMs = (await world.workshop.state())['atMs'] as number
    expectThat(
      (await coldLog(operator, world)).gaps.some(({ reason }) => reason === 'on_the_way') ||
        (await coldLog(operator, world)).lockouts.length === 0,
      'the log knows what nobody can have told it',
    )
    await pass(3000)
    await world.workshop.control('network', { mode: 'ok' })
    const lockout = await lockedOut(world, operator, 60_000)
    expectThat(
      Math.abs(lockout.latchedAtMs - seenAtMs) < 3000,
      `the lockout is in the log ${lockout.latchedAtMs - seenAtMs} ms from when it happened`,
    )
    await refusedAtDoor(world, consumer, 'cabinet_locked_out')
    const whole = await eventually('what was measured offline being in the log', async () => {
      const log = await coldLog(operator, world)
      return log.gaps.every(({ reason }) => reason !== 'on_the_way') && log
    })
    expectThat((whole.highest?.deciCelsius ?? 0) >= WARM, 'the warm air offline is not in the log')
  },
}

export const coldRestart: Scenario = {
  ...short,
  name: 'cold-restart',
  shows:
    'a lockout outlives a restart of the agent, a restart of the core, and cold air; the time until it begins goes on over a restart',
  async run(world) {
    const operator = await world.staff('operator')
    await measured(operator, (deci) => deci < 50)
    await air(world, WARM)
    await measured(operator, (deci) => deci > 50)
    await world.system.kill('edge')
    await world.system.restart('edge')
    const first = await lockedOut(world, operator)
    expectThat(
      first.warmMs !== null && first.warmMs >= SHORT_COLD_POLICY.lockoutAfterMs,
      `the lockout began after ${first.warmMs} ms`,
    )
    await air(world, COLD)
    await world.system.kill('edge')
    await world.system.kill('core')
    await world.system.restart('core')
    await world.system.restart('edge')
    const again = await world.staff('operator')
    await eventually(
      'the cabinet being online',
      async () => (await again.cabinet()).cabinet.presence === 'online',
      { withinMs: 60_000 },
    )
    await measured(again, (deci) => deci < 50)
    expectEqual((await again.cabinet()).cabinet.isLockedOut, true, 'the lockout after everything restarted')
    expectEqual((await coldLog(again, world)).lockouts.length, 1, 'lockouts in the log')
    await refusedAtDoor(world, await world.consumer(), 'cabinet_locked_out')
  },
}

export const COLD_STORIES: readonly Scenario[] = [
  coldWarmTimer,
  coldDoorTimer,
  coldDefrostTimer,
  coldDoorOpen,
  coldProbeFault,
  coldPowerLoss,
  coldUnseen,
  coldOffline,
  coldRestart,
  ...COLD_SALES_STORIES,
]
