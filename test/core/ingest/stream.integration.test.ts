import { generateKeyPairSync } from 'node:crypto'
import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ack, Command, Twin } from '#protocol/messages/frames.ts'
import { type CoreBench, CABINET, createCoreBench, PARTITION } from '#test/core/core-bench.ts'
import { downFilter, type DownChannel, parseTopic, type UpChannel, UP, upTopic } from '#protocol/topics.ts'
import { eventually } from '#test/support/eventually.ts'

/** A cabinet by hand: it says what a test wants it to say, over the real broker. */
let bench: CoreBench
let cabinet: MqttClient
let inbox: Array<{ channel: DownChannel; frame: Record<string, unknown> }> = []
let link = 0
let password: string

beforeAll(async () => {
  bench = await createCoreBench({ commandReplyMs: 1000 })
  const { mqttPort } = await bench.core.start()
  const publicKeyPem = generateKeyPairSync('ed25519')
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
  const enrolled = await bench.core.credentials.enrol({
    code: bench.enrolmentCode,
    publicKeyPem,
    hardware: {},
  })
  password = String(enrolled.password)
  cabinet = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
    clientId: CABINET,
    username: CABINET,
    password,
    protocolVersion: 4,
    keepalive: 30,
  })
  cabinet.on('message', (topic, payload) => {
    const parsed = parseTopic(topic)
    if (parsed?.direction === 'dn')
      inbox.push({
        channel: parsed.channel,
        frame: JSON.parse(payload.toString()) as Record<string, unknown>,
      })
  })
  await cabinet.subscribeAsync(downFilter(PARTITION, CABINET), { qos: 1 })
})
afterAll(async () => {
  await cabinet.endAsync(true)
  await bench.close()
})
beforeEach(() => {
  inbox = []
})

const say = (channel: UpChannel, frame: unknown) =>
  cabinet.publishAsync(
    upTopic(PARTITION, CABINET, channel),
    typeof frame === 'string' ? frame : JSON.stringify(frame),
    UP[channel],
  )
const next = <T>(channel: DownChannel, matches: (frame: T) => boolean = () => true) =>
  eventually(
    `a message on ${channel}`,
    () => inbox.find((one) => one.channel === channel && matches(one.frame as T))?.frame as T,
    {
      everyMs: 10,
      lastSeen: () => inbox,
    },
  )
const event = (type: string, data: object, monoMs = 900) => ({ type, atMs: 5, monoMs, data })
const frame = (epoch: string, firstSeq: number, ...events: object[]) => ({
  v: 1,
  epoch,
  firstSeq,
  boot: 1,
  monoMs: 1000,
  nowMs: Date.now(),
  timeQuality: 'synchronised',
  events,
})
const hello = (epoch: string, changes: object = {}) => ({
  v: 1,
  linkId: `ln-${++link}`,
  epoch,
  firstSeq: 0,
  lastSeq: 0,
  boot: 1,
  monoMs: 1000,
  nowMs: Date.now(),
  timeQuality: 'synchronised',
  firmware: 'test',
  minor: 0,
  commands: [],
  twin: { version: 0 },
  hardware: { isDoorOpen: false, isLocked: true, isLockedOut: false, isOutOfService: false },
  ...changes,
})
const door = event('door.opened', {})
const stored = () =>
  bench.core.db.read
    .selectFrom('inbox')
    .select(['epoch', 'seq', 'type', 'status'])
    .orderBy('epoch')
    .orderBy('seq')
    .execute()
const alarms = async () =>
  (await bench.core.db.read.selectFrom('alarm').select('kind').where('state', '<>', 'cleared').execute()).map(
    (row) => row.kind,
  )

