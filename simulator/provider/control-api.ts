import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '#protocol/base/errors.ts'
import { isObject, type JsonObject } from './fields.ts'
import type { MerchantDesks } from './merchant-api.ts'
import type { Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import { FAULT_KINDS, type FaultKind, type FaultMatch, type Person } from './records.ts'
import { orderTriple } from './service-order-view.ts'

/** A wrong request of a tester: answered with a sentence, not with the provider's codes. */
class ControlError extends Error {
  override readonly name = 'ControlError'
}

export function isLoopback(request: FastifyRequest): boolean {
  return ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip)
}

function bodyOf(request: FastifyRequest): JsonObject {
  if (!isObject(request.body))
    throw new ControlError('Send a JSON object with Content-Type: application/json.')
  return request.body
}

function integerOf(body: JsonObject, name: string): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (!Number.isSafeInteger(value)) throw new ControlError(`${name} must be a whole number.`)
  return value as number
}

function textOf(body: JsonObject, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw new ControlError(`${name} must be a text.`)
  return value
}

function faultOf(body: JsonObject): {
  kind: FaultKind
  times?: number | null
  match: FaultMatch
  delayMs: number | null
} {
  const kind = FAULT_KINDS.find((one) => one === body['kind'])
  if (!kind) throw new ControlError(`kind must be one of: ${FAULT_KINDS.join(', ')}.`)
  const match = body['match'] ?? {}
  if (!isObject(match)) throw new ControlError('match must be an object with path, outOrderNo or openid.')
  for (const [name, value] of Object.entries(match)) {
    if (!['path', 'outOrderNo', 'openid'].includes(name) || typeof value !== 'string') {
      throw new ControlError('match may have path, outOrderNo and openid, each a text.')
    }
  }
  const times = body['times'] === null ? null : integerOf(body, 'times')
  if (typeof times === 'number' && times < 1)
    throw new ControlError('times must be at least 1, or null for "until removed".')
  return {
    kind,
    ...(times === undefined ? {} : { times }),
    match: match as FaultMatch,
    delayMs: integerOf(body, 'delayMs') ?? null,
  }
}

function standingOf(body: JsonObject, whenAbsent: Person['standing']): Person['standing'] {
  const value = body['standing'] ?? whenAbsent
  if (value !== 'good' && value !== 'refused') throw new ControlError('standing must be good or refused.')
  return value
}

/** Everything in the books, for assertions and for the books page. Order of things: oldest first. */
export function booksView(parts: Parts, desks: MerchantDesks): JsonObject {
  const { books } = parts
  return {
    revision: books.revision(),
    nowMs: parts.clock.now(),
    people: books.people
      .all()
      .map((one) => ({ ...one, isPermitted: desks.permissions.isAvailable(one.openid) })),
    permissions: books.permissions.all().map(({ applyToken: _secret, ...rest }) => rest),
    serviceOrders: books.orders.all().map((one) => ({
      ...one,
      triple: orderTriple(one.state),
      transactions: desks.collector.transactionsOf(one.outOrderNo),
    })),
    transactions: books.transactions.all(),
    refunds: books.refunds.all(),
    complaints: books.complaints.all(),
    callbacks: books.callbacks.all(),
    faults: books.faults.all(),
  }
}

