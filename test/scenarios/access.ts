import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import mqtt from 'mqtt'
import type { CabinetCredentials, CreatedEnrolmentCode, RotationAnswer } from '#protocol/api/credentials.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { openAuthority } from '#core/authority/authority.ts'
import { ROOT } from '#scripts/system.ts'
import { MOSQUITTO } from '#scripts/mosquitto.ts'
import { readDeviceIdentity } from '#test/support/device-identity.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, shop, take } from './steps.ts'
import type { Staff, World } from './world.ts'

const CUT_WITHIN_MS = 5000
const clock = createSystemClock()

const credentialsPath = (world: World) => `cabinets/${world.system.cabinetId}/credentials`
async function credentialsOf(world: World, staff: Staff): Promise<CabinetCredentials> {
  return (await staff.get(credentialsPath(world))) as CabinetCredentials
}
async function newCode(world: World, staff: Staff): Promise<string> {
  const { code } = (await staff.send(
    'POST',
    `cabinets/${world.system.cabinetId}/enrolment-codes`,
    {},
  )) as CreatedEnrolmentCode
  return code
}
async function isOnline(staff: Staff): Promise<boolean> {
  return (await staff.cabinet()).cabinet.presence === 'online'
}
/** One sale, charged once and right: the whole way works. Each to somebody else, so that the books tell them apart. */
async function sellOne(world: World, buyer = 0): Promise<void> {
  const { people } = await world.provider.books()
  const consumer = await world.consumer(people[buyer]?.name)
  const { session, truth } = await shop(world, consumer, [take('s3', 'cola-330')])
  await expectChargedOnce(world, consumer, await consumer.orderIn(session.sessionId, ['paid']), truth.taken)
}

interface Agent {
  readonly child: ChildProcess
  said(): string
  ended(): Promise<number | null>
}
/** Another agent, as a technician starts it by hand. */
function startAgent(world: World, dataDir: string, coreUrl: string, flags: readonly string[]): Agent {
  const { simulator } = world.system
  const child = spawn(
    process.execPath,
    [
      'edge/main.ts',
      '--data',
      dataDir,
      '--core',
      coreUrl,
      '--serial',
      simulator.serialPath,
      '--mqtt-url',
      `mqtts://127.0.0.1:${simulator.linkMqttPort}`,
      '--exit-with-parent',
      ...flags,
    ],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { child, said: () => said, ended: () => ended }
}

/** Somebody who answers at the address of the core, with an authority of his own. */
async function startImpostor(): Promise<{ url: string; heard: string[]; stop: () => void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'impostor-'))
  const authority = await openAuthority({ folder, hosts: ['127.0.0.1'], clock, random: createSystemRandom() })
  const { certificatePem, privateKeyPem } = await authority.serverIdentity()
  rmSync(folder, { recursive: true, force: true })
  const heard: string[] = []
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ caPem: authority.caPem, serverTimeMs: clock.now() }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    heard,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const enrol: Scenario = {
  name: 'enrol',
  shows:
    'an impostor never hears the code, a wrong code is refused, the right one makes an identity with a password, and the cabinet sells',
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    const folder = mkdtempSync(path.join(tmpdir(), 'second-agent-'))
    const impostor = await startImpostor()
    const coreUrl = system.core.deviceUrl
    await system.kill('edge')
    const code = await newCode(world, operator)
    try {
      const deceived = startAgent(world, folder, impostor.url, ['--enrol-code', code])
      expectEqual(await deceived.ended(), 1, 'the end of the agent that met an impostor')
      expectThat(/not trusted/.test(deceived.said()), `the agent said: ${deceived.said()}`)
      expectEqual(impostor.heard, ['GET /device/authority'], 'what the impostor heard')
      const wrong = `${code.slice(0, 5)}${code[5] === '0' ? '1' : '0'}${code.slice(6)}`
      const guessing = startAgent(world, folder, coreUrl, ['--enrol-code', wrong])
      expectEqual(await guessing.ended(), 1, 'the end of the agent with a wrong code')
      expectEqual((await credentialsOf(world, operator)).openCode?.triesLeft, 4, 'the tries that are left')

      rmSync(path.join(system.dataDir, 'edge', 'credentials.json'))
      const flags = ['--enrol-code', code, '--credential', 'password']
      const right = startAgent(world, system.dataDir, coreUrl, flags)
      await eventually('the cabinet being enrolled again', async () =>
        existsSync(path.join(system.dataDir, 'edge', 'credentials.json')),
      )
      right.child.kill('SIGTERM')
      await right.ended()
      const again = startAgent(world, folder, coreUrl, ['--enrol-code', code])
      expectEqual(await again.ended(), 1, 'the end of a second agent with the same code')
    } finally {
      impostor.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    await system.restart('edge')
    await eventually('the cabinet being online', () => isOnline(operator), { withinMs: 20_000 })
    await sellOne(world)
    const [present, former] = (await credentialsOf(world, operator)).credentials
    expectEqual([present?.kind, present?.state], ['password', 'active'], 'the present credentials')
    expectEqual([former?.kind, former?.state], ['certificate', 'revoked'], 'the former credentials')
  },
}

