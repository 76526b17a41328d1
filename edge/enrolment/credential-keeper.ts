import Type from 'typebox'
import type { Logger } from 'pino'
import { type Clock, type Timer, wait } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { type Credential, type Credentials, credentialOf, makeKeyPair } from './credentials.ts'
import { isGood, parseEnrolAnswer, signedQuestion } from './device-api.ts'
import { type HttpAnswer, type HttpClient, jsonOf, sentenceOf } from './http-client.ts'
import { makeSigningRequest } from './signing-request.ts'

/** What the connection to the broker is made with. */
export interface MqttIdentity {
  readonly url: string
  readonly username: string
  readonly password?: string
  readonly caPem?: string
  readonly certificatePem?: string
  readonly privateKeyPem?: string
}
/** Asked by the link at each connection, and told what came of it. */
export interface LinkCredentials {
  present(): MqttIdentity
  connected(): void
  /** No connection came about with what `present` gave. */
  failed(): void
}

export interface CredentialKeeper extends LinkCredentials {
  start(): void
  stop(): void
  /** Key of the credentials in use, for requests over HTTP. */
  signingKey(): string
}

export interface KeeperOptions {
  credentials: Credentials
  /** Durable when it returns. @throws data_folder_unusable */
  save: (credentials: Credentials) => void
  client: HttpClient
  /** Address of the broker, instead of the one that the core gave. */
  mqttUrl: string | undefined
  checkMs: number
  clock: Clock
  random: Random
  log: Logger
  /** New credentials are there: the link should connect anew. */
  onNext: () => void
}

const Advice = Type.Object({
  isRotationDue: Type.Boolean(),
  renewAtMs: Type.Integer({ minimum: 0 }),
  serverTimeMs: Type.Integer({ minimum: 0 }),
})
const ServerTime = Type.Object({ serverTimeMs: Type.Integer({ minimum: 0 }) })

/** With new and old credentials at hand, each is tried this often before the other gets its turn. */
const TRIES_IN_A_ROW = 2
const FAILURES_BEFORE_ASKING = 5
/** After a connection the core is asked soon, but not by all cabinets in the same second. */
const ASK_AFTER_UP_MOST_MS = 3000
const ASK_AFTER_UP_LEAST_MS = 100

/**
 * Keeps the credentials fresh. New ones are saved beside the old ones before they are tried, and replace them only
 * after a connection stood with them: a crash, a lost answer or a broker that knows them late locks nobody out.
 */
