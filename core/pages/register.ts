import formbody from '@fastify/formbody'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpApp } from '#core/platform/http.ts'
import type {
  CabinetForConsumer,
  DisputeView,
  OrderList,
  OrderView,
  SessionView,
} from '#protocol/api/consumer.ts'
import type { OwnQuestions } from '#protocol/api/questions.ts'
import type { AppealResult, OwnRestrictionAnswer } from '#protocol/api/restrictions.ts'
import type { ErasureResult, ErasureView } from '#protocol/api/own-data.ts'
import { CabinetError, type ErrorCode, ERRORS } from '#protocol/base/errors.ts'
import { isErrorCode } from '#protocol/words/errors.ts'
import { type PageAssets, readAssets } from './assets.ts'
import { consumerApiFor, type ConsumerApi, type Refusal } from './consumer-api.ts'
import type { PageContext } from './context.ts'
import {
  readDisputeForm,
  readMessageForm,
  readOpenForm,
  readRatingForm,
  readRecommendationForm,
  readReopenForm,
} from './forms.ts'
import { createOrderRoute } from './order-route.ts'
import { refusalWords } from './refusals.ts'
import type { PagesDeps } from './pages-deps.ts'
import { registerHelp } from './register-help.ts'
import { contextIn, contextOf, languageOf, standingIn } from './request-context.ts'
import { send, sendProblem } from './send.ts'
import { cabinetPage, consentPage } from './views/cabinet.ts'
import { codePage } from './views/code.ts'
import { disputeFormPage } from './views/dispute-form.ts'
import { disputePage } from './views/dispute.ts'
import { erasedPage, erasePage } from './views/erase.ts'
import { orderPage } from './views/order.ts'
import { landingPage, ordersPage, privacyPage, problemPage } from './views/plain.ts'
import { restrictionPage } from './views/restriction.ts'

/** Who only asks whether a page is there (a link checker, a preview) sends HEAD. */
const PUBLIC = { config: { access: { kind: 'public' as const } }, exposeHeadRoute: true }
/** An order: the route asks who may see it together with which facts it was drawn from. */
const OWN = { config: { access: { kind: 'own' as const } }, exposeHeadRoute: true }

/** The consumer's pages: facts as HTML, forms that work without a script. Everything is asked of the consumer interface. */
export async function registerPages(app: HttpApp, deps: PagesDeps): Promise<void> {
  const assets = readAssets(deps.distFolder)
  await app.register(async (scope) => {
    if (!scope.hasContentTypeParser('application/x-www-form-urlencoded')) await scope.register(formbody)
    scope.setErrorHandler(async (error, request, reply) => {
      const code = codeOf(error)
      const { status } = ERRORS[code]
      if (status >= 500) request.log.error({ err: error, requestId: request.id }, 'a page could not be made')
      const page = await contextOf(deps, assets, request, reply)
      return send(reply, problemPage(page, { code, requestId: request.id }, 'other'), status)
    })
    registerReading(scope, app, deps, assets)
    registerForms(scope, app, deps, assets)
    registerHelp(scope, app, deps, assets)
  })
}