describe('a cabinet greets', () => {
  it('and hears how far it was received, what is wanted of it, and what time it is', async () => {
    await say('hello', hello('ep-1'))
    expect(await next<Ack>('ack')).toMatchObject({ epoch: 'ep-1', ack: 0, linkId: 'ln-1', echoMonoMs: 1000 })
    const twin = await next<Twin>('twin')
    expect(twin).toMatchObject({ setpointDeciCelsius: 40, planogram: { version: 1 } })
    expect(twin.planogram?.shelves[0]?.products[0]).toEqual({
      sku: 'yogurt-plain',
      unitGrams: 131,
      sigmaGrams: 0.7,
      priceFen: 450,
      stock: 8,
    })
    expect(bench.core.presence.nowOf(CABINET)).toMatchObject({ presence: 'online', linkId: 'ln-1' })
  })
  it('with a clock of 1970: an alarm, which ends when the clock is right', async () => {
    await say('hello', hello('ep-1', { nowMs: 1000, timeQuality: 'unsynchronised' }))
    await eventually('the alarm', async () => (await alarms()).includes('clock_skew'))
    await say('hello', hello('ep-1'))
    await eventually('its end', async () => !(await alarms()).includes('clock_skew'))
  })
})

describe('events', () => {
  it('are acknowledged when they are stored, again when they are repeated, and stored once', async () => {
    await say('ev', frame('ep-1', 1, door, event('door.closed', { openMs: 100 })))
    expect(await next<Ack>('ack', ({ ack }) => ack === 2)).toBeTruthy()
    inbox = []
    await say('ev', frame('ep-1', 1, door, event('door.closed', { openMs: 100 })))
    expect(await next<Ack>('ack', ({ ack }) => ack === 2)).toBeTruthy()
    expect(await stored()).toHaveLength(2)
  })
  it('behind a hole are not taken; the answer says where to go on', async () => {
    await say('ev', frame('ep-1', 9, door))
    expect(await next<Ack>('ack', ({ ack }) => ack === 2)).toBeTruthy()
    expect(await stored()).toHaveLength(2)
  })
  it('of a type that only a newer version knows are kept for later', async () => {
    await say('ev', frame('ep-1', 3, event('teapot.boiled', { cups: 3 })))
    expect(await next<Ack>('ack', ({ ack }) => ack === 3)).toBeTruthy()
    expect((await stored()).at(-1)).toMatchObject({ seq: 3, status: 'unprojected' })
  })
  it('that make no sense become dead letters with a reason, and the stream goes on', async () => {
    await say('ev', frame('ep-1', 4, event('door.closed', { openMs: 'long' }), door))
    expect(await next<Ack>('ack', ({ ack }) => ack === 5)).toBeTruthy()
    expect((await stored()).map((row) => row.status).slice(3)).toEqual(['dead', 'projected'])
    const [letter] = await bench.core.db.read.selectFrom('deadLetter').selectAll().execute()
    expect(letter).toMatchObject({ kind: 'event', seq: 4, reason: expect.stringMatching(/openMs/) })
    expect(await alarms()).toContain('poisoned_event')
  })
  it('in a frame that cannot be read are buried once, however often it comes', async () => {
    for (let time = 0; time < 3; time++) {
      inbox = []
      await say('ev', '{"v":1,')
      expect(await next<Ack>('ack')).toMatchObject({ ack: 5, error: 'frame_invalid' })
    }
    const letters = await bench.core.db.read
      .selectFrom('deadLetter')
      .select('id')
      .where('kind', '=', 'frame')
      .execute()
    expect(letters).toHaveLength(1)
  })
  it('far beyond a gap are answered once in a while, not one by one', async () => {
    for (let ahead = 0; ahead < 20; ahead++) await say('ev', frame('ep-1', 100 + ahead, door))
    await say('ev', frame('ep-1', 5, door))
    await next<Ack>('ack', ({ rewindTo }) => rewindTo === undefined)
    const answers = inbox.filter(({ channel, frame: { rewindTo } }) => channel === 'ack' && rewindTo === 5)
    expect(answers.length).toBeGreaterThan(0)
    expect(answers.length).toBeLessThan(10)
  })
  it('that a second cabinet writes under the same identity are set aside, with an alarm', async () => {
    await say('ev', frame('ep-1', 5, event('door.opened', { sessionId: 'other' })))
    expect(await next<Ack>('ack')).toMatchObject({ error: 'fork' })
    expect(await alarms()).toContain('cloned_identity')
    expect(await stored()).toHaveLength(5)
  })
})

