import { generateKeyPairSync } from 'node:crypto'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { createCredentialKeeper, type CredentialKeeper } from '#edge/enrolment/credential-keeper.ts'
import type { Credentials } from '#edge/enrolment/credentials.ts'
import type { HttpAnswer, HttpQuestion } from '#edge/enrolment/http-client.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

/** A keeper over a core that answers what the test says; `saved` is the disk. */
const pem = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const START: Credentials = {
  v: 2,
  cabinetId: 'cab-001',
  partition: 7,
  trust: { http: 'plain' },
  codeSha256: '0'.repeat(64),
  current: {
    mqtt: { host: '127.0.0.1', port: 8883, username: 'cab-001', password: 'old', isTls: true },
    privateKeyPem: pem(),
    publicKeyPem: 'old key',
  },
}
let time: ReturnType<typeof createManualClock>
let saved: Credentials
let asked: string[]
let isDue: boolean
let isCoreUp: boolean
let reconnects: number
const random = { bytes: (length: number) => new Uint8Array(length), next: () => 0.5 }

function answer(question: HttpQuestion): HttpAnswer {
  asked.push(`${question.method} ${question.path}`)
  const json = (value: object) => ({ status: 200, headers: {}, text: JSON.stringify(value) })
  if (question.path === '/device/time') return json({ serverTimeMs: 1 })
  if (question.method === 'GET') return json({ isRotationDue: isDue, renewAtMs: 5, serverTimeMs: 1 })
  isDue = false
  return json({
    cabinetId: 'cab-001',
    partition: 7,
    mqtt: { ...START.current.mqtt, password: 'new' },
    serverTimeMs: 1,
  })
}
/** As after a start of the agent with what lies on the disk. */
function start(): CredentialKeeper {
  const keeper = createCredentialKeeper({
    credentials: saved,
    save: (changed) => {
      saved = changed
    },
    client: {
      ask: async (question) => {
        if (!isCoreUp) throw new Error('the core cannot be reached')
        return answer(question)
      },
      close: () => undefined,
    },
    mqttUrl: undefined,
    checkMs: 60_000,
    clock: time.clock,
    random,
    log: pino({ level: 'silent' }),
    onNext: () => {
      reconnects++
    },
  })
  keeper.start()
  return keeper
}
const passwords = (keeper: CredentialKeeper, count: number) =>
  Array.from({ length: count }, () => {
    const { password } = keeper.present()
    keeper.failed()
    return password
  })

beforeEach(() => {
  time = createManualClock()
  saved = START
  asked = []
  isDue = false
  isCoreUp = true
  reconnects = 0
})

describe('credentials that are good', () => {
  it('are asked about now and then, and after each connection; nothing changes', async () => {
    const keeper = start()
    keeper.present()
    keeper.connected()
    await time.pass(200_000)
    expect(asked.filter((one) => one === 'GET /device/credentials').length).toBeGreaterThanOrEqual(3)
    expect(saved).toEqual(START)
    expect(reconnects).toBe(0)
  })
})

describe('credentials that are due', () => {
  it('are saved beside the old ones before they are tried, and replace them after a connection stood', async () => {
    isDue = true
    const keeper = start()
    await time.pass(60_000)
    expect([saved.current.mqtt.password, saved.next?.mqtt.password, reconnects]).toEqual(['old', 'new', 1])
    expect(keeper.present().password).toBe('new')
    keeper.connected()
    expect([saved.current.mqtt.password, saved.next]).toEqual(['new', undefined])
    await time.pass(1000)
    expect(asked.filter((one) => one === 'GET /device/credentials').length).toBeGreaterThanOrEqual(2)
  })
  it('survive a power cut between saving and connecting: the next start tries the new ones first', async () => {
    isDue = true
    const before = start()
    await time.pass(60_000)
    before.stop()
    const keeper = start()
    expect(keeper.present().password).toBe('new')
  })
  it('are tried in turn with the old ones, so that a broker that knows them late locks nobody out', async () => {
    isDue = true
    const keeper = start()
    await time.pass(60_000)
    expect(passwords(keeper, 6)).toEqual(['new', 'new', 'old', 'old', 'new', 'new'])
    expect(keeper.present().password).toBe('old')
    keeper.connected()
    // The old ones still let us in: nothing is thrown away.
    expect(saved.next?.mqtt.password).toBe('new')
  })
  it('are not lost when the core is away: the cabinet goes on with what it has and asks again', async () => {
    isDue = true
    isCoreUp = false
    const keeper = start()
    await time.pass(120_000)
    expect([saved, keeper.present().password]).toEqual([START, 'old'])
    isCoreUp = true
    await time.pass(120_000)
    expect(saved.next?.mqtt.password).toBe('new')
  })
})
