import { generateKeyPairSync } from 'node:crypto'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '#protocol/api/common.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { COMMAND_NAMES, type CommandName } from '#protocol/base/command-names.ts'
import type { Command, Twin } from '#protocol/messages/frames.ts'
import { downFilter, type DownChannel, parseTopic, UP, type UpChannel, upTopic } from '#protocol/topics.ts'
import { addRestoreWindow } from '#core/backup/windows.ts'
import { nowOf } from '#core/platform/database.ts'
import { CABINET, type CoreBench, createCoreBench, PARTITION } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

/** A cabinet by hand, which says what a test wants it to say, and staff who ask things of it. */
let bench: CoreBench
let cabinet: MqttClient
let inbox: Array<{ channel: DownChannel; frame: unknown }> = []
let link = 0
let seq = 0
let identity = ''
const EPOCH = 'ep-1'
/** Long enough that the core hears what is answered here however busy the machine is; three tests wait for its end. */
const PATIENCE = { commandReplyMs: 4000, commandOutcomeMs: 4000 }

beforeAll(async () => {
  bench = await createCoreBench({ ...PATIENCE, setpointPauseMs: 0 })
  const { mqttPort } = await bench.core.start()
  const publicKeyPem = generateKeyPairSync('ed25519')
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
  const { password } = await bench.core.credentials.enrol({
    code: bench.enrolmentCode,
    publicKeyPem,
    hardware: {},
  })
  cabinet = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
    clientId: CABINET,
    username: CABINET,
    password: String(password),
    protocolVersion: 4,
  })
  cabinet.on('message', (topic, payload) => {
    const parsed = parseTopic(topic)
    if (parsed?.direction === 'dn')
      inbox.push({ channel: parsed.channel, frame: JSON.parse(payload.toString()) as unknown })
  })
  await cabinet.subscribeAsync(downFilter(PARTITION, CABINET), { qos: 1 })
  await greet({ version: 0 })
  identity = (await next<Twin>('twin')).twinEpoch
})
afterAll(async () => {
  await cabinet.endAsync(true)
  await bench.close()
})
beforeEach(() => {
  inbox = []
})

const say = (channel: UpChannel, frame: unknown) =>
  cabinet.publishAsync(upTopic(PARTITION, CABINET, channel), JSON.stringify(frame), UP[channel])
const next = <T>(channel: DownChannel, matches: (frame: T) => boolean = () => true) =>
  eventually(
    `a message on ${channel}`,
    () => inbox.find((one) => one.channel === channel && matches(one.frame as T))?.frame as T,
    { everyMs: 10, lastSeen: () => inbox },
  )
async function greet(twin: { twinEpoch?: string; version: number; setpointDeciCelsius?: number }) {
  await say('hello', {
    v: 1,
    linkId: `ln-${++link}`,
    epoch: EPOCH,
    firstSeq: 0,
    lastSeq: seq,
    boot: 1,
    monoMs: 1000,
    nowMs: Date.now(),
    timeQuality: 'synchronised',
    firmware: 'test',
    minor: 0,
    commands: [],
    twin,
    hardware: { isDoorOpen: false, isLocked: true, isLockedOut: false, isOutOfService: false },
  })
  await eventually(
    'the core knowing the link',
    () => bench.core.presence.nowOf(CABINET).linkId === `ln-${link}`,
    { everyMs: 10 },
  )
}
async function report(type: string, data: object) {
  await say('ev', {
    v: 1,
    epoch: EPOCH,
    firstSeq: ++seq,
    boot: 1,
    monoMs: 1000,
    nowMs: Date.now(),
    timeQuality: 'synchronised',
    events: [{ type, atMs: Date.now(), monoMs: 900, data }],
  })
}
const reply = (command: Command, answer: object) =>
  say('cmdr', { v: 1, id: command.id, linkId: command.linkId, phase: command.phase, ...answer })
async function staff(role: Role, method: 'GET' | 'PUT' | 'POST', path: string, payload?: object) {
  const headers = { cookie: await bench.cookieOf(role) }
  return bench.core.http.inject({
    method,
    url: `/api/staff/cabinets/${CABINET}${path}`,
    headers,
    ...(payload ? { payload } : {}),
  })
}
let ids = 0
const send = (role: Role, name: CommandName, args: object = {}, commandId = `cm-${++ids}`) =>
  staff(role, 'POST', '/commands', { commandId, name, args, reason: 'leaking seal' })
const detail = async () => (await staff('technician', 'GET', '')).json() as CabinetDetail
const recordOf = async (commandId: string) =>
  (await detail()).commands.find((one) => one.commandId === commandId)
const stateIn = (commandId: string, state: string) =>
  eventually(`${commandId} being ${state}`, async () => {
    const record = await recordOf(commandId)
    return record?.state === state && record
  })

