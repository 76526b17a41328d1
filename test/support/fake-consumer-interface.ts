import pino from 'pino'
import type { DisputeRequest, DisputeView, OrderView, SessionView } from '#protocol/api/consumer.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'
import { registerConsoleFiles } from '#core/pages/console-files.ts'
import { registerPages } from '#core/pages/register.ts'
import { createHttpApp, type HttpApp } from '#core/platform/http.ts'
import {
  aCabinet,
  aDispute,
  aLine,
  anOrder,
  aRefund,
  aSession,
  CLOSED_AT_MS,
  NOW_MS,
} from './consumer-fixtures.ts'

/**
 * The consumer pages over an interface that answers from fixtures, for states that a running system reaches rarely.
 * Everything up to the routes under /api/consumer is the real thing: headers, limits, pages, forms.
 */
export interface FakeConsumerInterface {
  readonly app: HttpApp
  readonly orders: Map<string, OrderView>
  readonly disputes: Map<string, DisputeView>
  /** What the forms sent. */
  readonly sent: { path: string; body: unknown }[]
  /** The state of the visit that /c/cab-001 shows; null: none. */
  session: SessionView | null
  /** Set to refuse the next opening. */
  refuseOpening:
    | { code: 'consent_required' | 'consumer_in_arrears' | 'cabinet_busy'; context: Record<string, unknown> }
    | undefined
  cabinetStatus: ReturnType<typeof aCabinet>['status']
}

const PUBLIC = { config: { access: { kind: 'public' as const } } }

export async function createFakeConsumerInterface(distFolder: string): Promise<FakeConsumerInterface> {
  const ids = createIds({ now: () => NOW_MS }, createSeededRandom(7))
  const app = await createHttpApp({
    log: pino({ level: 'silent' }),
    ids,
    publicUrl: () => 'http://127.0.0.1',
    authenticators: {},
  })
  const fake: FakeConsumerInterface = {
    app,
    orders: new Map(sampleOrders().map((order) => [order.orderId, order])),
    disputes: new Map(sampleDisputes().map((dispute) => [dispute.disputeId, dispute])),
    sent: [],
    session: null,
    refuseOpening: undefined,
    cabinetStatus: 'open',
  }
  registerFakeRoutes(app, fake)
  await registerPages(app, {
    clock: { now: () => NOW_MS },
    ids,
    distFolder,
    publicUrl: () => 'http://127.0.0.1:8080',
    workshopUrl: 'http://127.0.0.1:8090/',
    contact: async () => '400-800-0000',
    timeZoneOf: async () => 'Asia/Shanghai',
    retention: () => ({ pictureDays: 14, traceDays: 365, disputeDays: 180, moneyYears: 3 }),
    cabinets: async () => [aCabinet()],
  })
  registerConsoleFiles(app, distFolder)
  return fake
}

function registerFakeRoutes(app: HttpApp, fake: FakeConsumerInterface): void {
  app.get('/api/consumer/cabinets/:id', PUBLIC, (request) => {
    const { id } = request.params as { id: string }
    if (id !== 'cab-001') throw new CabinetError('unknown_cabinet')
    return aCabinet({
      status: fake.cabinetStatus,
      session:
        fake.session === null ? null : { sessionId: fake.session.sessionId, state: fake.session.state },
    })
  })
  app.post('/api/consumer/sessions', PUBLIC, (request, reply) => {
    fake.sent.push({ path: request.url, body: request.body })
    if (fake.refuseOpening !== undefined)
      throw new CabinetError(fake.refuseOpening.code, undefined, { context: fake.refuseOpening.context })
    fake.session = aSession({ state: 'unlocking', openedAtMs: null })
    return reply.code(201).send(fake.session)
  })
  app.get('/api/consumer/sessions/:id', PUBLIC, () => {
    if (fake.session === null) throw new CabinetError('not_found')
    return fake.session
  })
  app.get('/api/consumer/orders', PUBLIC, () => ({
    orders: [...fake.orders.values()].map((order, i) => ({
      orderId: order.orderId,
      cabinetName: order.cabinetName,
      atMs: CLOSED_AT_MS - i * 17 * 3_600_000,
      state: order.state,
      totalFen: order.totalFen,
      refundedFen: order.refundedFen,
      itemCount: order.lines.reduce((sum, line) => sum + line.quantity, 0),
    })),
  }))
  app.get('/api/consumer/restriction', PUBLIC, () => ({
    restriction: {
      restrictionId: 'rs-1',
      level: 'blocked',
      capFen: null,
      reasonKey: 'restriction.camera_covered',
      reasonValues: { count: 5, days: 30 },
      orderIds: ['or-1', 'or-late'],
      createdAtMs: CLOSED_AT_MS,
      expiresAtMs: CLOSED_AT_MS + 14 * 24 * 3_600_000,
      appealId: null,
      actions: ['appeal'],
    },
  }))
  app.post('/api/consumer/restriction/appeal', PUBLIC, (request, reply) => {
    fake.sent.push({ path: request.url, body: request.body })
    fake.disputes.set('tk-appeal', aDispute({ disputeId: 'tk-appeal', reason: 'other' }))
    return reply.code(201).send({ appealId: 'tk-appeal' })
  })
  app.get('/api/consumer/orders/:id', PUBLIC, (request) => {
    const { id } = request.params as { id: string }
    if (id === 'somebody-elses') throw new CabinetError('not_signed_in')
    return fake.orders.get(id) ?? notFound()
  })
  app.post('/api/consumer/orders/:id/disputes', PUBLIC, (request, reply) => {
    const { id } = request.params as { id: string }
    const body = request.body as DisputeRequest
    fake.sent.push({ path: request.url, body })
    const isClear = body.reason === 'item_returned'
    const dispute = aDispute({
      disputeId: `tk-${fake.disputes.size + 1}`,
      orderId: id,
      reason: body.reason,
      ...(isClear
        ? { state: 'settled', isAutomatic: true, refunds: [aRefund()], actions: ['rate', 'reopen'] }
        : {}),
    })
    fake.disputes.set(dispute.disputeId, dispute)
    return reply.code(201).send(dispute)
  })
  app.get('/api/consumer/disputes/:id', PUBLIC, (request) => {
    const { id } = request.params as { id: string }
    return fake.disputes.get(id) ?? notFound()
  })
  app.post('/api/consumer/disputes/:id/:what', PUBLIC, (request) => {
    const { id, what } = request.params as { id: string; what: string }
    const found = fake.disputes.get(id) ?? notFound()
    fake.sent.push({ path: request.url, body: request.body })
    const body = request.body as { text?: string; score?: number }
    const next: DisputeView =
      what === 'rating'
        ? { ...found, rating: body.score ?? null }
        : what === 'reopen'
          ? { ...found, state: 'in_review', actions: ['reply'] }
          : {
              ...found,
              messages: [
                ...found.messages,
                {
                  messageId: `ms-${found.messages.length}`,
                  atMs: NOW_MS,
                  from: 'consumer',
                  text: body.text ?? '',
                },
              ],
            }
    fake.disputes.set(id, next)
    return next
  })
  app.get('/api/consumer/evidence/:n', PUBLIC, (request, reply) => {
    const { n } = request.params as { n: string }
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240"><rect width="320" height="240" fill="#24312d"/>${[0, 1, 2].map((row) => `<rect x="20" y="${66 + row * 72}" width="280" height="4" fill="#90a8a0"/>${Array.from({ length: 7 }, (_, i) => (i === 6 - Number(n) && row === 1 ? '' : `<rect x="${30 + i * 38}" y="${26 + row * 72}" width="24" height="40" rx="5" fill="hsl(${(row * 120 + i * 18) % 360} 50% 55%)"/>`)).join('')}`).join('')}</svg>`
    return reply.type('image/svg+xml').send(svg)
  })
}

