import type { CommandName } from '#protocol/base/command-names.ts'
import { TOKEN_LIFE_MS } from '#protocol/messages/frames.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { Answer } from '#test/support/browserless.ts'
import type { Scenario } from './scenario.ts'
import type { Staff, World } from './world.ts'

type Command = CabinetDetail['commands'][number]
interface Far {
  door: 'open' | 'closed'
  lock: { isUnlocked: boolean; lastCommand: string }
  shelves: Array<{ id: string; grams: number | null }>
  climate: { airDeciCelsius: number; isDefrosting: boolean }
  display: string | null
}
const farEnd = async (world: World) => (await world.workshop.state()) as unknown as Far

interface Sent {
  readonly commandId: string
  readonly answer: Answer
}
async function send(
  world: World,
  staff: Staff,
  name: CommandName,
  args: object = {},
  commandId = world.ids.next('command'),
): Promise<Sent> {
  const answer = await staff.trySend('POST', `cabinets/${world.system.cabinetId}/commands`, {
    commandId,
    name,
    args,
    reason: 'scenario',
  })
  return { commandId, answer }
}
/** Sends a command and waits for its end, as the console shows it. */
async function carriedOut(
  world: World,
  staff: Staff,
  name: CommandName,
  args: object = {},
): Promise<Command> {
  const { commandId, answer } = await send(world, staff, name, args)
  expectThat(
    answer.status < 300,
    `${name} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`,
  )
  return endOf(staff, commandId)
}
async function endOf(staff: Staff, commandId: string): Promise<Command> {
  let seen: Command | undefined
  return eventually(
    `the end of ${commandId}`,
    async () => {
      seen = (await staff.cabinet()).commands.find((one) => one.commandId === commandId)
      return seen !== undefined && ['succeeded', 'failed', 'rejected', 'expired'].includes(seen.state) && seen
    },
    { withinMs: 30_000, lastSeen: () => seen },
  )
}
async function refusedFor(world: World, staff: Staff, name: CommandName, reason: string, args: object = {}) {
  const command = await carriedOut(world, staff, name, args)
  expectEqual([command.state, command.reason], ['rejected', reason], `the answer to ${name}`)
}
async function online(staff: Staff): Promise<void> {
  await eventually(
    'the cabinet being online',
    async () => (await staff.cabinet()).cabinet.presence === 'online',
    { withinMs: 60_000 },
  )
}
/** Opens the door for service and waits until the bolt is free. */
async function openForService(world: World, technician: Staff): Promise<void> {
  const unlocked = await carriedOut(world, technician, 'door.unlock')
  expectEqual(unlocked.state, 'succeeded', 'the unlock for service')
  await world.workshop.control('door', { action: 'open' })
  await eventually(
    'the door being heard open',
    async () => (await technician.cabinet()).cabinet.isDoorOpen === true,
  )
}
async function closeAfterService(world: World, technician: Staff): Promise<void> {
  await world.workshop.control('door', { action: 'close' })
  await eventually(
    'the service session being over',
    async () =>
      (await technician.cabinet()).events.some(
        (event) => event.type === 'session.reconciled' && event.summary.includes('kind service'),
      ),
    { withinMs: 30_000 },
  )
}

export const commandReplay: Scenario = {
  name: 'command-replay',
  shows:
    'an unlock that is repeated, held up, sent into a half-open link or to an absent cabinet opens the door at most once',
  async run(world) {
    const technician = await world.staff('technician')
    const unlocked = async () => (await farEnd(world)).lock.isUnlocked

    // Held up on the way for longer than a token lives.
    await world.workshop.control('network', { mode: 'hold-downstream' })
    const held = await send(world, technician, 'door.unlock')
    expectEqual((await endOf(technician, held.commandId)).state, 'expired', 'an unlock that is held up')
    await world.workshop.control('network', { mode: 'ok' })
    await never('the door was unlocked by a late command', unlocked, TOKEN_LIFE_MS)

    // Into a link of which only the core believes that it stands.
    await online(technician)
    await world.workshop.control('network', { mode: 'half-open' })
    const lost = await send(world, technician, 'door.unlock')
    expectEqual((await endOf(technician, lost.commandId)).state, 'expired', 'an unlock into a half-open link')
    await world.workshop.control('network', { mode: 'ok' })
    await online(technician)
    await never('the door was unlocked after the link came back', unlocked, TOKEN_LIFE_MS)

    // To a cabinet that is known to be away: at once, and nothing waits for it.
    await world.workshop.control('network', { mode: 'cut' })
    await eventually(
      'the cabinet being offline',
      async () => (await technician.cabinet()).cabinet.presence === 'offline',
      { withinMs: 60_000 },
    )
    const absent = await send(world, technician, 'door.unlock')
    const ended = await endOf(technician, absent.commandId)
    expectEqual([ended.state, ended.reason], ['expired', 'cabinet_offline'], 'an unlock while offline')
    await world.workshop.control('network', { mode: 'ok' })
    await online(technician)
    await never('the door was unlocked by a command from before', unlocked, TOKEN_LIFE_MS)

    // The same command twice: the second answer is the first one's.
    const once = await send(world, technician, 'door.unlock')
    expectEqual((await endOf(technician, once.commandId)).state, 'succeeded', 'the unlock')
    await world.workshop.control('door', { action: 'open' })
    await world.workshop.control('door', { action: 'close' })
    await eventually('the door locking by itself', async () => !(await unlocked()), { withinMs: 30_000 })
    const again = await send(world, technician, 'door.unlock', {}, once.commandId)
    expectEqual((again.answer.body as { status: string }).status, 'succeeded', 'the answer to the repetition')
    await never('the door was unlocked by a repetition', unlocked, 2000)
    expectEqual(
      (await technician.cabinet()).events.filter((event) => event.type === 'door.unlocked').length,
      1,
      'unlocks that the cabinet reports',
    )
  },
}