describe('who may ask what of a cabinet', () => {
  const MAY: Record<string, readonly Role[]> = {
    'door.unlock': ['technician', 'operator'],
    'door.lock': ['technician', 'operator', 'admin'],
    'scale.tare': ['technician'],
    'scale.calibrate-empty': ['technician'],
    'scale.calibrate': ['technician'],
    'climate.defrost': ['technician', 'operator'],
    'lockout.clear': ['technician', 'operator'],
    'camera.snapshot': ['technician', 'operator', 'admin'],
    'agent.restart': ['technician', 'operator', 'admin'],
  }
  it.each(COMMAND_NAMES)('%s', async (name) => {
    for (const role of ['technician', 'operator', 'admin', 'lead', 'agent', 'manager'] as const) {
      // Arguments that no command takes: who may ask is refused for them, everybody else before.
      const { statusCode } = await send(role, name, { nonsense: true })
      expect({ role, statusCode }).toEqual({ role, statusCode: MAY[name]?.includes(role) ? 400 : 403 })
    }
  })
  it('a reason is mandatory', async () => {
    const answer = await staff('technician', 'POST', '/commands', {
      commandId: 'cm-x',
      name: 'door.lock',
      reason: '',
    })
    expect(answer.statusCode).toBe(400)
    expect(inbox).toEqual([])
  })
})

describe('a command', () => {
  it('goes through every state, each with its time, and keeps who, as what and why', async () => {
    const asked = send('technician', 'door.unlock', {}, 'cm-whole')
    const prepare = await next<Command>('cmd')
    expect(prepare).toMatchObject({ phase: 'prepare', name: 'door.unlock', linkId: `ln-${link}` })
    expect(prepare.args).toMatchObject({ kind: 'service', stock: [] })
    await reply(prepare, { status: 'prepared', token: 'to-1', tokenLifeMs: 5000 })
    const execute = await next<Command>('cmd', ({ phase }) => phase === 'execute')
    expect(execute.token).toBe('to-1')
    await reply(execute, { status: 'executing' })
    expect((await asked).json()).toMatchObject({ commandId: 'cm-whole', status: 'executing' })
    // The page need not wait for the event, and the event changes nothing any more.
    await reply(execute, { status: 'succeeded' })
    await stateIn('cm-whole', 'succeeded')
    await report('command.finished', { commandId: 'cm-whole', name: 'door.unlock', status: 'succeeded' })
    const record = await stateIn('cm-whole', 'succeeded')
    expect(record).toMatchObject({ role: 'technician', cause: 'leaking seal', reason: null })
    expect(record.steps.map(({ state }) => state)).toEqual([
      'created',
      'sent',
      'accepted',
      'executing',
      'succeeded',
    ])
  })
  it('that the cabinet refuses shows why, with the figures', async () => {
    const asked = send('technician', 'scale.tare', { shelf: 's2' }, 'cm-refused')
    await reply(await next<Command>('cmd'), {
      status: 'rejected',
      reason: 'weight_implausible',
      detail: 'the shelf reads 4500 g',
      result: { readGrams: 4500, mostGrams: 3000 },
    })
    expect((await asked).json()).toMatchObject({ status: 'rejected', reason: 'weight_implausible' })
    expect(await recordOf('cm-refused')).toMatchObject({
      state: 'rejected',
      reason: 'weight_implausible',
      result: { readGrams: 4500, mostGrams: 3000 },
      args: { shelf: 's2' },
    })
  })
  it('asked for twice with one id is sent once, and answers what is known', async () => {
    const again = await send('technician', 'scale.tare', { shelf: 's2' }, 'cm-refused')
    expect(again.json()).toMatchObject({ status: 'rejected', reason: 'weight_implausible' })
    expect(inbox).toEqual([])
    expect((await send('technician', 'door.lock', {}, 'cm-refused')).statusCode).toBe(409)
  })
  it('that is prepared and whose execution nobody answers is not known, until the cabinet tells', async () => {
    const asked = send('technician', 'door.lock', {}, 'cm-silent')
    await reply(await next<Command>('cmd'), { status: 'prepared', token: 'to-2', tokenLifeMs: 5000 })
    expect((await asked).json()).toMatchObject({ status: 'unknown', reason: 'command_unanswered' })
    await report('command.finished', {
      commandId: 'cm-silent',
      name: 'door.lock',
      status: 'unknown',
      reason: 'unknown_after_crash',
      result: { isLocked: true, isDoorOpen: false },
    })
    await eventually('what the hardware said', async () => {
      const record = await recordOf('cm-silent')
      return record?.reason === 'unknown_after_crash' && record.result?.['isLocked'] === true
    })
    await report('command.finished', { commandId: 'cm-silent', name: 'door.lock', status: 'succeeded' })
    expect((await stateIn('cm-silent', 'succeeded')).reason).toBeNull()
  })
  it('that began and says nothing more is not known after a while', async () => {
    const asked = send('technician', 'agent.restart', {}, 'cm-hangs')
    await reply(await next<Command>('cmd'), { status: 'executing' })
    await asked
    expect(await stateIn('cm-hangs', 'unknown')).toMatchObject({ reason: 'command_unanswered' })
  })
  it('is not executed on a link that began after it was prepared', async () => {
    const asked = send('technician', 'door.unlock', {}, 'cm-relinked')
    const prepare = await next<Command>('cmd')
    await greet({ twinEpoch: identity, version: 1 })
    await reply(prepare, { status: 'prepared', token: 'to-3', tokenLifeMs: 5000 })
    expect((await asked).json()).toMatchObject({ status: 'expired' })
    expect(inbox.some(({ frame }) => (frame as Command).phase === 'execute')).toBe(false)
  })
  it('is not believed to be answered on another link', async () => {
    const asked = send('technician', 'door.unlock', {}, 'cm-forged')
    const prepare = await next<Command>('cmd')
    await reply({ ...prepare, linkId: 'ln-of-long-ago' }, { status: 'prepared', token: 'to-4' })
    expect((await asked).json()).toMatchObject({ status: 'expired' })
  })
  it('that is under way is not ended by a refusal of the same frame, repeated by somebody', async () => {
    const asked = send('technician', 'door.lock', {}, 'cm-repeated')
    const prepare = await next<Command>('cmd')
    await reply(prepare, { status: 'prepared', token: 'to-5', tokenLifeMs: 5000 })
    const execute = await next<Command>('cmd', ({ phase }) => phase === 'execute')
    await reply(execute, { status: 'executing' })
    await asked
    await reply(execute, { status: 'rejected', reason: 'command_token_invalid' })
    await report('command.finished', { commandId: 'cm-repeated', name: 'door.lock', status: 'succeeded' })
    const record = await stateIn('cm-repeated', 'succeeded')
    expect(record.steps.map(({ state }) => state)).not.toContain('rejected')
  })
  it('to a cabinet that has gone fails at once, and is on record', async () => {
    await say('state', { v: 1, on: false, linkId: `ln-${link}` })
    await eventually(
      'the cabinet being offline',
      () => bench.core.presence.nowOf(CABINET).presence === 'offline',
    )
    const answer = await send('technician', 'door.unlock', {}, 'cm-absent')
    expect(answer.json()).toMatchObject({ status: 'expired', reason: 'cabinet_offline' })
    expect((await recordOf('cm-absent'))?.steps.map(({ state }) => state)).toEqual(['created', 'expired'])
    expect(inbox.filter(({ channel }) => channel === 'cmd')).toEqual([])
    await greet({ twinEpoch: identity, version: 1 })
    expect(inbox.some(({ channel }) => channel === 'cmd')).toBe(false)
  })
})

