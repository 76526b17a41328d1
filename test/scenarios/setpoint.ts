import type { CabinetDetail, SetpointView } from '#protocol/api/staff/cabinets.ts'
import { eventually, expectEqual } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import type { Staff, World } from './world.ts'

async function setpointIn(
  operator: Staff,
  states: SetpointView['state'][],
  withinMs = 15_000,
): Promise<CabinetDetail['cabinet']['setpoint']> {
  let seen: SetpointView | undefined
  return eventually(
    `the setpoint being ${states.join(' or ')}`,
    async () => {
      seen = (await operator.cabinet()).cabinet.setpoint
      return states.includes(seen.state) && seen
    },
    { withinMs, lastSeen: () => seen },
  )
}

/** What the register of the board holds, asked of the board's own side. */
async function registerOf(world: World): Promise<number> {
  const state = (await world.workshop.state()) as unknown as { climate: { setpointDeciCelsius: number } }
  return state.climate.setpointDeciCelsius
}

export const setpoint: Scenario = {
  name: 'setpoint',
  shows:
    'an operator sets 3 °C, the register changes and is read back; rejected out of range; applied after reconnect when offline',
  policy: { setpointPauseMs: 0 },
  async run(world) {
    const operator = await world.staff('operator')
    const before = await setpointIn(operator, ['in_sync', 'applied'])
    const change = (view: SetpointView, setpointDeciCelsius: number) =>
      operator.trySend('PUT', `cabinets/${world.system.cabinetId}/setpoint`, {
        expectedVersion: view.desiredVersion,
        setpointDeciCelsius,
        reason: 'Summer',
      })

    expectEqual((await change(before, 30)).status, 200, 'the answer to 3 °C')
    const applied = await eventually('the cabinet reporting 3 °C', async () => {
      const view = await setpointIn(operator, ['applied', 'in_sync'])
      return view.reported === 30 && view
    })
    expectEqual(await registerOf(world), 30, 'the register of the board')

    const tooWarm = await change(applied, 150)
    expectEqual(
      [tooWarm.status, (tooWarm.body as { code: string }).code],
      [400, 'setpoint_out_of_range'],
      'the answer to 15 °C',
    )
    expectEqual(await registerOf(world), 30, 'the register after a refusal')
    const stale = await change(before, 35)
    expectEqual(stale.status, 409, 'the answer to a change on top of an old version')

    const agent = await world.staff('agent')
    const notTheirs = await agent.trySend('PUT', `cabinets/${world.system.cabinetId}/setpoint`, {
      expectedVersion: applied.desiredVersion,
      setpointDeciCelsius: 35,
      reason: 'no',
    })
    expectEqual(notTheirs.status, 403, 'the answer to an agent who tries')

    await world.workshop.control('network', { mode: 'cut' })
    await eventually(
      'the cabinet being offline',
      async () => (await operator.cabinet()).cabinet.presence === 'offline',
      { withinMs: 60_000 },
    )
    const version = (await operator.cabinet()).cabinet.setpoint
    expectEqual((await change(version, 20)).status, 200, 'the answer to 2 °C while offline')
    await setpointIn(operator, ['queued_offline'])
    expectEqual(await registerOf(world), 30, 'the register while the cabinet is offline')
    await world.workshop.control('network', { mode: 'ok' })
    await eventually(
      'the cabinet reporting 2 °C',
      async () => (await operator.cabinet()).cabinet.setpoint.reported === 20,
      { withinMs: 60_000 },
    )
    expectEqual(await registerOf(world), 20, 'the register after the reconnect')
  },
}

export const setpointConflict: Scenario = {
  name: 'setpoint-conflict',
  shows:
    'of two people who change the setpoint at once the second is told who was first; a third change waits for a minute',
  policy: { setpointPauseMs: 60_000 },
  async run(world) {
    const operator = await world.staff('operator')
    const admin = await world.staff('admin')
    const before = await setpointIn(operator, ['in_sync', 'applied'])
    const change = (staff: Staff, expectedVersion: number, setpointDeciCelsius: number) =>
      staff.trySend('PUT', `cabinets/${world.system.cabinetId}/setpoint`, {
        expectedVersion,
        setpointDeciCelsius,
        reason: 'Summer',
      })
    const [first, second] = await Promise.all([
      change(operator, before.desiredVersion, 30),
      change(admin, before.desiredVersion, 20),
    ])
    const answers = [first, second].toSorted((a, b) => a.status - b.status)
    expectEqual(
      answers.map((answer) => answer.status),
      [200, 409],
      'the answers to two changes of one version',
    )
    const winner = first.status === 200 ? 'operator' : 'admin'
    const refused = answers.find((answer) => answer.status === 409)
    if (refused === undefined) throw new Error('neither of the two changes was refused')
    const { details } = refused.body as { details: { by: string; value: number } }
    const after = await setpointIn(operator, ['in_sync', 'applied'])
    expectEqual([details.by, details.value], [after.desiredBy, after.desired], `who was first (${winner})`)
    expectEqual(await registerOf(world), after.desired, 'the register of the board')

    const soon = await change(operator, after.desiredVersion, 35)
    expectEqual(
      [soon.status, (soon.body as { code: string }).code],
      [429, 'too_many_requests'],
      'a change within the same minute',
    )
  },
}