function registerReading(scope: HttpApp, app: HttpApp, deps: PagesDeps, assets: PageAssets): void {
  const page = (request: FastifyRequest, reply: FastifyReply) => contextOf(deps, assets, request, reply)
  const standingAt = (cabinetId: string, context: PageContext) => standingIn(deps, cabinetId, context)

  scope.get('/', PUBLIC, async (request, reply) => {
    const cabinets = await deps.cabinets()
    return send(
      reply,
      landingPage(await page(request, reply), {
        cabinets,
        publicUrl: deps.publicUrl(),
        workshopUrl: deps.workshopUrl,
      }),
    )
  })
  scope.get<{
    Params: { cabinet: string }
    Querystring: { refused?: string; order?: string; consent?: string }
  }>('/c/:cabinet', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const api = consumerApiFor(app, request, reply)
    const cabinet = await findCabinet(api, request.params.cabinet)
    if (!cabinet.ok) return sendProblem(reply, context, cabinet, 'other')
    const own = cabinet.value.session
    const session =
      own === null ? undefined : await api.get<SessionView>(`/api/consumer/sessions/${own.sessionId}`)
    const { refused, order, consent } = request.query
    const html = cabinetPage(await standingAt(cabinet.value.cabinetId, context), {
      cabinet: cabinet.value,
      session: session?.ok === true ? session.value : undefined,
      hasConsented: consent === 'ok',
      refusal:
        typeof refused === 'string' && isErrorCode(refused)
          ? refusalWords(context, { code: refused, details: { orderId: order } })
          : undefined,
    })
    return send(reply, html)
  })
  scope.get<{ Params: { cabinet: string } }>('/c/:cabinet/code', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const cabinet = await findCabinet(consumerApiFor(app, request, reply), request.params.cabinet)
    if (!cabinet.ok) return sendProblem(reply, context, cabinet, 'other')
    return send(reply, codePage(context, cabinet.value, deps.publicUrl()))
  })
  scope.get<{ Querystring: { before?: string } }>('/orders', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const { before } = request.query
    const from = typeof before === 'string' ? `?before=${encodeURIComponent(before)}` : ''
    const api = consumerApiFor(app, request, reply)
    const list = await api.get<OrderList>(`/api/consumer/orders${from}`)
    if (!list.ok) return sendProblem(reply, context, list, 'orders')
    const questions = await api.get<OwnQuestions>('/api/consumer/questions')
    return questions.ok
      ? send(reply, ordersPage(context, list.value, questions.value))
      : sendProblem(reply, context, questions, 'orders')
  })
  const ownOrder =
    deps.orders === undefined
      ? undefined
      : createOrderRoute(
          deps.orders,
          async (request, language, cabinetId) =>
            standingAt(cabinetId, await contextIn(deps, assets, request, language)),
          () => deps.clock.now(),
        )
  scope.get<{ Params: { id: string } }>('/o/:id', OWN, async (request, reply) => {
    const language = languageOf(request, reply)
    if ((await ownOrder?.(request, reply, { orderId: request.params.id, language })) === true) return reply
    const context = await contextIn(deps, assets, request, language)
    const order = await findOrder(consumerApiFor(app, request, reply), request.params.id)
    return order.ok
      ? send(reply, orderPage(await standingAt(order.value.cabinetId, context), order.value))
      : sendProblem(reply, context, order, 'order')
  })
  scope.get<{ Params: { id: string }; Querystring: { line?: string } }>(
    '/o/:id/dispute',
    PUBLIC,
    async (request, reply) => {
      const context = await page(request, reply)
      const order = await findOrder(consumerApiFor(app, request, reply), request.params.id)
      if (!order.ok) return sendProblem(reply, context, order, 'order')
      if (!order.value.actions.includes('dispute')) return reply.redirect(`/o/${order.value.orderId}`, 303)
      return send(
        reply,
        disputeFormPage(context, { order: order.value, lineId: request.query.line, problem: undefined }),
      )
    },
  )
  scope.get<{ Params: { id: string } }>('/d/:id', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const dispute = await findDispute(consumerApiFor(app, request, reply), request.params.id)
    return dispute.ok
      ? send(reply, disputePage(context, dispute.value))
      : sendProblem(reply, context, dispute, 'order')
  })
  scope.get('/restriction', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const own = await findRestriction(consumerApiFor(app, request, reply))
    return own.ok
      ? send(reply, restrictionPage(context, own.value.restriction))
      : sendProblem(reply, context, own, 'orders')
  })
  scope.get('/privacy', PUBLIC, async (request, reply) =>
    send(reply, privacyPage(await page(request, reply), deps.retention(), request.consumer !== null)),
  )
  scope.get('/privacy/erase', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const view = await consumerApiFor(app, request, reply).get<ErasureView>('/api/consumer/own-data/erasure')
    return view.ok
      ? send(reply, erasePage(context, view.value, deps.retention()))
      : sendProblem(reply, context, view, 'orders')
  })
  // An address that a person mistyped gets a page; what a program asks for keeps its JSON answer.
  scope.get('/*', PUBLIC, async (request, reply) => {
    const isForPeople =
      request.headers.accept?.includes('text/html') === true &&
      !/^\/(api|device|provider)\//.test(request.url)
    if (!isForPeople) {
      reply.callNotFound()
      return reply
    }
    return send(
      reply,
      problemPage(await page(request, reply), { code: 'not_found', requestId: undefined }, 'other'),
      404,
    )
  })
}