describe('a lockout that lasts', () => {
  it('is drawn in the temperatures as one without an end', async () => {
    await report('climate.lockout-latched', { cause: 'too_warm', airDeciCelsius: 90, sinceMs: 900_000 })
    await eventually('the lockout', async () => (await detail()).cabinet.isLockedOut)
    const answer = await staff('technician', 'GET', '/readings')
    expect(answer.statusCode).toBe(200)
    const { lockouts } = answer.json() as { lockouts: Array<[number, number | null]> }
    expect(lockouts).toEqual([[expect.any(Number), null]])
  })
})

describe('what is wanted of a cabinet', () => {
  const hours = { timeZone: 'Asia/Shanghai', intervals: [{ days: [1, 2], fromMinute: 420, toMinute: 1320 }] }
  const part = async (name: string) => (await detail()).twin.find((one) => one.part === name)
  const change = (role: Role, body: object) =>
    staff(role, 'PUT', '/twin', { reason: 'building hours', ...body })

  it('is sent when it changes, shown as under way, and in sync when the cabinet says so', async () => {
    expect((await change('operator', { part: 'hours', value: hours, expectedVersion: 0 })).statusCode).toBe(
      200,
    )
    const twin = await next<Twin>('twin', ({ sellingHours }) => sellingHours !== undefined)
    expect(twin.sellingHours).toEqual(hours)
    expect(await part('hours')).toMatchObject({ state: 'sending', wantedReason: 'building hours' })
    const answered = (status: string, more: object = {}) =>
      report('twin.answered', {
        twinEpoch: identity,
        version: twin.version,
        parts: [{ part: 'hours', status, value: hours, ...more }],
      })
    await answered('applied')
    await eventually('the hours being in sync', async () => (await part('hours'))?.state === 'in_sync')
  })
  it('of two changes on one version the second is told who was first', async () => {
    const { version = 0 } = (await part('hours')) ?? {}
    const [first, second] = await Promise.all([
      change('operator', { part: 'hours', value: null, expectedVersion: version }),
      change('manager', { part: 'hours', value: hours, expectedVersion: version }),
    ])
    expect([first.statusCode, second.statusCode].toSorted((a, b) => a - b)).toEqual([200, 409])
    const loser = first.statusCode === 409 ? first : second
    expect(loser.json()).toMatchObject({
      code: 'conflict',
      details: { by: first.statusCode === 200 ? 'bench-operator' : 'bench-manager' },
    })
  })
  it('hours of a time zone that does not exist are refused', async () => {
    const { version = 0 } = (await part('hours')) ?? {}
    const wrong = { ...hours, timeZone: 'Mars/Olympus' }
    const answer = await change('operator', { part: 'hours', value: wrong, expectedVersion: version })
    expect([answer.statusCode, (answer.json() as { code: string }).code]).toEqual([400, 'hours_invalid'])
  })
  it('a technician takes the cabinet out of service, and changes nothing else', async () => {
    const out = { part: 'service', value: { isOutOfService: true }, expectedVersion: 0 }
    expect((await change('technician', out)).statusCode).toBe(200)
    expect((await change('technician', { part: 'camera', value: null, expectedVersion: 0 })).statusCode).toBe(
      403,
    )
    expect((await change('agent', out)).statusCode).toBe(403)
    expect((await next<Twin>('twin', ({ isOutOfService }) => isOutOfService)).isOutOfService).toBe(true)
  })
  it('is sent again while the cabinet does not answer', async () => {
    const asked = await next<Twin>('twin', ({ isOutOfService }) => isOutOfService)
    await eventually(
      'the same document once more',
      () =>
        inbox.filter(({ channel, frame }) => channel === 'twin' && (frame as Twin).version === asked.version)
          .length > 1,
      { withinMs: 15_000 },
    )
  })
  it('an answer to the document of another core says nothing', async () => {
    await report('twin.answered', {
      twinEpoch: 'another',
      version: 999,
      parts: [{ part: 'service', status: 'applied', value: true }],
    })
    await report('door.opened', {})
    await eventually('the event after it', async () => (await detail()).cabinet.isDoorOpen === true)
    expect((await part('service'))?.state).toBe('sending')
  })
  it('of a cabinet that keeps what nobody here asked for is not believed: the wish on record is sent again, with an alarm', async () => {
    const before = (await detail()).cabinet.setpoint
    await greet({ twinEpoch: identity, version: 400, setpointDeciCelsius: 21 })
    expect(await next<Twin>('twin', ({ version }) => version > 400)).toMatchObject({
      version: 401,
      setpointDeciCelsius: before.desired,
    })
    await report('climate.setpoint-applied', {
      twinEpoch: identity,
      version: 450,
      status: 'applied',
      value: 22,
    })
    expect(await next<Twin>('twin', ({ version }) => version > 450)).toMatchObject({
      version: 451,
      setpointDeciCelsius: before.desired,
    })
    const unknown = () =>
      bench.core.db.read
        .selectFrom('alarm')
        .select('state')
        .where('kind', '=', 'setpoint_unknown')
        .executeTakeFirst()
    expect(await unknown()).toEqual({ state: 'raised' })
    await report('climate.setpoint-applied', {
      twinEpoch: identity,
      version: 451,
      status: 'applied',
      value: before.desired,
    })
    await eventually('the alarm is over', async () => (await unknown())?.state === 'cleared')
  })
  it('goes on after the numbers of a cabinet that knows more: the core was restored from a backup', async () => {
    await bench.core.db.write('restored', (tx) =>
      addRestoreWindow(tx, { backupAtMs: 0, restoredAtMs: nowOf(tx) }),
    )
    const before = (await detail()).cabinet.setpoint
    const held = 500
    await greet({ twinEpoch: identity, version: held, setpointDeciCelsius: 20 })
    const twin = await next<Twin>('twin', ({ version }) => version > held)
    expect(twin).toMatchObject({ version: held + 1, setpointDeciCelsius: 20 })
    expect(before.desired).not.toBe(20)
    expect((await detail()).cabinet.setpoint).toMatchObject({ desired: 20, desiredBy: 'system' })
    const audit = await bench.core.db.read
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'twin.adopted')
      .orderBy('seq', 'desc')
      .executeTakeFirstOrThrow()
    expect(JSON.parse(audit.detail)).toMatchObject({ held, version: held + 1, setpoint: 20 })
  })
})
