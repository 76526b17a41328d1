import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { wait } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Bills } from './bills.ts'
import type { Collector } from './collection.ts'
import type { FaultFacts } from './faults.ts'
import type { Complaints } from './complaints.ts'
import { isObject, textIn, type JsonObject } from './fields.ts'
import type { Parts } from './parts.ts'
import type { Permissions } from './permissions.ts'
import { ProviderError } from './provider-error.ts'
import type { Refunds } from './refunds.ts'
import type { ServiceOrders } from './service-orders.ts'
import { encryptResource, findSignatureFault, signedHeaders } from './signing.ts'
import { rfc3339 } from './wire-time.ts'

const BODY_LIMIT_BYTES = 256 * 1024
/** Shorter than any sane client waits. */
const SLOW_ANSWER_MS = 2_000

export interface MerchantDesks {
  readonly permissions: Permissions
  readonly orders: ServiceOrders
  readonly collector: Collector
  readonly refunds: Refunds
  readonly bills: Bills
  readonly complaints: Complaints
}

interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: JsonObject
  readonly body: JsonObject
  readonly baseUrl: string
}
interface Answer {
  readonly status: number
  readonly body: JsonObject | undefined
}
type Handler = (call: Call) => JsonObject | void

/** Connections that are held open on purpose; cut when their time is over or at stop. */
export interface HeldConnections {
  hold(reply: FastifyReply, afterMs: number): void
  /** Resolves after the time, or at stop. */
  pause(afterMs: number): Promise<void>
  cutAll(): void
}

export function createHeldConnections(parts: Pick<Parts, 'clock'>): HeldConnections {
  const cuts = new Set<() => void>()
  const stopping = new AbortController()
  return {
    hold(reply, afterMs) {
      reply.hijack()
      const { socket } = reply.raw
      const timer = parts.clock.setTimer('held connection', afterMs, cut)
      function cut() {
        cuts.delete(cut)
        timer.cancel()
        socket?.destroy()
      }
      cuts.add(cut)
      socket?.once('close', cut)
    },
    async pause(afterMs) {
      await wait(parts.clock, 'slow answer', afterMs, stopping.signal)
    },
    cutAll() {
      stopping.abort()
      for (const cut of cuts) cut()
    },
  }
}

/**
 * The signed API that a merchant's server calls. Every request is verified over its exact bytes before anything else,
 * every answer is signed over its exact bytes, and the scripted faults of the wire are applied here and nowhere else.
 */
