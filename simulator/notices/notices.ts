import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wait, type Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { addressOf } from '#simulator/provider/address.ts'
import { isLoopback } from '#simulator/provider/control-api.ts'
import { canonicalJson, isObject } from '#simulator/provider/fields.ts'
import type { StandInLog } from '#simulator/provider/options.ts'
import { createNoticeFaults, NOTICE_FAULT_KINDS, type NoticeFault } from './faults.ts'
import { parseNoticeRequest, type Message, type NoticeRequest } from './message.ts'
import { openMessageStore } from './message-store.ts'
import { phonePage } from './phone-page.ts'

export interface NoticeStandInOptions {
  readonly dataDir: string
  /** 0 lets the operating system choose. */
  readonly port: number
  readonly host?: string
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log?: StandInLog
}
export interface NoticeStandIn {
  /** @throws CabinetError port_taken, data_folder_unusable */
  start(): Promise<{ url: string }>
  stop(): Promise<void>
  /** `{ baseUrl, keyFile }` for the core; exists after `start`. */
  readonly noticesFile: string
}

const BODY_LIMIT_BYTES = 32 * 1024
const SLOW_MS = 3_000
const REFUSED_KEPT = 200
const SILENT: StandInLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

interface Refused {
  readonly atMs: number
  readonly status: number
  readonly request: NoticeRequest
}