export function createCredentialKeeper(options: KeeperOptions): CredentialKeeper {
  const { client, clock, random, log } = options
  let held = options.credentials
  let failures = 0
  /** Of the last `present`. */
  let isNextPresented = false
  let isChecking = false
  let isStopped = false
  let refusedText: string | undefined
  let timer: Timer | undefined
  const stopping = new AbortController()

  function chosen(): Credential {
    const { current, next } = held
    isNextPresented = next !== undefined && failures % (2 * TRIES_IN_A_ROW) < TRIES_IN_A_ROW
    return isNextPresented && next !== undefined ? next : current
  }

  function keep(changed: Credentials): void {
    options.save(changed)
    held = changed
  }

  function checkAfter(pauseMs: number): void {
    timer?.cancel()
    if (isStopped) return
    timer = clock.setTimer('look after the credentials', pauseMs, () => void check())
  }

  async function check(): Promise<void> {
    if (isChecking || isStopped) return
    isChecking = true
    try {
      await checkOnce()
      refusedText = undefined
    } catch (error) {
      const text = messageOf(error)
      // Every few minutes for ever: once is enough in the log.
      if (text !== refusedText && !isStopped) log.warn(`the credentials could not be looked after: ${text}`)
      refusedText = text
    } finally {
      isChecking = false
      checkAfter(options.checkMs)
    }
  }

  async function checkOnce(): Promise<void> {
    const { current, next } = held
    // While new ones wait for their first connection there is nothing to ask for.
    if (next !== undefined) return
    const advice = parseAnswer(Advice, await askSigned('GET', current.privateKeyPem))
    if (!advice.isRotationDue) return
    const keys = makeKeyPair()
    const request = {
      publicKeyPem: keys.publicKeyPem,
      ...(current.certificatePem === undefined
        ? {}
        : { certificateRequestPem: makeSigningRequest(keys.privateKeyPem) }),
    }
    const answer = await askSigned('POST', current.privateKeyPem, request)
    if (!isGood(answer)) throw refusal(answer)
    keep({ ...held, next: credentialOf(parseEnrolAnswer(answer.text), keys) })
    failures = 0
    log.info('new credentials were issued; they are tried now')
    options.onNext()
  }

  async function askSigned(
    method: 'GET' | 'POST',
    privateKeyPem: string,
    body?: object,
  ): Promise<HttpAnswer> {
    // A wall clock that is off must not keep a cabinet from renewing itself.
    const time = parseAnswer(ServerTime, await client.ask({ method: 'GET', path: '/device/time' }))
    return client.ask(
      signedQuestion(
        {
          method,
          path: '/device/credentials',
          ...(body === undefined
            ? {}
            : {
                headers: { 'content-type': 'application/octet-stream' },
                body: Buffer.from(JSON.stringify(body)),
              }),
        },
        { cabinetId: held.cabinetId, privateKeyPem, nowMs: time.serverTimeMs },
      ),
    )
  }

  /** Tells the core that the new ones hold, until it has heard; brokers that are not its own do not tell it. */
  async function confirm(credential: Credential): Promise<void> {
    for (let attempt = 0; !isStopped; attempt++) {
      try {
        parseAnswer(Advice, await askSigned('GET', credential.privateKeyPem))
        return
      } catch (error) {
        log.warn(`the core has not heard yet that the new credentials hold: ${messageOf(error)}`)
        const pauseMs = Math.min(60_000, 1000 * 2 ** Math.min(attempt, 6))
        if (!(await wait(clock, 'confirm credentials again', pauseMs, stopping.signal))) return
      }
    }
  }

  return {
    present() {
      const { mqtt, certificatePem, privateKeyPem } = chosen()
      const scheme = mqtt.isTls === true ? 'mqtts' : 'mqtt'
      return {
        url: options.mqttUrl ?? `${scheme}://${hostInUrl(mqtt.host)}:${mqtt.port}`,
        username: mqtt.username,
        ...(mqtt.password === undefined ? {} : { password: mqtt.password }),
        ...(mqtt.caPem === undefined ? {} : { caPem: mqtt.caPem }),
        ...(certificatePem === undefined ? {} : { certificatePem, privateKeyPem }),
      }
    },
    connected() {
      failures = 0
      const { next, ...rest } = held
      if (isNextPresented && next !== undefined) {
        keep({ ...rest, current: next })
        log.info('the new credentials hold; the old ones were forgotten')
        void confirm(next)
      }
      checkAfter(ASK_AFTER_UP_LEAST_MS + random.next() * (ASK_AFTER_UP_MOST_MS - ASK_AFTER_UP_LEAST_MS))
    },
    failed() {
      failures++
      // Perhaps the broker knows newer ones than we do, because an answer was lost: the core will say.
      if (failures % FAILURES_BEFORE_ASKING === 0) checkAfter(ASK_AFTER_UP_MOST_MS)
    },
    signingKey: () => held.current.privateKeyPem,
    start: () => checkAfter(options.checkMs * (0.5 + random.next() / 2)),
    stop() {
      isStopped = true
      stopping.abort()
      timer?.cancel()
      client.close()
    },
  }
}

/** @throws device_credentials_refused, or a retryable fault */
function parseAnswer<T extends typeof Advice | typeof ServerTime>(
  schema: T,
  answer: HttpAnswer,
): Type.Static<T> {
  if (!isGood(answer)) throw refusal(answer)
  const parsed = parseValue(schema, jsonOf(answer.text))
  if (!parsed.ok)
    throw new CabinetError('bad_request', `The answer of the core is not understood: ${parsed.reason}.`)
  return parsed.value
}
function refusal({ status, text }: HttpAnswer): CabinetError {
  const sentence = sentenceOf(text)
  return status === 401 || status === 403
    ? new CabinetError(
        'device_credentials_refused',
        `The core refused this cabinet (${status}): ${sentence} Enrol it again with a new code.`,
      )
    : new CabinetError('internal', `The core answered ${status}: ${sentence}`)
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
