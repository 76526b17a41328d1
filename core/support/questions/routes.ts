import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import { DisputeView } from '#protocol/api/consumer.ts'
import { CabinetHelp, OwnQuestions, QuestionRequest } from '#protocol/api/questions.ts'
import { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import type { Consent, WishReactions } from '#core/consumers/consent.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { cabinetCourse } from '../desk/cabinet-course.ts'
import type { SupportQueries } from '../queries.ts'
import { type createCabinetHelp, ownQuestions } from './help.ts'
import type { Questions } from './questions.ts'

const PUBLIC = { access: { kind: 'public' as const } }
const READ_A_MINUTE = { max: 120, timeWindow: '1 minute' }
const ASKED_A_MINUTE = { max: 10, timeWindow: '1 minute' }

const pageOf = (cabinetId: string) => `/c/${encodeURIComponent(cabinetId)}/help`

/** Help and questions from the code on a cabinet, `protocol/api/questions.ts`. */
export function registerQuestionRoutes(
  app: HttpApp,
  deps: Pick<CoreDeps, 'db' | 'clock'> & {
    questions: Questions
    help: ReturnType<typeof createCabinetHelp>
    consent: Consent
    support: Pick<SupportQueries, 'seen'>
  },
): void {
  const params = Type.Object({ cabinetId: Id })

  app.get(
    '/api/consumer/cabinets/:cabinetId/help',
    {
      config: { ...PUBLIC, rateLimit: READ_A_MINUTE },
      schema: { params, response: { 200: CabinetHelp } },
    },
    (request) => deps.help(request.params.cabinetId, request.consumer?.consumerId),
  )

  app.post(
    '/api/consumer/cabinets/:cabinetId/questions',
    {
      config: { ...PUBLIC, rateLimit: ASKED_A_MINUTE },
      schema: { params, body: QuestionRequest, response: { 201: DisputeView } },
    },
    async (request, reply) => {
      const { cabinetId } = request.params
      if (request.consumer !== null)
        return reply
          .code(201)
          .send(await deps.questions.ask(request.consumer.consumerId, cabinetId, request.body))
      // Whoever sends it has to be known, so that the answer reaches them; what they wrote waits sealed until then.
      await deps.help(cabinetId, undefined)
      const consentUrl = await deps.consent.begin(request, reply, cabinetId, JSON.stringify(request.body))
      throw new CabinetError('consent_required', undefined, { context: { consentUrl } })
    },
  )

  app.get(
    '/api/consumer/questions',
    { config: { access: { kind: 'consumer' as const } }, schema: { response: { 200: OwnQuestions } } },
    (request) => {
      if (request.consumer === null) throw new CabinetError('not_signed_in')
      return ownQuestions(deps, request.consumer.consumerId)
    },
  )

  app.get(
    '/api/staff/tickets/:ticketId/cabinet',
    {
      config: { access: { kind: 'staff' as const, permission: 'ticket.read' as const } },
      schema: { params: Type.Object({ ticketId: Id }), response: { 200: CabinetCourse } },
    },
    async (request) => {
      const { staff } = request
      if (staff === null) throw new CabinetError('not_signed_in')
      const ticket = await deps.support.seen(staff, request.params.ticketId)
      return cabinetCourse(deps.db.read, staff, ticket, deps.clock.now())
    },
  )
}

/** What was asked before the reader was known is filed when they come back, without another tap. */
export function questionWishes(questions: Questions): WishReactions {
  return {
    givenUp: pageOf,
    async carryOut(consumerId, cabinetId, wish) {
      const parsed = parseValue(QuestionRequest, JSON.parse(wish))
      if (!parsed.ok) return pageOf(cabinetId)
      try {
        const { disputeId } = await questions.ask(consumerId, cabinetId, parsed.value)
        return `/d/${disputeId}`
      } catch (error) {
        if (!(error instanceof CabinetError)) throw error
        return `${pageOf(cabinetId)}?refused=${error.code}`
      }
    },
  }
}
