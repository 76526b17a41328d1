import { generateKeyPairSync } from 'node:crypto'
import Sqlite from 'better-sqlite3'
import { createIds } from '#protocol/base/ids.ts'
import type { HttpTransport } from '#core/platform/transport.ts'
import type { SignedAnswer, SignedRequest, SignedWire } from '#core/payments/payscore/signed-wire.ts'
import { createAgenda } from '#simulator/provider/agenda.ts'
import { type Books, keepBooks } from '#simulator/provider/books.ts'
import { createCallbacks } from '#simulator/provider/callbacks.ts'
import { createCollector } from '#simulator/provider/collection.ts'
import { createFaults, type Faults } from '#simulator/provider/faults.ts'
import { isObject, type JsonObject } from '#simulator/provider/fields.ts'
import type { ProviderKeys } from '#simulator/provider/keys.ts'
import { DEFAULT_BEHAVIOUR } from '#simulator/provider/options.ts'
import type { Parts } from '#simulator/provider/parts.ts'
import { createPermissions } from '#simulator/provider/permissions.ts'
import { ProviderError } from '#simulator/provider/provider-error.ts'
import { createRefunds } from '#simulator/provider/refunds.ts'
import { createServiceOrders } from '#simulator/provider/service-orders.ts'
import { CONSUMERS, REFUSED_OPENID } from './cast.ts'
import type { Chance } from './chance.ts'
import type { Count } from './count.ts'
import { keepStatements } from './disk.ts'
import { createNodeClock, START_MS } from './node.ts'
import type { Life, Scheduler } from './scheduler.ts'

export const MERCHANT = {
  baseUrl: 'https://provider.example',
  mchId: '1900000001',
  appId: 'wx0000000000000001',
  serviceId: '00002000000000000000000000000001',
  apiV3Key: '0123456789abcdef0123456789abcdef',
}

/** How the way to the provider is at the moment; shares of calls. */
export interface ProviderWeather {
  lostBeforeShare: number
  lostAfterShare: number
  failShare: number
  twiceShare: number
  slowShare: number
  callbackLostShare: number
  callbackTwiceShare: number
  callbackLateShare: number
}
export const FAIR_PROVIDER: Readonly<ProviderWeather> = {
  lostBeforeShare: 0,
  lostAfterShare: 0,
  failShare: 0,
  twiceShare: 0,
  slowShare: 0,
  callbackLostShare: 0,
  callbackTwiceShare: 0,
  callbackLateShare: 0,
}

/**
 * The stand-in's own books, orders, deductions, refunds and callbacks, called below the signatures: RSA would cost more
 * than everything else together, and is tested over the real wire.
 */
export interface ProviderNode {
  readonly books: Books
  readonly faults: Faults
  readonly weather: ProviderWeather
  wire(life: Life): SignedWire
  /** Also answers for the message gateway. */
  gateway(life: Life): HttpTransport
  /** Where callbacks go. @returns whether the core took it */
  deliver: (headers: Record<string, string>, body: string) => Promise<boolean>
  payByHand(outOrderNo: string): void
  stop(): void
}

const ANSWER_WITHIN_MS = 8000
let keyObject: ReturnType<typeof generateKeyPairSync>['publicKey'] | undefined

function keysOf(): ProviderKeys {
  keyObject ??= generateKeyPairSync('ed25519').publicKey
  const refuse = () => {
    throw new Error('nothing is signed in the simulation')
  }
  return {
    mchId: MERCHANT.mchId,
    appId: MERCHANT.appId,
    serviceId: MERCHANT.serviceId,
    merchantSerialNo: 'none',
    merchantPublicKey: keyObject,
    apiV3Key: Buffer.from(MERCHANT.apiV3Key),
    strangerPrivateKey: keyObject,
    current: refuse,
    all: () => [],
    announce: refuse,
    switchTo: () => false,
    publish: () => undefined,
  }
}

let shared: Sqlite.Database | undefined
/** The runs of a thread have the connection one after the other: to open one costs more than what a run writes to it. */
function emptied(): Sqlite.Database {
  if (shared === undefined) {
    shared = new Sqlite(':memory:')
    keepStatements(shared)
  } else shared.prepare('DELETE FROM record').run()
  return Object.create(shared, { close: { value: () => shared } }) as Sqlite.Database
}