describe('a cabinet whose disk was replaced', () => {
  it('begins a new life, and its old one is refused afterwards', async () => {
    await say('hello', hello('ep-2', { firstSeq: 1, lastSeq: 1 }))
    expect(await next<Ack>('ack', (ack) => ack.epoch === 'ep-2')).toMatchObject({ ack: 0 })
    await say('ev', frame('ep-2', 1, door))
    expect(await next<Ack>('ack', (ack) => ack.ack === 1)).toMatchObject({ epoch: 'ep-2' })
    inbox = []
    await say('ev', frame('ep-1', 6, door))
    expect(await next<Ack>('ack')).toMatchObject({ epoch: 'ep-1', error: 'stale_epoch' })
  })
  it('goes on behind what it does not keep any more, and the loss is on record', async () => {
    await say('hello', hello('ep-2', { firstSeq: 11, lastSeq: 12 }))
    expect(await next<Ack>('ack')).toMatchObject({ ack: 10, rewindTo: 10 })
    const [incident] = await bench.core.db.read
      .selectFrom('incident')
      .selectAll()
      .where('kind', '=', 'events_lost')
      .execute()
    expect(incident?.message).toMatch(/2 to 10/)
  })
})

describe('a command', () => {
  const unlock = (commandId: string) =>
    bench.core.commands.prepare({
      cabinetId: CABINET,
      commandId,
      name: 'door.unlock',
      by: 'system',
      args: { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] },
    })
  const reply = (command: Command, changes: object) =>
    say('cmdr', { v: 1, id: command.id, linkId: command.linkId, phase: command.phase, ...changes })
  const stateOf = async (commandId: string) =>
    (
      await bench.core.db.read
        .selectFrom('command')
        .select('state')
        .where('commandId', '=', commandId)
        .executeTakeFirst()
    )?.state

  it('is prepared and executed on one link, and its end comes with the events', async () => {
    const preparing = unlock('cm-1')
    const prepare = await next<Command>('cmd')
    expect(prepare).toMatchObject({
      phase: 'prepare',
      linkId: `ln-${link}`,
      expects: { isDoorClosed: true, hasNoSession: true, isNotLockedOut: true },
    })
    await reply(prepare, { status: 'prepared', token: 'to-1', tokenLifeMs: 5000 })
    expect(await preparing).toEqual({ ok: true, token: 'to-1', linkId: `ln-${link}` })
    const executing = bench.core.commands.execute('cm-1', 'to-1')
    const execute = await next<Command>('cmd', (command) => command.phase === 'execute')
    expect(execute).toMatchObject({ token: 'to-1', id: 'cm-1' })
    await reply(execute, { status: 'executing' })
    expect(await executing).toEqual({ status: 'executing' })
    await say(
      'ev',
      frame(
        'ep-2',
        11,
        event('command.finished', { commandId: 'cm-1', name: 'door.unlock', status: 'succeeded' }),
      ),
    )
    await eventually('the end', async () => (await stateOf('cm-1')) === 'succeeded')
  })
  it('that the cabinet refuses is refused with its reason', async () => {
    const preparing = unlock('cm-2')
    await reply(await next<Command>('cmd'), { status: 'rejected', reason: 'cabinet_busy' })
    expect(await preparing).toEqual({ ok: false, reason: 'cabinet_busy' })
    expect(await stateOf('cm-2')).toBe('rejected')
  })
  it('that nobody answers ends as offline, and nothing can move any more', async () => {
    expect(await unlock('cm-3')).toEqual({ ok: false, reason: 'cabinet_offline' })
    expect(await stateOf('cm-3')).toBe('expired')
  })
  it('whose id was used before is not sent a second time', async () => {
    await expect(unlock('cm-1')).rejects.toThrow(/used before/)
    expect(inbox).toEqual([])
  })
  it('to a cabinet that has gone fails at once', async () => {
    await say('state', { v: 1, on: false, linkId: 'ln-of-long-ago' })
    await say('state', { v: 1, on: false, linkId: `ln-${link}` })
    await eventually(
      'the cabinet being offline',
      () => bench.core.presence.nowOf(CABINET).presence === 'offline',
    )
    expect(await unlock('cm-4')).toEqual({ ok: false, reason: 'cabinet_offline' })
    expect(await stateOf('cm-4')).toBe('expired')
  })
})