export const serviceUnlock: Scenario = {
  name: 'service-unlock',
  shows:
    'a technician opens the cabinet, also out of service; nobody is charged, and everything is on record',
  async run(world) {
    const technician = await world.staff('technician')
    const agent = await world.staff('agent')
    const { answer } = await send(world, agent, 'door.unlock')
    expectEqual(answer.status, 403, 'the answer to an agent who tries')
    await refusedFor(world, technician, 'lockout.clear', 'not_locked_out', { code: '0000', goods: 'kept' })

    const put = (isOutOfService: boolean, expectedVersion: number) =>
      technician.trySend('PUT', `cabinets/${world.system.cabinetId}/twin`, {
        part: 'service',
        value: { isOutOfService },
        expectedVersion,
        reason: 'compressor is noisy',
      })
    const out = await put(true, 0)
    expectEqual(out.status, 200, 'taking it out of service')
    const part = await eventually('the cabinet saying that it is out of service', async () => {
      const service = (await technician.cabinet()).twin.find((one) => one.part === 'service')
      return service?.state === 'in_sync' && service.reported === true && service
    })
    const consumer = await world.consumer()
    const tried = await consumer.tryOpen()
    expectEqual(
      'refusal' in tried && tried.refusal.code,
      'cabinet_out_of_service',
      'the answer to a consumer meanwhile',
    )

    await openForService(world, technician)
    await world.workshop.control('take', { shelf: 's1', sku: await anySku(world, 's1') })
    await closeAfterService(world, technician)
    expectEqual((await world.provider.books()).serviceOrders.length, 0, 'orders at the provider')
    expectEqual((await put(false, part.version)).status, 200, 'putting it back into service')

    const [command] = (await technician.cabinet()).commands.filter((one) => one.name === 'door.unlock')
    expectThat(
      command?.role === 'technician' && command.cause === 'scenario' && command.steps.length >= 4,
      `the record of the unlock lacks something: ${JSON.stringify(command)}`,
    )
  },
}
async function anySku(world: World, shelf: string): Promise<string> {
  const state = (await world.workshop.state()) as unknown as {
    shelves: Array<{ id: string; items: Array<{ sku: string }> }>
  }
  const sku = state.shelves.find((one) => one.id === shelf)?.items[0]?.sku
  expectThat(sku, `nothing lies on ${shelf}`)
  return sku
}

const KNOWN_GRAMS = 2000

export const tareCalibrate: Scenario = {
  name: 'tare-calibrate',
  shows:
    'a scale that reads 3 % too little is calibrated in two guided steps; a wrong weight is refused; tare brings the shelf to zero',
  async run(world) {
    const technician = await world.staff('technician')
    const gramsOf = async () => (await farEnd(world)).shelves.find((one) => one.id === 's2')?.grams ?? 0
    await world.workshop.control('cell', { shelf: 's2', gain: 0.97 })
    await refusedFor(world, technician, 'scale.calibrate', 'calibration_not_begun', {
      shelf: 's2',
      knownGrams: KNOWN_GRAMS,
    })
    await refusedFor(world, technician, 'scale.tare', 'weight_implausible', { shelf: 's2' })

    await openForService(world, technician)
    await world.workshop.control('load', { shelf: 's2', action: 'unload' })
    const tared = await carriedOut(world, technician, 'scale.tare', { shelf: 's2' })
    expectEqual(tared.state, 'succeeded', 'the tare')
    expectThat(Math.abs(await gramsOf()) < 10, `after the tare the shelf reads ${await gramsOf()} g`)
    expectEqual(
      (await carriedOut(world, technician, 'scale.calibrate-empty', { shelf: 's2' })).state,
      'succeeded',
      'the empty shelf',
    )
    await world.workshop.control('weight', { shelf: 's2', grams: 1000 })
    await refusedFor(world, technician, 'scale.calibrate', 'weight_implausible', {
      shelf: 's2',
      knownGrams: KNOWN_GRAMS,
    })
    await world.workshop.control('weight', { shelf: 's2', grams: KNOWN_GRAMS })
    const calibrated = await carriedOut(world, technician, 'scale.calibrate', {
      shelf: 's2',
      knownGrams: KNOWN_GRAMS,
    })
    expectEqual(calibrated.state, 'succeeded', 'the calibration')
    const { gainAfter } = calibrated.result as { gainAfter: number }
    expectThat(Math.abs(gainAfter * 0.97 - 1) < 0.003, `the gain became ${gainAfter}`)
    await eventually('the cabinet reading the known weight', async () => {
      const { stock } = await technician.cabinet()
      const read = stock.find((one) => one.shelf === 's2')?.liveGrams
      return read !== undefined && read !== null && Math.abs(read - KNOWN_GRAMS) < 8
    })
    await world.workshop.control('weight', { shelf: 's2', grams: 0 })
    await world.workshop.control('load', { shelf: 's2', action: 'reload' })
    await world.workshop.control('door', { action: 'close' })
  },
}

