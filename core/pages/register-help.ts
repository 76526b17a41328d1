import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DisputeView } from '#protocol/api/consumer.ts'
import {
  type Article,
  type ArticleList,
  type CabinetHelp,
  QUESTION_KINDS,
  type QuestionRequest,
} from '#protocol/api/questions.ts'
import type { ErrorCode } from '#protocol/base/errors.ts'
import { isErrorCode } from '#protocol/words/errors.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { PageAssets } from './assets.ts'
import { consumerApiFor } from './consumer-api.ts'
import type { PageContext } from './context.ts'
import { readQuestionForm } from './forms.ts'
import type { PagesDeps } from './pages-deps.ts'
import { contextOf, standingIn } from './request-context.ts'
import { send, sendProblem } from './send.ts'
import { cabinetHelpPage } from './views/cabinet-help.ts'
import { consentPage } from './views/cabinet.ts'
import { articlePage, helpPage } from './views/help.ts'
import { isWordKey } from './words/words.ts'

const PUBLIC = { config: { access: { kind: 'public' as const } }, exposeHeadRoute: true }
/** As much of a search as the interface takes. */
const QUERY_LENGTH_MOST = 100

/** The pages of help: answers for everybody, and help at the cabinet somebody stands at. */
export function registerHelp(scope: HttpApp, app: HttpApp, deps: PagesDeps, assets: PageAssets): void {
  const page = (request: FastifyRequest, reply: FastifyReply) => contextOf(deps, assets, request, reply)

  scope.get<{ Querystring: { q?: string | string[] } }>('/help', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const api = consumerApiFor(app, request, reply)
    const asked = request.query.q
    const query = (typeof asked === 'string' ? asked : '').trim().slice(0, QUERY_LENGTH_MOST)
    const find = (text: string) =>
      api.get<ArticleList>(`/api/consumer/articles${text === '' ? '' : `?query=${encodeURIComponent(text)}`}`)
    const found = await find(query)
    if (!found.ok) return sendProblem(reply, context, found, 'other')
    const isNothingFound = query !== '' && found.value.articles.length === 0
    const shown = isNothingFound ? await find('') : found
    if (!shown.ok) return sendProblem(reply, context, shown, 'other')
    return send(reply, helpPage(context, { query, articles: shown.value.articles, isNothingFound }))
  })

  scope.get<{ Params: { key: string } }>('/help/:key', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const article = await consumerApiFor(app, request, reply).get<Article>(
      `/api/consumer/articles/${encodeURIComponent(request.params.key)}`,
    )
    return article.ok
      ? send(reply, articlePage(context, article.value))
      : sendProblem(reply, context, { ...article, code: 'not_found', status: 404 }, 'other')
  })

  const helpAt = (request: FastifyRequest, reply: FastifyReply, cabinetId: string) =>
    consumerApiFor(app, request, reply).get<CabinetHelp>(
      `/api/consumer/cabinets/${encodeURIComponent(cabinetId)}/help`,
    )

  scope.get<{ Params: { cabinet: string }; Querystring: { refused?: string; kind?: string } }>(
    '/c/:cabinet/help',
    PUBLIC,
    async (request, reply) => {
      const context = await page(request, reply)
      const help = await helpAt(request, reply, request.params.cabinet)
      if (!help.ok) return sendProblem(reply, context, help, 'other')
      const here = await standingIn(deps, help.value.cabinetId, context)
      const { refused, kind } = request.query
      return send(
        reply,
        cabinetHelpPage(here, {
          help: help.value,
          kind: QUESTION_KINDS.find((known) => known === kind),
          problem:
            typeof refused === 'string' && isErrorCode(refused) ? refusalText(here, refused) : undefined,
        }),
      )
    },
  )

  scope.post<{ Params: { cabinet: string } }>('/c/:cabinet/help', PUBLIC, async (request, reply) => {
    const context = await page(request, reply)
    const { cabinet } = request.params
    const filled = readQuestionForm(request.body, context.language)
    const again = async (problem: (here: PageContext) => string, status: number, form?: QuestionRequest) => {
      const help = await helpAt(request, reply, cabinet)
      if (!help.ok) return sendProblem(reply, context, help, 'other')
      const here = await standingIn(deps, help.value.cabinetId, context)
      return send(
        reply,
        cabinetHelpPage(here, { help: help.value, filled: form, problem: problem(here) }),
        status,
      )
    }
    if (filled === undefined) return again(({ t }) => t('question.needKind'), 400)
    const asked = await consumerApiFor(app, request, reply).post<DisputeView>(
      `/api/consumer/cabinets/${encodeURIComponent(cabinet)}/questions`,
      filled,
    )
    if (asked.ok) return reply.redirect(`/d/${asked.value.disputeId}`, 303)
    const consentUrl = asked.details['consentUrl']
    if (asked.code === 'consent_required' && typeof consentUrl === 'string')
      return send(
        reply,
        consentPage(await standingIn(deps, cabinet, context), consentUrl, context.path, 'question.signIn'),
      )
    return again((here) => refusalText(here, asked.code), asked.status, filled)
  })
}

function refusalText(page: PageContext, code: ErrorCode): string {
  const own = `question.refused.${code}`
  return page.t(isWordKey(own) ? own : 'question.refused.other', { contact: page.contact })
}