function writePrivately(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * A message gateway as operators rent one: a bearer key, one call, an id that makes a repeat harmless.
 * Accepting is its promise; whether somebody reads it is nobody's. Reference: docs/reference/provider-stand-in.md
 */
export function createNoticeStandIn(options: NoticeStandInOptions): NoticeStandIn {
  const { dataDir, port, host = '127.0.0.1', clock, ids, random, log = SILENT } = options
  const noticesFile = join(dataDir, 'notices.json')
  const keyFile = join(dataDir, 'notices-key.txt')
  let running: (() => Promise<void>) | undefined

  function open() {
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      if (!existsSync(keyFile)) writePrivately(keyFile, Buffer.from(random.bytes(32)).toString('hex'))
      return {
        key: Buffer.from(readFileSync(keyFile, 'utf8').trim()),
        store: openMessageStore(join(dataDir, 'messages.sqlite')),
      }
    } catch (cause) {
      throw new CabinetError(
        'data_folder_unusable',
        `The folder ${dataDir} cannot be used by the message gateway stand-in: ${messageOf(cause)}.`,
        { cause },
      )
    }
  }

  async function start(): Promise<{ url: string }> {
    const { key, store } = open()
    const faults = createNoticeFaults()
    const refused: Refused[] = []
    const stopping = new AbortController()
    const app = fastify({ forceCloseConnections: true, bodyLimit: BODY_LIMIT_BYTES })
    app.setErrorHandler((error, _request, reply) => {
      const status =
        error instanceof RangeError
          ? 400
          : error instanceof Error && 'statusCode' in error
            ? Number(error.statusCode)
            : 500
      if (status >= 500) log.error({ error: messageOf(error) }, 'the message gateway stand-in failed')
      return reply
        .code(status)
        .send({ code: status >= 500 ? 'internal' : 'bad_request', message: messageOf(error) })
    })

    function holdsKey(request: FastifyRequest): boolean {
      const given = Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, ''))
      return given.length === key.length && timingSafeEqual(given, key)
    }
    function refuse(
      reply: FastifyReply,
      request: NoticeRequest,
      status: number,
      code: string,
      message: string,
    ): FastifyReply {
      refused.push({ atMs: clock.now(), status, request })
      if (refused.length > REFUSED_KEPT) refused.shift()
      return reply.code(status).send({ code, message })
    }

    app.post('/v1/messages', async (request, reply) => {
      if (!holdsKey(request))
        return reply
          .code(401)
          .send({ code: 'wrong_key', message: 'Send Authorization: Bearer with the key from the key file.' })
      const parsed = parseNoticeRequest(request.body)
      if ('problem' in parsed) return reply.code(400).send({ code: 'bad_request', message: parsed.problem })
      const notice = parsed.request
      const slow = faults.take('slow', notice)
      if (slow) await wait(clock, 'slow message gateway', slow.delayMs, stopping.signal)
      if (faults.take('http_500', notice))
        return refuse(reply, notice, 500, 'internal', 'Something failed. Try again.')
      if (faults.take('refuse', notice))
        return refuse(
          reply,
          notice,
          422,
          'recipient_refused',
          'This recipient takes no messages on this channel.',
        )
      const known = store.find(notice.id)
      if (known) {
        const { messageId, acceptedAtMs, ...earlier } = known
        if (canonicalJson(earlier) !== canonicalJson(notice)) {
          return reply.code(409).send({
            code: 'exists_with_different_contents',
            message: `The id ${notice.id} was used before with other contents.`,
          })
        }
        return reply.code(202).send({ messageId, acceptedAtMs })
      }
      const message: Message = { ...notice, messageId: ids.next('message'), acceptedAtMs: clock.now() }
      store.save(message)
      log.info({ id: message.id, channel: message.channel, template: message.template }, 'message accepted')
      return reply.code(202).send({ messageId: message.messageId, acceptedAtMs: message.acceptedAtMs })
    })

    registerControl(app)
    app.get('/', async (request, reply) => {
      if (!isLoopback(request))
        return reply.code(403).type('text/plain').send('The messages are shown on the machine itself only.')
      const { to } = request.query as { to?: string }
      return reply
        .header('Cache-Control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(phonePage(store.all(), to))
    })

    function registerControl(scope: FastifyInstance): void {
      void scope.register(
        async (control) => {
          control.addHook('onRequest', async (request, reply) => {
            if (!isLoopback(request))
              return reply
                .code(403)
                .send({ message: 'The control interface answers on the loopback address only.' })
          })
          control.get('/messages', async () => ({ messages: store.all(), refused, faults: faults.all() }))
          control.get('/revision', async () => ({ revision: store.revision() }))
          control.delete('/messages', async (_request, reply) => {
            store.clear()
            refused.length = 0
            return reply.code(204).send()
          })
          control.post('/faults', async (request, reply) => {
            const fault = readFault(request.body)
            faults.add(fault)
            return reply.code(201).send(fault)
          })
          control.delete('/faults', async (_request, reply) => {
            faults.clear()
            return reply.code(204).send()
          })
        },
        { prefix: '/control' },
      )
    }

    async function stop() {
      stopping.abort()
      await app.close()
      store.close()
    }
    try {
      await app.listen({ port, host })
    } catch (cause) {
      await stop()
      const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
      throw isTaken
        ? new CabinetError('port_taken', `Port ${port} of the message gateway stand-in is in use.`, { cause })
        : cause
    }
    const address = app.server.address()
    const actualPort = typeof address === 'object' && address !== null ? address.port : port
    const url = addressOf(host, actualPort)
    writePrivately(noticesFile, `${JSON.stringify({ baseUrl: url, keyFile }, null, 2)}\n`)
    running = stop
    log.info({ url }, 'message gateway stand-in is ready')
    return { url }
  }

  return {
    start,
    async stop() {
      const current = running
      running = undefined
      await current?.()
    },
    noticesFile,
  }
}

/** @throws RangeError with the sentence for the tester */
function readFault(body: unknown): NoticeFault {
  if (!isObject(body)) throw new RangeError('Send a JSON object with kind, and times, delayMs or match.')
  const kind = NOTICE_FAULT_KINDS.find((one) => one === body['kind'])
  if (!kind) throw new RangeError(`kind must be one of: ${NOTICE_FAULT_KINDS.join(', ')}.`)
  const times = body['times'] === undefined ? 1 : body['times']
  if (times !== null && !(Number.isSafeInteger(times) && Number(times) > 0))
    throw new RangeError('times must be a whole number from 1, or null.')
  const delayMs = body['delayMs'] === undefined ? SLOW_MS : body['delayMs']
  if (!Number.isSafeInteger(delayMs) || Number(delayMs) < 0)
    throw new RangeError('delayMs must be a whole number.')
  const match = body['match'] ?? {}
  if (
    !isObject(match) ||
    Object.entries(match).some(
      ([name, value]) => !['channel', 'to', 'template'].includes(name) || typeof value !== 'string',
    )
  ) {
    throw new RangeError('match may have channel, to and template, each a text.')
  }
  return { kind, timesLeft: times === null ? null : Number(times), delayMs: Number(delayMs), match }
}