export const revoked: Scenario = {
  name: 'revoked',
  shows:
    'an operator withdraws access: the live connection is cut within five seconds, MQTT and HTTPS refuse it, a new code brings the cabinet back',
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    await sellOne(world)
    const identity = readDeviceIdentity(system.dataDir)
    const startedMs = clock.monoMs()
    await operator.send('POST', `cabinets/${system.cabinetId}/revoke`, {})
    await eventually(
      'the agent losing its connection',
      async () => /no connection to the broker/.test(system.logTail('edge', 40)),
      {
        withinMs: CUT_WITHIN_MS,
        everyMs: 20,
      },
    )
    expectThat(clock.monoMs() - startedMs < CUT_WITHIN_MS, 'the connection was cut too late')
    await expectRefused(world, identity)
    await eventually('the cabinet being offline', async () => !(await isOnline(operator)), {
      withinMs: 20_000,
    })
    const consumer = await world.consumer()
    const opening = await consumer.tryOpen()
    expectThat('refusal' in opening, 'a cabinet without access was opened')

    await system.kill('edge')
    const code = await newCode(world, operator)
    const agent = startAgent(world, system.dataDir, system.core.deviceUrl, ['--enrol-code', code])
    await eventually('the cabinet being online again', () => isOnline(operator), { withinMs: 20_000 })
    agent.child.kill('SIGTERM')
    await agent.ended()
    await system.restart('edge')
    await eventually('the cabinet being online', () => isOnline(operator), { withinMs: 20_000 })
    await sellOne(world, 1)
    await expectRefused(world, identity)
  },
}

async function expectRefused(world: World, identity: ReturnType<typeof readDeviceIdentity>): Promise<void> {
  const isIn = await mqtt
    .connectAsync(`mqtts://127.0.0.1:${world.system.core.mqttPort}`, {
      ...identity.options,
      connectTimeout: 3000,
    })
    .then(
      (client) => client.endAsync(true).then(() => true),
      () => false,
    )
  expectThat(!isIn, 'the withdrawn certificate was let in')
}

export const rotation: Scenario = {
  name: 'rotation',
  shows:
    'credentials are renewed by themselves and on a wish, with the agent killed in the middle: nobody is locked out, the old ones end, sales go on',
  policy: { credentialLifeMs: 30_000, credentialOverlapMs: 1000 },
  edgeSettings: { credentialCheckMs: 1000 },
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    const newest = async () => (await credentialsOf(world, operator)).credentials[0]
    const first = await newest()
    const old = readDeviceIdentity(system.dataDir)
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    const asked = (await operator.send('POST', `${credentialsPath(world)}/rotate`, {})) as RotationAnswer
    expectEqual(asked.when, 'later', 'when the cabinet is told while somebody is shopping')
    // The cabinet asks by itself a second later at the most; the power goes as soon as the new ones are there.
    await eventually(
      'new credentials being issued',
      async () => (await newest())?.credentialId !== first?.credentialId,
      {
        everyMs: 5,
      },
    )
    await system.kill('edge')
    await system.restart('edge')
    await world.workshop.visit(leave)
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1 })
    await eventually(
      'only new credentials being in use',
      async () => {
        const { credentials, rotationAskedAtMs } = await credentialsOf(world, operator)
        const before = credentials.find(({ credentialId }) => credentialId === first?.credentialId)
        return credentials[0]?.state === 'active' && before?.state === 'ended' && rotationAskedAtMs === null
      },
      { withinMs: 30_000 },
    )
    await expectRefused(world, old)

    const second = await newest()
    await eventually(
      'credentials being renewed by themselves before they expire',
      async () => {
        const now = await newest()
        return now?.credentialId !== second?.credentialId && now?.state === 'active'
      },
      { withinMs: 40_000 },
    )
    await eventually('the cabinet being online', () => isOnline(operator), { withinMs: 20_000 })
    await sellOne(world, 1)
  },
}

const hasMosquitto = existsSync(MOSQUITTO)
export const mosquitto: Scenario = {
  name: 'mosquitto',
  shows: hasMosquitto
    ? 'a sale through an external Mosquitto with generated files; a withdrawal reaches it at once'
    : 'NOT through Mosquitto, which is not here (apt-get install mosquitto): the same story through the embedded broker',
  ...(hasMosquitto ? { broker: 'mosquitto' as const } : {}),
  async run(world) {
    const { system } = world
    const operator = await world.staff('operator')
    await sellOne(world)
    const identity = readDeviceIdentity(system.dataDir)
    if (hasMosquitto) {
      const rules = readFileSync(path.join(system.dataDir, 'mosquitto', 'cabinets.acl'), 'utf8')
      expectThat(
        rules.includes(`user ${system.cabinetId}\n`),
        'the enrolment did not reach the files of Mosquitto',
      )
    }
    await operator.send('POST', `cabinets/${system.cabinetId}/revoke`, {})
    await eventually(
      'the agent losing its connection',
      async () => /no connection to the broker/.test(system.logTail('edge', 40)),
      {
        withinMs: CUT_WITHIN_MS,
        everyMs: 20,
      },
    )
    await expectRefused(world, identity)
  },
}

export const ACCESS_STORIES: readonly Scenario[] = [enrol, revoked, rotation, mosquitto]