export function createProviderNode(deps: {
  scheduler: Scheduler
  chance: Chance
  count: Count
}): ProviderNode {
  const { scheduler, chance, count } = deps
  const own: Life = { name: 'provider', isAlive: true }
  const weather: ProviderWeather = { ...FAIR_PROVIDER }
  /** Calls whose answer is still on its way. */
  let callsOpen = 0
  const clock = createNodeClock(scheduler, { name: 'provider', wallOffsetMs: 0 }, own)
  const random = chance.fork('stand-in')
  const ids = createIds(clock, random)
  const books = keepBooks(emptied())
  const keys = keysOf()
  const agenda = createAgenda(clock)
  const faults = createFaults(books, clock, ids)
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const behaviour = { ...DEFAULT_BEHAVIOUR, ordersInProgressLimit: 50 }
  const callbacks = createCallbacks({
    books,
    keys,
    clock,
    random,
    agenda,
    faults,
    log,
    ladderScale: 1,
    post: (record) => post(record.body),
  })
  const parts: Parts = { clock, ids, random, books, keys, faults, agenda, callbacks, behaviour, log }
  const permissions = createPermissions(parts)
  const collector = createCollector(parts)
  const refunds = createRefunds(parts, () => undefined)
  const orders = createServiceOrders(parts, permissions, collector)
  books.write(() => {
    for (const { consumerId, openid, balanceFen } of CONSUMERS) {
      books.people.put({
        openid,
        name: consumerId,
        balanceFen,
        standing: openid === REFUSED_OPENID ? 'refused' : 'good',
        createdAtMs: START_MS,
      })
      books.permissions.put({
        authorizationCode: consumerId,
        openid,
        state: 'AVAILABLE',
        notifyUrl: null,
        applyToken: consumerId,
        applyTokenExpiresAtMs: START_MS,
        askedAtMs: START_MS,
        grantedAtMs: START_MS,
        revokedAtMs: null,
      })
    }
  })

  async function post(body: string): Promise<string> {
    const once = async () => {
      const isLate = chance.isTrue(weather.callbackLateShare)
      if (isLate) count('callback late')
      await scheduler.pause(own, 'callback', isLate ? chance.between(1000, 20_000) : chance.between(10, 80))
      if (callsOpen > 0) count('callback before an answer')
      return node.deliver({}, body)
    }
    if (chance.isTrue(weather.callbackLostShare)) {
      count('callback lost')
      await scheduler.pause(own, 'callback', 5000)
      return 'no answer'
    }
    if (chance.isTrue(weather.callbackTwiceShare)) {
      count('callback doubled')
      void once()
    }
    return (await once()) ? '204' : '500'
  }

  function perform(request: SignedRequest): { status: number; body: JsonObject } {
    if (chance.isTrue(weather.failShare)) {
      count('provider answered 500')
      return { status: 500, body: { code: 'SYSTEM_ERROR', message: 'busy' } }
    }
    try {
      return { status: 200, body: route(request) }
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      return { status: error.status, body: error.toBody() }
    }
  }
  function route({ method, path, body: text }: SignedRequest): JsonObject {
    const [where = '', search = ''] = path.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    const body: unknown = text === '' ? {} : JSON.parse(text)
    if (!isObject(body)) throw new Error('a body is an object')
    const words = where.split('/').slice(2)
    if (words[0] === 'payscore' && words[1] === 'serviceorder') {
      const outOrderNo = words[2]
      if (outOrderNo === undefined) return method === 'GET' ? orders.query(query) : orders.create(body)
      const act = words[3]
      if (act === 'complete' || act === 'cancel' || act === 'modify' || act === 'sync')
        return orders[act](outOrderNo, body)
      if (act === 'pay') return orders.collect(outOrderNo, body)
    }
    if (words[0] === 'refund' && words[2] === 'refunds') {
      const named = words[3]
      if (named === undefined) return refunds.create(body)
      return words[4] === 'apply-abnormal-refund'
        ? refunds.reroute(named, body)
        : refunds.query(decodeURIComponent(named))
    }
    throw new Error(`the simulated provider has no ${method} ${path}`)
  }

  const node: ProviderNode = {
    books,
    faults,
    weather,
    deliver: async () => false,
    payByHand: (outOrderNo) => collector.payByHand(outOrderNo),
    stop() {
      agenda.stop()
      books.close()
    },
    wire(life) {
      return {
        verify: () => undefined,
        download: () => Promise.reject(new Error('bills are not part of the simulation')),
        async exchange(request): Promise<SignedAnswer> {
          if (chance.isTrue(weather.lostBeforeShare)) {
            count('provider call lost')
            await scheduler.pause(life, 'provider silent', ANSWER_WITHIN_MS)
            throw new Error('no answer within 8000 ms')
          }
          const isSlow = chance.isTrue(weather.slowShare)
          if (isSlow) count('provider slow')
          const wayMs = () => (isSlow ? chance.between(500, 6000) : chance.between(10, 90))
          // The request goes its way even when the core that sent it dies meanwhile.
          const performed = scheduler.pause(undefined, 'provider call', wayMs()).then(() => perform(request))
          if (request.method === 'POST' && chance.isTrue(weather.twiceShare)) {
            count('provider call doubled')
            void scheduler
              .pause(undefined, 'provider call again', chance.between(20, 4000))
              .then(() => perform(request))
          }
          const { status, body } = await performed
          if (chance.isTrue(weather.lostAfterShare)) {
            count('provider answer lost')
            await scheduler.pause(life, 'provider silent', ANSWER_WITHIN_MS)
            throw new Error('no answer within 8000 ms')
          }
          const backMs = wayMs()
          callsOpen++
          scheduler.at(undefined, 'provider answered', backMs, () => {
            callsOpen--
          })
          await scheduler.pause(life, 'provider answer', backMs)
          return { status, body: JSON.stringify(body), providerAtMs: clock.now() }
        },
      }
    },
    gateway: (life) => async () => {
      await scheduler.pause(life, 'gateway', chance.between(20, 200))
      if (chance.isTrue(weather.failShare)) {
        count('gateway answered 500')
        return { status: 500, headers: {}, body: '{}' }
      }
      return {
        status: 202,
        headers: {},
        body: JSON.stringify({ acceptedAtMs: clock.now() }),
      }
    },
  }
  return node
}