function notFound(): never {
  throw new CabinetError('not_found')
}

function sampleOrders(): OrderView[] {
  const late = { fromMs: CLOSED_AT_MS, toMs: CLOSED_AT_MS + 45 * 60_000, lateMinutes: 45 }
  return [
    anOrder(),
    anOrder({ orderId: 'or-one', lines: [aLine('fruit-cup')] }),
    anOrder({ orderId: 'or-late', deferral: { cause: 'offline', ...late }, chargedAtMs: late.toMs }),
    anOrder({
      orderId: 'or-pending',
      state: 'charging',
      chargeState: 'pending',
      paidFen: 0,
      chargedAtMs: null,
      deferral: { cause: 'provider_pending', fromMs: CLOSED_AT_MS, toMs: null, lateMinutes: 30 },
      actions: [],
    }),
    anOrder({
      orderId: 'or-held',
      state: 'held',
      heldReason: 'ambiguous',
      paidFen: 0,
      chargeState: null,
      chargedAtMs: null,
      lines: [
        aLine('cola-330', { certainty: 'unsure', probability: 0.61 }),
        aLine('coffee-latte', { certainty: 'likely', probability: 0.93 }),
      ],
      actions: ['dispute'],
    }),
    anOrder({
      orderId: 'or-twice',
      refunds: [aRefund({ amountFen: 1900, reason: 'duplicate' })],
      disputeId: 'tk-settled',
    }),
    anOrder({
      orderId: 'or-refunded',
      state: 'partly_refunded',
      refundedFen: 350,
      lines: [
        aLine('coffee-latte'),
        aLine('cola-330', { quantity: 2, refundedQuantity: 1, refundedFen: 350 }),
      ],
      refunds: [aRefund({ state: 'succeeded', succeededAtMs: CLOSED_AT_MS + 25 * 60_000 })],
    }),
    anOrder({
      orderId: 'or-void',
      state: 'void',
      lines: [],
      paidFen: 0,
      chargeState: null,
      chargedAtMs: null,
      actions: [],
    }),
    anOrder({
      orderId: 'or-arrears',
      state: 'arrears',
      paidFen: 0,
      chargeState: 'pending',
      chargedAtMs: null,
      payUrl: 'https://pay.example/order',
      actions: ['pay', 'dispute'],
    }),
  ]
}

function sampleDisputes(): DisputeView[] {
  return [
    aDispute({ disputeId: 'tk-review' }),
    aDispute({
      disputeId: 'tk-settled',
      state: 'settled',
      isAutomatic: true,
      reason: 'item_returned',
      refunds: [aRefund()],
      actions: ['rate', 'reopen'],
    }),
    aDispute({
      disputeId: 'tk-answered',
      state: 'answered',
      messages: [
        {
          messageId: 'ms-1',
          atMs: NOW_MS - 180_000,
          from: 'consumer',
          text: '我只拿了一瓶，另一瓶放回去了。',
        },
        {
          messageId: 'ms-2',
          atMs: NOW_MS - 60_000,
          from: 'agent',
          authorName: 'Li',
          text: '您好，我正在查看 3 层的称重记录，马上给您答复。',
        },
      ],
    }),
  ]
}

if (import.meta.main) {
  const { buildConsole } = await import('#scripts/build-console.ts')
  const { folder } = await buildConsole()
  const fake = await createFakeConsumerInterface(folder)
  const url = await fake.app.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' })
  process.stdout.write(`${url}\n`)
}