export const defrost: Scenario = {
  name: 'defrost',
  shows:
    'a defrost warms the cabinet, is refused while the door is open, again too soon, and when it is warm already',
  async run(world) {
    const technician = await world.staff('technician')
    await world.workshop.control('climate', { airDeciCelsius: 20 })
    await openForService(world, technician)
    await refusedFor(world, technician, 'climate.defrost', 'cabinet_busy')
    await world.workshop.control('door', { action: 'close' })
    await eventually(
      'the session being over',
      async () => (await carriedOut(world, technician, 'climate.defrost')).state === 'succeeded',
      { withinMs: 60_000, everyMs: 2000 },
    )
    const begun = await farEnd(world)
    expectEqual(begun.climate.isDefrosting, true, 'the heater of the board')
    await eventually(
      'the air getting warmer',
      async () => (await farEnd(world)).climate.airDeciCelsius > begun.climate.airDeciCelsius,
      { withinMs: 60_000 },
    )
    await refusedFor(world, technician, 'climate.defrost', 'defrost_too_soon')
  },
}

export const restartAgent: Scenario = {
  name: 'restart-agent',
  shows:
    'the agent is started anew by command, keeps its journal, and the same command is not carried out twice',
  async run(world) {
    const technician = await world.staff('technician')
    const before = await technician.cabinet()
    const process = world.system.processId('edge')
    const restarted = await carriedOut(world, technician, 'agent.restart')
    expectEqual(restarted.state, 'succeeded', 'the restart')
    await online(technician)
    const after = await technician.cabinet()
    expectEqual(after.link.boot, before.link.boot + 1, 'the boot count')
    expectEqual(after.link.epoch, before.link.epoch, 'the outbox of the agent')
    expectEqual(world.system.processId('edge'), process, 'the process, as its supervisor sees it')
    const again = await send(world, technician, 'agent.restart', {}, restarted.commandId)
    expectEqual((again.answer.body as { status: string }).status, 'succeeded', 'the answer to the repetition')
    await never(
      'a repeated command restarted the agent',
      async () => (await technician.cabinet()).link.boot !== after.link.boot,
      2000,
    )
  },
}

export const lockoutClearedOnSite: Scenario = {
  name: 'lockout-cleared-on-site',
  shows:
    'a food-safety lockout is cleared only when it is cold again, somebody has opened the door, and the code on the display is known',
  policy: { lockoutAfterMs: 1500, lockoutAfterDoorCloseMs: 1500, lockoutAfterDefrostMs: 1500 },
  async run(world) {
    const technician = await world.staff('technician')
    await world.workshop.control('climate', { airDeciCelsius: 120, hold: true })
    await eventually('the lockout', async () => (await technician.cabinet()).cabinet.isLockedOut, {
      withinMs: 30_000,
    })
    const code = await eventually(
      'the code on the display',
      async () => (await farEnd(world)).display ?? undefined,
    )
    const clear = (given: string) => ({ code: given, goods: 'discarded' })
    await refusedFor(world, technician, 'lockout.clear', 'too_warm', clear(code))
    await world.workshop.control('climate', { airDeciCelsius: 30, hold: true })
    await eventually(
      'the cabinet noticing that it is cold',
      async () => ((await technician.cabinet()).cabinet.airDeciCelsius ?? 999) <= 50,
    )
    await refusedFor(world, technician, 'lockout.clear', 'not_inspected', clear(code))
    await openForService(world, technician)
    await refusedFor(world, technician, 'lockout.clear', 'cabinet_busy', clear(code))
    await closeAfterService(world, technician)
    const wrong = code === '0000' ? '0001' : '0000'
    await refusedFor(world, technician, 'lockout.clear', 'on_site_code_wrong', clear(wrong))
    const cleared = await carriedOut(world, technician, 'lockout.clear', clear(code))
    expectEqual(cleared.state, 'succeeded', 'clearing with the code')
    await eventually('sales being open again', async () => !(await technician.cabinet()).cabinet.isLockedOut)
    await eventually(
      'the display showing the temperature',
      async () => (await farEnd(world)).display === null,
    )
  },
}

export const TECHNICIAN_STORIES: readonly Scenario[] = [
  commandReplay,
  serviceUnlock,
  tareCalibrate,
  defrost,
  restartAgent,
  lockoutClearedOnSite,
]