/** What a tester or a scenario sets and reads. Unsigned, therefore for callers on this machine only. */
export function registerControlApi(app: FastifyInstance, parts: Parts, desks: MerchantDesks): void {
  const { books, clock, faults, random } = parts

  function newPerson(body: JsonObject): Person {
    const person: Person = {
      openid:
        typeof body['openid'] === 'string'
          ? textOf(body, 'openid')
          : `o${Buffer.from(random.bytes(20)).toString('base64url')}`,
      name: textOf(body, 'name'),
      balanceFen: integerOf(body, 'balanceFen') ?? 20_000,
      standing: standingOf(body, 'good'),
      createdAtMs: clock.now(),
    }
    if (books.people.get(person.openid))
      throw new ControlError(`There is a person with openid ${person.openid} already.`)
    books.people.put(person)
    return person
  }

  void app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        if (!isLoopback(request)) {
          return reply
            .code(403)
            .send({ message: 'The control interface answers on the loopback address only.' })
        }
      })
      // Some controls take no body; a client that sends the header anyway is not wrong.
      scope.removeContentTypeParser('application/json')
      scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
        try {
          done(null, String(text).trim() === '' ? undefined : JSON.parse(String(text)))
        } catch (cause) {
          done(new ControlError(`The body is no JSON: ${messageOf(cause)}.`), undefined)
        }
      })
      scope.setErrorHandler((error, _request, reply: FastifyReply) => {
        if (error instanceof ProviderError) return reply.code(error.status).send(error.toBody())
        const isOurs =
          !(error instanceof ControlError) &&
          !(error instanceof RangeError) &&
          !('statusCode' in Object(error))
        if (isOurs) parts.log.error({ error: messageOf(error) }, 'a control request failed')
        return reply.code(isOurs ? 500 : 400).send({ message: messageOf(error) })
      })

      scope.get('/books', async () => booksView(parts, desks))
      scope.get('/revision', async () => ({ revision: books.revision() }))

      scope.post('/faults', async (request, reply) =>
        reply.code(201).send(faults.set(faultOf(bodyOf(request)))),
      )
      scope.delete('/faults', async (_request, reply) => {
        faults.clear()
        return reply.code(204).send()
      })
      scope.delete('/faults/:faultId', async (request, reply) => {
        faults.clear((request.params as { faultId: string }).faultId)
        return reply.code(204).send()
      })

      scope.post('/people', async (request, reply) => reply.code(201).send(newPerson(bodyOf(request))))
      scope.patch('/people/:openid', async (request, reply) => {
        const person = books.people.get((request.params as { openid: string }).openid)
        if (!person) return reply.code(404).send({ message: 'There is no such person.' })
        const body = bodyOf(request)
        const changed: Person = {
          ...person,
          name: body['name'] === undefined ? person.name : textOf(body, 'name'),
          balanceFen: integerOf(body, 'balanceFen') ?? person.balanceFen,
          standing: standingOf(body, person.standing),
        }
        books.people.put(changed)
        return changed
      })

      scope.post('/serviceorders/:outOrderNo/deduct', async (request, reply) => {
        const { outOrderNo } = request.params as { outOrderNo: string }
        if (!books.orders.get(outOrderNo))
          return reply.code(404).send({ message: 'There is no such service order.' })
        const isPaid = desks.collector.deductNow(outOrderNo)
        const order = books.orders.get(outOrderNo)
        return { isPaid, state: order?.state, lastReason: order?.collection.lastReason ?? null }
      })
      scope.post('/serviceorders/:outOrderNo/pay-by-hand', async (request) => {
        desks.collector.payByHand((request.params as { outOrderNo: string }).outOrderNo)
        return { isPaid: true }
      })
      scope.post('/refunds/:outRefundNo/settle', async (request) => {
        const { outRefundNo } = request.params as { outRefundNo: string }
        desks.refunds.settleNow(outRefundNo)
        return desks.refunds.query(outRefundNo)
      })
      scope.post('/complaints', async (request, reply) => {
        const body = bodyOf(request)
        const complaint = desks.complaints.file({
          outOrderNo: textOf(body, 'outOrderNo'),
          text: textOf(body, 'text'),
          ...(body['phone'] === undefined ? {} : { phone: textOf(body, 'phone') }),
          ...(body['refundFen'] === undefined ? {} : { refundFen: integerOf(body, 'refundFen') }),
        })
        return reply.code(201).send(complaint)
      })
      scope.post('/complaints/:complaintId/continue', async (request) => {
        const { complaintId } = request.params as { complaintId: string }
        return desks.complaints.addUserText(complaintId, textOf(bodyOf(request), 'text'))
      })
      scope.post('/callbacks/:callbackId/send', async (request, reply) => {
        const { callbackId } = request.params as { callbackId: string }
        const record = books.callbacks.get(callbackId)
        if (!record) return reply.code(404).send({ message: 'There is no such callback.' })
        books.callbacks.put({
          ...record,
          state: 'waiting',
          nextAtMs: clock.now(),
          deliveriesWanted: record.deliveries + 1,
        })
        await parts.callbacks.deliverNow(callbackId)
        return books.callbacks.get(callbackId)
      })

      scope.post('/consent', async (request) => {
        const body = bodyOf(request)
        const permission = desks.permissions.grant(
          textOf(body, 'applyPermissionsToken'),
          textOf(body, 'openid'),
        )
        const redirectUrl = typeof body['redirectUrl'] === 'string' ? body['redirectUrl'] : undefined
        return {
          authorizationCode: permission.authorizationCode,
          ...(redirectUrl
            ? { redirectUrl: withResult(redirectUrl, { authorization_code: permission.authorizationCode }) }
            : {}),
        }
      })
      scope.post('/keys/announce', async (_request, reply) => {
        const { id, publicKeyFile } = parts.keys.announce()
        return reply.code(201).send({ id, file: publicKeyFile })
      })
      scope.post('/keys/switch', async (request, reply) => {
        const id = textOf(bodyOf(request), 'id')
        if (!parts.keys.switchTo(id)) return reply.code(404).send({ message: `There is no key ${id}.` })
        return { id }
      })
      scope.post('/permissions/:code/revoke', async (request) => {
        const permission = desks.permissions.revoke((request.params as { code: string }).code)
        return { authorizationCode: permission.authorizationCode, state: permission.state }
      })
    },
    { prefix: '/control' },
  )
}

/** The merchant's page with the result of the consent added to its query. @throws TypeError when it is no http address */
export function withResult(redirectUrl: string, result: Record<string, string>): string {
  const url = new URL(redirectUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError('redirect_url must be an http address')
  for (const [name, value] of Object.entries(result)) url.searchParams.set(name, value)
  return url.toString()
}