export function registerMerchantApi(
  app: FastifyInstance,
  parts: Parts,
  desks: MerchantDesks,
  held: HeldConnections,
): void {
  const { keys, clock, random, faults, books, behaviour, log, callbacks } = parts

  function send(reply: FastifyReply, answer: Answer, isForged: boolean): FastifyReply {
    const body = answer.body === undefined ? '' : JSON.stringify(answer.body)
    reply
      .code(answer.status)
      .headers(
        signedHeaders(
          keys,
          random,
          clock.now(),
          body,
          behaviour.verifiedBy,
          isForged ? 'stranger' : undefined,
        ),
      )
    reply.header('Request-ID', Buffer.from(random.bytes(16)).toString('hex').toUpperCase())
    return answer.body === undefined ? reply.send() : reply.type('application/json; charset=utf-8').send(body)
  }

  function parseBody(bytes: Buffer): JsonObject {
    if (bytes.length === 0) return {}
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'))
      if (isObject(value)) return value
    } catch (cause) {
      throw new ProviderError('PARAM_ERROR', `请求体不是合法的JSON：${messageOf(cause)}`)
    }
    throw new ProviderError('PARAM_ERROR', '请求体应为JSON对象')
  }

  function factsOf(request: FastifyRequest, call: Call): FaultFacts {
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    const refund = books.refunds.get(call.params['outRefundNo'] ?? '')
    const payment = books.transactions.get(text(call.body['transaction_id']) ?? '')
    const outOrderNo =
      call.params['outOrderNo'] ??
      text(call.body['out_order_no']) ??
      text(call.query['out_order_no']) ??
      payment?.outOrderNo ??
      refund?.outOrderNo
    return {
      path: `${request.method} ${request.url.split('?')[0]}`,
      outOrderNo: outOrderNo ?? null,
      openid: text(call.body['openid']) ?? books.orders.get(outOrderNo ?? '')?.openid ?? null,
    }
  }

  function perform(handler: Handler, call: Call, noContent: boolean): Answer {
    try {
      checkService(call)
      const body = handler(call)
      return noContent ? { status: 204, body: undefined } : { status: 200, body: body ?? {} }
    } catch (error) {
      if (error instanceof ProviderError) return { status: error.status, body: error.toBody() }
      log.error({ error: messageOf(error) }, 'the stand-in failed')
      const failure = new ProviderError('SYSTEM_ERROR', '系统异常，请稍后重试')
      return { status: failure.status, body: failure.toBody() }
    }
  }

  /** Whatever names an appid or a service must name this merchant's. */
  function checkService(call: Call): void {
    for (const from of [call.body, call.query]) {
      if (from['appid'] !== undefined && from['appid'] !== keys.appId) {
        throw new ProviderError('APPID_MCHID_NOT_MATCH', '商户号与appid不匹配')
      }
      if (from['service_id'] !== undefined && from['service_id'] !== keys.serviceId) {
        throw new ProviderError('NO_AUTH', '商户无此service_id的权限')
      }
    }
  }

  /** For `early_callback`: the result and its callback come before the answer to the call that asked for it. */
  async function hurry(
    request: FastifyRequest,
    call: Call,
    facts: FaultFacts,
    answer: Answer,
  ): Promise<void> {
    if (answer.status !== 200 || request.method !== 'POST' || !faults.take('early_callback', facts)) return
    const known = new Set(books.callbacks.all().map((one) => one.callbackId))
    if (request.url.includes('/refund/')) desks.refunds.settleNow(String(call.body['out_refund_no']))
    else desks.collector.deductNow(call.params['outOrderNo'] ?? '')
    const fresh = books.callbacks.all().filter((one) => !known.has(one.callbackId))
    await Promise.all(fresh.map((one) => callbacks.deliverNow(one.callbackId)))
  }

  function wired(needs: readonly string[], handler: Handler, options: { noContent?: boolean } = {}) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const signatureFault = findSignatureFault(keys, clock.now(), {
        method: request.method,
        pathWithQuery: request.url,
        authorization: request.headers.authorization,
        body: bytes,
      })
      if (signatureFault !== undefined) {
        const refusal = new ProviderError('SIGN_ERROR', signatureFault)
        log.warn({ url: request.url, reason: signatureFault }, 'a request was not signed by the merchant')
        return send(reply, { status: refusal.status, body: refusal.toBody() }, false)
      }
      let call: Call
      try {
        const query = request.query as JsonObject
        const body = parseBody(bytes)
        const given = request.method === 'GET' ? query : body
        for (const name of needs) {
          if (typeof given[name] !== 'string')
            throw new ProviderError('PARAM_ERROR', `缺少必填参数${name}`, {
              field: `/${name}`,
              issue: '必填',
              location: request.method === 'GET' ? 'query' : 'body',
            })
        }
        call = {
          params: request.params as Record<string, string>,
          query,
          body,
          baseUrl: `${request.protocol}://${request.host}`,
        }
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error
        return send(reply, { status: error.status, body: error.toBody() }, false)
      }
      const facts = factsOf(request, call)
      const early = faults.take('timeout_before_effect', facts)
      if (early) {
        held.hold(reply, early.delayMs ?? behaviour.holdMs)
        return reply
      }
      const answer = refuseBefore(facts) ?? perform(handler, call, options.noContent === true)
      await hurry(request, call, facts, answer)
      const late = faults.take('timeout_after_effect', facts)
      if (late) {
        held.hold(reply, late.delayMs ?? behaviour.holdMs)
        return reply
      }
      const isForged = faults.take('bad_response_signature', facts) !== undefined
      const shown = disguise(answer, facts)
      const slow = faults.take('slow_answer', facts)
      if (slow) await held.pause(slow.delayMs ?? SLOW_ANSWER_MS)
      return send(reply, shown, isForged)
    }
  }

  /** Scripted refusals that leave no effect behind. */
  function refuseBefore(facts: FaultFacts): Answer | undefined {
    const refusal = faults.take('http_500', facts)
      ? new ProviderError('SYSTEM_ERROR', '系统异常，请稍后重试')
      : faults.take('rate_limited', facts)
        ? new ProviderError('FREQUENCY_LIMITED', '频率超限，请求太频繁，请降低请求频率')
        : undefined
    return refusal && { status: refusal.status, body: refusal.toBody() }
  }

  /** The handbook also knows WAIT_PAY; a merchant must take any state that it does not know for "ask again". */
  function disguise(answer: Answer, facts: FaultFacts): Answer {
    const collection = answer.body?.['collection']
    if (!isObject(collection) || !faults.take('unknown_state', facts)) return answer
    return { ...answer, body: { ...answer.body, collection: { ...collection, state: 'WAIT_PAY' } } }
  }

  /** The platform certificates, encrypted with the APIv3 key like a callback; a new one stands here before it signs. */
  function certificates(): JsonObject {
    return {
      data: keys.all().map(({ certificate }) => {
        const nonce = Buffer.from(random.bytes(6)).toString('hex')
        return {
          serial_no: certificate.serialNo,
          effective_time: rfc3339(certificate.effectiveAtMs),
          expire_time: rfc3339(certificate.expireAtMs),
          encrypt_certificate: {
            algorithm: 'AEAD_AES_256_GCM',
            nonce,
            associated_data: 'certificate',
            ciphertext: encryptResource(keys.apiV3Key, nonce, 'certificate', certificate.pem),
          },
        }
      }),
    }
  }

  void app.register(async (scope) => {
    // Signatures are over the exact bytes, so nothing may parse the body before they are checked.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, body),
    )

    const { permissions, orders, refunds, bills, complaints } = desks
    const own = ['appid', 'service_id']
    scope.post(
      '/v3/payscore/permissions',
      wired(['service_id', 'appid', 'authorization_code'], (call) => permissions.ask(call.body)),
    )
    scope.get(
      '/v3/payscore/permissions/authorization-code/:code',
      wired(['service_id'], (call) => permissions.byCode(call.params['code'] ?? '')),
    )
    scope.get(
      '/v3/payscore/permissions/openid/:openid',
      wired(own, (call) => permissions.byOpenid(call.params['openid'] ?? '')),
    )
    scope.post(
      '/v3/payscore/permissions/authorization-code/:code/terminate',
      wired(['service_id'], (call) => permissions.terminateByCode(call.params['code'] ?? '', call.body), {
        noContent: true,
      }),
    )
    scope.post(
      '/v3/payscore/permissions/openid/:openid/terminate',
      wired(own, (call) => permissions.terminateByOpenid(call.params['openid'] ?? '', call.body), {
        noContent: true,
      }),
    )

    scope.post(
      '/v3/payscore/serviceorder',
      wired(own, (call) => orders.create(call.body)),
    )
    scope.get(
      '/v3/payscore/serviceorder',
      wired(own, (call) => orders.query(call.query)),
    )
    const acts = ['complete', 'modify', 'cancel', 'sync'] as const
    for (const act of acts) {
      scope.post(
        `/v3/payscore/serviceorder/:outOrderNo/${act}`,
        wired(own, (call) => orders[act](call.params['outOrderNo'] ?? '', call.body)),
      )
    }
    scope.post(
      '/v3/payscore/serviceorder/:outOrderNo/pay',
      wired(own, (call) => orders.collect(call.params['outOrderNo'] ?? '', call.body)),
    )

    scope.post(
      '/v3/refund/domestic/refunds',
      wired([], (call) => refunds.create(call.body)),
    )
    scope.get(
      '/v3/refund/domestic/refunds/:outRefundNo',
      wired([], (call) => refunds.query(call.params['outRefundNo'] ?? '')),
    )
    scope.post(
      '/v3/refund/domestic/refunds/:refundId/apply-abnormal-refund',
      wired([], (call) => refunds.reroute(call.params['refundId'] ?? '', call.body)),
    )

    scope.get(
      '/v3/bill/tradebill',
      wired(['bill_date'], (call) => bills.tradeBill(call.query, call.baseUrl)),
    )
    scope.get(
      '/v3/bill/fundflowbill',
      wired(['bill_date'], (call) => bills.fundFlowBill(call.query, call.baseUrl)),
    )
    scope.get('/v3/certificates', wired([], certificates))

    const complaintPath = '/v3/merchant-service/complaints-v2'
    const idOf = (call: Call) => call.params['complaintId'] ?? ''
    const noContent = { noContent: true }
    scope.get(
      complaintPath,
      wired(['begin_date', 'end_date'], (call) => complaints.list(call.query)),
    )
    scope.get(
      `${complaintPath}/:complaintId`,
      wired([], (call) => complaints.detail(idOf(call))),
    )
    scope.get(
      `${complaintPath}/:complaintId/negotiation-historys`,
      wired([], (call) => complaints.history(idOf(call), call.query)),
    )
    scope.post(
      `${complaintPath}/:complaintId/response`,
      wired(['complainted_mchid'], (call) => complaints.respond(idOf(call), call.body), noContent),
    )
    scope.post(
      `${complaintPath}/:complaintId/complete`,
      wired(['complainted_mchid'], (call) => complaints.complete(idOf(call), call.body), noContent),
    )
    scope.post(
      `${complaintPath}/:complaintId/update-refund-progress`,
      wired(['action'], (call) => complaints.decideRefund(idOf(call), call.body), noContent),
    )
    const notifyPath = '/v3/merchant-service/complaint-notifications'
    scope.post(
      notifyPath,
      wired(['url'], (call) => complaints.setNotifyUrl(call.body)),
    )
    scope.put(
      notifyPath,
      wired(['url'], (call) => complaints.setNotifyUrl(call.body)),
    )
    scope.get(
      notifyPath,
      wired([], () => complaints.getNotifyUrl()),
    )
    scope.delete(
      notifyPath,
      wired([], () => complaints.removeNotifyUrl(), noContent),
    )

    // The address is the secret and the answer carries no signature: the hash in the first answer stands in for it.
    scope.get('/v3/billdownload/file', (request, reply) => {
      const file = bills.download(textIn(request.query as JsonObject, 'token'))
      if (!file)
        return reply
          .code(400)
          .send({ code: 'INVALID_REQUEST', message: '下载地址不存在或已过期，请重新申请账单' })
      return reply.type(file.isGzip ? 'application/gzip' : 'text/plain; charset=utf-8').send(file.bytes)
    })
  })
}