function registerForms(scope: HttpApp, app: HttpApp, deps: PagesDeps, assets: PageAssets): void {
  const page = (request: FastifyRequest, reply: FastifyReply) => contextOf(deps, assets, request, reply)

  scope.post<{ Params: { cabinet: string } }>('/c/:cabinet', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const api = consumerApiFor(app, request, reply)
    const { cabinet } = request.params
    const opened = await api.post<SessionView>('/api/consumer/sessions', readOpenForm(request.body, cabinet))
    if (opened.ok) return reply.redirect(`/c/${encodeURIComponent(cabinet)}`, 303)
    const consentUrl = opened.details['consentUrl']
    if (opened.code === 'consent_required' && typeof consentUrl === 'string')
      return send(reply, consentPage(context, consentUrl, context.path))
    return reply.redirect(refusedAddress(cabinet, opened), 303)
  })
  scope.post<{ Params: { id: string } }>('/o/:id/dispute', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const api = consumerApiFor(app, request, reply)
    const order = await findOrder(api, request.params.id)
    if (!order.ok) return sendProblem(reply, context, order, 'order')
    const form = readDisputeForm(request.body, context.language)
    const again = (problem: string, status: number) =>
      send(
        reply,
        disputeFormPage(context, { order: order.value, lineId: form?.lines[0]?.lineId, problem }),
        status,
      )
    if (form === undefined) return again(context.t('dispute.needReason'), 400)
    const dispute = await api.post<DisputeView>(`/api/consumer/orders/${order.value.orderId}/disputes`, form)
    if (!dispute.ok) return again(refusalWords(context, dispute).text, dispute.status)
    return reply.redirect(`/d/${dispute.value.disputeId}`, 303)
  })

  scope.post('/restriction/appeal', PUBLIC, async (request, reply) => {
    const context = { ...(await page(request, reply)), path: '/restriction' }
    const api = consumerApiFor(app, request, reply)
    const done = await api.post<AppealResult>('/api/consumer/restriction/appeal', {
      ...readMessageForm(request.body),
      language: context.language,
    })
    if (done.ok) return reply.redirect(`/d/${done.value.appealId}`, 303)
    const own = await findRestriction(api)
    return own.ok
      ? send(
          reply,
          restrictionPage(context, own.value.restriction, refusalWords(context, done).text),
          done.status,
        )
      : sendProblem(reply, context, own, 'orders')
  })

  scope.post('/privacy/erase', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const done = await consumerApiFor(app, request, reply).post<ErasureResult>(
      '/api/consumer/own-data/erasure',
      {},
    )
    if (!done.ok) return sendProblem(reply, context, done, 'orders')
    // Something came in between: the page says what.
    if (done.value.state !== 'erased') return reply.redirect('/privacy/erase', 303)
    return send(reply, erasedPage(context))
  })

  const answers = [
    { path: 'messages', read: readMessageForm },
    { path: 'reopen', read: readReopenForm },
    { path: 'rating', read: readRatingForm },
    { path: 'recommendation', read: readRecommendationForm },
  ] as const
  for (const { path, read } of answers)
    scope.post<{ Params: { id: string } }>(`/d/:id/${path}`, PUBLIC, async (request, reply) => {
      const context = await page(request, reply)
      const api = consumerApiFor(app, request, reply)
      const address = `/d/${encodeURIComponent(request.params.id)}`
      const done = await api.post<DisputeView>(
        `/api/consumer/disputes/${encodeURIComponent(request.params.id)}/${path}`,
        read(request.body),
      )
      if (done.ok) return reply.redirect(address, 303)
      const dispute = await findDispute(api, request.params.id)
      if (!dispute.ok) return sendProblem(reply, context, dispute, 'order')
      const here = { ...context, path: address }
      return send(reply, disputePage(here, dispute.value, refusalWords(here, done).text), done.status)
    })
}

function findCabinet(api: ConsumerApi, id: string) {
  return api.get<CabinetForConsumer>(`/api/consumer/cabinets/${encodeURIComponent(id)}`)
}
function findOrder(api: ConsumerApi, id: string) {
  return api.get<OrderView>(`/api/consumer/orders/${encodeURIComponent(id)}`)
}
function findRestriction(api: ConsumerApi) {
  return api.get<OwnRestrictionAnswer>('/api/consumer/restriction')
}
function findDispute(api: ConsumerApi, id: string) {
  return api.get<DisputeView>(`/api/consumer/disputes/${encodeURIComponent(id)}`)
}

/** A refusal is shown by the page itself, so that loading it again asks nothing again. The script goes there too. */
function refusedAddress(cabinetId: string, refusal: Refusal): string {
  const query = new URLSearchParams({ refused: refusal.code })
  const orderId = refusal.details['orderId']
  if (typeof orderId === 'string') query.set('order', orderId)
  return `/c/${encodeURIComponent(cabinetId)}?${query.toString()}`
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof CabinetError) return error.code
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  if (status === 429) return 'too_many_requests'
  if (status === 413) return 'payload_too_large'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'bad_request' : 'internal'
}
