import { CabinetError } from '#protocol/base/errors.ts'
import { twinOfId } from '#protocol/base/ids.ts'
import { createAnomalies } from '#core/anomalies/anomalies.ts'
import { createDoorEvents } from '#core/anomalies/door-events.ts'
import { registerPolicyRoutes } from '#core/anomalies/policy-routes.ts'
import { createReturns } from '#core/anomalies/returns.ts'
import { createArrears } from '#core/arrears/arrears.ts'
import { registerArrearsRoutes } from '#core/arrears/routes.ts'
import { createBills } from '#core/bills/bills.ts'
import { createCallerChecks } from '#core/callers/caller-checks.ts'
import { registerCallerRoutes } from '#core/callers/routes.ts'
import type { CabinetCommands } from '#core/cabinets/commands.ts'
import type { PresenceBook } from '#core/cabinets/presence.ts'
import type { Twins } from '#core/cabinets/twins.ts'
import { createRebuilding } from '#core/backup/rebuild.ts'
import { createComplaints } from '#core/complaints/complaints.ts'
import { createCompensations } from '#core/compensation/compensations.ts'
import { registerCompensationRoutes } from '#core/compensation/routes.ts'
import { createConsent, type PermissionDesk } from '#core/consumers/consent.ts'
import { type Consumers, createConsumers } from '#core/consumers/consumers.ts'
import { combineHandlers, type EventHandlers } from '#core/ingest/handlers.ts'
import { takeUpOldCharges } from '#core/ledger/take-up.ts'
import type { Knowledge } from '#core/knowledge/knowledge.ts'
import { createNotices, type Gateway } from '#core/notices/notices.ts'
import { createOrderQueries } from '#core/orders/queries.ts'
import { advanceOrder, insertOrder, orderOfSession } from '#core/orders/store.ts'
import { createTraces } from '#core/orders/trace.ts'
import { createCallbackDesk, registerCallbackRoute } from '#core/payments/callback-route.ts'
import { type Charges, createCharges } from '#core/payments/charges.ts'
import { recordReply, saveCall } from '#core/payments/journal.ts'
import type { PaymentProvider, ProviderCallback } from '#core/payments/provider.ts'
import type { Authenticators } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import type { createCookies, HttpApp } from '#core/platform/http.ts'
import type { HttpTransport } from '#core/platform/transport.ts'
import type { PolicyBook } from '#core/policies/book.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { registerPriceRoutes } from '#core/pricing/routes.ts'
import { createReactions } from '#core/reactions.ts'
import { createCallBacks } from '#core/follow-up/call-backs.ts'
import { registerCallBackRoutes } from '#core/follow-up/routes.ts'
import { createImprovements } from '#core/improvement/improvements.ts'
import { registerImprovementRoutes } from '#core/improvement/routes.ts'
import { createEmergencies } from '#core/emergencies/emergencies.ts'
import { createEmergencyNotices } from '#core/emergencies/notices.ts'
import { registerEmergencyRoutes } from '#core/emergencies/routes.ts'
import { createHolidays } from '#core/team/holidays.ts'
import { registerTeamRoutes } from '#core/team/routes.ts'
import { mustBeTrained } from '#core/team/training.ts'
import { getTicket, saveTicket } from '#core/support/ticket-store.ts'
import { createSchedule } from '#core/team/schedule.ts'
import { createRechecks } from '#core/rechecks/rechecks.ts'
import { registerRecheckRoutes } from '#core/rechecks/routes.ts'
import { createRefundCases } from '#core/refund-cases/cases.ts'
import { registerRefundCaseRoutes } from '#core/refund-cases/routes.ts'
import { createRefunds } from '#core/refunds/refunds.ts'
import { registerFinanceRoutes } from '#core/reports/finance-routes.ts'
import { createDaySales } from '#core/reports/day-sales.ts'
import { createMonths } from '#core/reports/months.ts'
import { registerReportRoutes } from '#core/reports/report-routes.ts'
import { createRestrictions } from '#core/restrictions/restrictions.ts'
import { registerRestrictionRoutes } from '#core/restrictions/routes.ts'
import { cabinetForConsumer } from '#core/sessions/queries.ts'
import { createSessionCourse } from '#core/sessions/course.ts'
import { createOpening, type SessionMoney } from '#core/sessions/opening.ts'
import type { SessionWitness } from '#core/sessions/witness.ts'
import { registerConsumerRoutes } from '#core/support/consumer-routes.ts'
import { registerOwnDataRoutes } from '#core/support/own-data/routes.ts'
import { createDeviceWait } from '#core/support/desk/device-wait.ts'
import { createMerging } from '#core/support/desk/merging.ts'
import { createSnoozing } from '#core/support/desk/snooze.ts'
import { createTasks } from '#core/support/desk/tasks.ts'
import { createDisputes } from '#core/support/disputes.ts'
import { createLateChecks } from '#core/support/late-checks.ts'
import { createQualityCheck } from '#core/support/quality-check.ts'
import { createCabinetHelp } from '#core/support/questions/help.ts'
import { createQuestions } from '#core/support/questions/questions.ts'
import { questionWishes, registerQuestionRoutes } from '#core/support/questions/routes.ts'
import { createSatisfaction } from '#core/support/satisfaction.ts'
import { createTicketPictures } from '#core/support/pictures/pictures.ts'
import { registerPictureRoutes } from '#core/support/pictures/routes.ts'
import { createSupportQueries } from '#core/support/queries.ts'
import { registerSupportRoutes } from '#core/support/staff-routes.ts'
import { registerTicketRoutes } from '#core/support/ticket-routes.ts'
import { createTickets } from '#core/support/tickets.ts'
import { preparedFor } from '#core/platform/prepared.ts'

/** The far ends of selling: who takes the money, who carries messages, what hides personal data. */
export interface CommercePorts {
  readonly provider: PaymentProvider
  readonly gateway: Gateway
  /** Reaches the gateway. */
  readonly transport: HttpTransport
  readonly seal: Seal
  readonly cookies: ReturnType<typeof createCookies>
  readonly publicUrl: () => string
}
export interface CommerceDeps extends CoreDeps, CommercePorts {
  readonly policies: PolicyBook
  readonly hasRoom: () => boolean
  readonly due: DueWork
  readonly commands: CabinetCommands
  readonly presence: PresenceBook
  readonly witness: Pick<SessionWitness, 'isGone' | 'isMemoryNew'>
  readonly twins: Pick<Twins, 'changeSetpoint'>
  readonly evidence: EvidenceStore
}

/** Everything from the scan to the refund, put together: consumers, sessions, orders, money, anomalies, support. */
export function createCommerce(deps: CommerceDeps) {
  const { provider } = deps
  const consumers = createConsumers(deps)
  const notices = createNotices({
    ...deps,
    openidOf: (reader, consumerId) => consumers.openidOf(reader, consumerId),
  })
  const reactions = createReactions(deps)
  const charges = createCharges({ ...deps, reactions: reactions.payments })
  const refunds = createRefunds({ ...deps, notices, reactions: reactions.refunds })
  const bills = createBills({ ...deps, provider, charges, refunds, reactions: reactions.bills })
  const complaints = createComplaints({ ...deps, reactions: reactions.complaints })
  const anomalies = createAnomalies({ ...deps, charges, refunds, reactions: reactions.anomalies })
  const returns = createReturns({ ...deps, charges, refunds, anomalies, reactions: reactions.returns })
  const restrictions = createRestrictions({ ...deps, reactions: reactions.restrictions })
  const tickets = createTickets({ ...deps, reactions: reactions.tickets })
  const snoozing = createSnoozing(deps)
  const tasks = createTasks({ ...deps, tickets })
  const merging = createMerging({ ...deps, tickets, tasks })
  const deviceWait = createDeviceWait({ ...deps, tickets })
  const arrears = createArrears({ ...deps, charges, reactions: reactions.arrears })
  const compensations = createCompensations({ ...deps, reactions: reactions.compensations })
  const cases = createRefundCases({ ...deps, refunds, charges })
  const improvements = createImprovements(deps)
  const satisfaction = createSatisfaction({ ...deps, reactions: reactions.satisfaction })
  const sales = createDaySales(deps.db.read, () => deps.clock.now())
  const months = createMonths({ ...deps, sales })
  const callBacks = createCallBacks({ ...deps, tickets, notices })
  const callers = createCallerChecks({ ...deps, notices, ticketOf: getTicket, note: saveTicket })
  const emergencies = createEmergencies({ ...deps, improvements })
  const emergencyNotices = createEmergencyNotices({ ...deps, notices, tickets })
  const holidays = createHolidays(deps)
  const schedule = createSchedule(deps)
  const rechecks = createRechecks({ ...deps, tickets, improvements, notices })
  const money = createSessionMoney({ ...deps, charges, consumers })
  const opening = createOpening({ ...deps, consumers, money })
  const course = createSessionCourse({ ...deps, opening, money, reactions: reactions.sessions })
  const visits = withEvidence(course.handlers, deps.evidence)
  const rebuilding = createRebuilding({ ...deps, consumers, charges, handlers: visits })
  const traces = createTraces(deps.evidence)
  const orders = createOrderQueries({ ...deps, traces, payUrlOf: (number) => provider.orderUrl(number) })
  const pictures = createTicketPictures(deps)
  const disputes = createDisputes({
    ...deps,
    pictures,
    charges,
    refunds,
    anomalies,
    tickets,
    satisfaction,
    orders,
    traces,
  })
  const shownCabinet = (cabinetId: string, consumerId: string | undefined) =>
    cabinetForConsumer({ ...deps, consumers }, cabinetId, consumerId)
  const quality = createQualityCheck({ ...deps, refunds, anomalies, tickets })
  const questions = createQuestions({
    ...deps,
    tickets,
    disputes,
    quality,
    cabinetForConsumer: shownCabinet,
  })
  const lateChecks = createLateChecks({ ...deps, disputes, refunds, anomalies })
  reactions.connect({
    charges,
    refunds,
    anomalies,
    tickets,
    snoozing,
    notices,
    arrears,
    lateChecks,
    returns,
    restrictions,
    improvements,
    satisfaction,
    callBacks,
    callers,
    rechecks,
    schedule,
  })
  const support = createSupportQueries({ ...deps, orders, disputes, arrears, compensations, pictures })

  async function applyCallback(tx: Tx, callback: ProviderCallback): Promise<void> {
    switch (callback.kind) {
      case 'order':
        return charges.observe(tx, callback.order, 'callback')
      case 'refund':
        return refunds.observe(tx, callback.refund)
      case 'permission':
        return consumers.setPermission(tx, callback.openid, callback.isAvailable)
      case 'complaint':
        return complaints.schedule(tx)
      case 'other':
        return
    }
  }

  const callbacks = createCallbackDesk({ ...deps, apply: applyCallback })

  return {
    provider,
    bills,
    consumers,
    opening,
    charges,
    refunds,
    anomalies,
    tickets,
    disputes,
    orders,
    support,
    improvements,
    emergencies,
    callbacks,
    handlers: combineHandlers(
      visits,
      createDoorEvents({ anomalies }).handlers,
      rebuilding.handlers,
      deviceWait.handlers,
    ),
    authenticate: ((request) => consumers.authenticate(request)) satisfies NonNullable<
      Authenticators['consumer']
    >,
    async register(http: HttpApp, knowledge: Knowledge): Promise<void> {
      const desk = createPermissionDesk(deps, provider)
      const wishes = questionWishes(questions)
      const consent = createConsent(http, { ...deps, consumers, desk, wishes })
      const help = createCabinetHelp({ ...deps, knowledge, cabinetForConsumer: shownCabinet })
      registerQuestionRoutes(http, { ...deps, questions, help, consent, support })
      registerConsumerRoutes(http, { ...deps, consumers, consent, opening, orders, disputes })
      await registerPictureRoutes(http, { ...deps, pictures, disputes, support })
      registerOwnDataRoutes(http, { ...deps, seal: deps.seal, orders })
      registerFinanceRoutes(http, { ...deps, bills, refunds })
      registerPriceRoutes(http, deps)
      registerTicketRoutes(http, {
        ...deps,
        support,
        tickets,
        snoozing,
        tasks,
        merging,
        deviceWait,
        notices,
        mayTake: async (tx, staff, ticketId) =>
          mustBeTrained(tx, staff, (await getTicket(tx, ticketId)).type, nowOf(tx)),
      })
      registerCallerRoutes(http, { ...deps, callers, support })
      registerSupportRoutes(http, { ...deps, support, charges, refunds, anomalies, notices, orders })
      registerArrearsRoutes(http, { ...deps, arrears, support })
      registerPolicyRoutes(http, deps)
      registerRestrictionRoutes(http, { ...deps, restrictions })
      registerCompensationRoutes(http, { ...deps, compensations, support })
      registerRefundCaseRoutes(http, { ...deps, cases })
      registerReportRoutes(http, { ...deps, months, sales })
      registerCallBackRoutes(http, { ...deps, callBacks })
      registerEmergencyRoutes(http, { ...deps, emergencies, notices: emergencyNotices })
      registerTeamRoutes(http, { ...deps, schedule, holidays })
      registerRecheckRoutes(http, { ...deps, rechecks })
      registerImprovementRoutes(http, { ...deps, improvements })
      await registerCallbackRoute(http, { log: deps.log, provider, desk: callbacks })
    },
    /** Before due work starts: what was under way when the last process ended is taken up by asking. */
    async resume(): Promise<void> {
      const entered = await takeUpOldCharges(deps.db)
      if (entered > 0) deps.log.info({ entered }, 'charges from before the journal were entered into it')
      await charges.resume()
      await refunds.resume()
      await bills.resume()
      await complaints.resume()
      await course.resume()
      await holidays.start()
      await months.start()
    },
  }
}

const MOMENTS_OF_SESSIONS = ['open', 'step', 'close'] as const
/**
 * A picture is registered with the message that it was taken, so that one which came too late for its receipt belongs to
 * its session too; what a receipt names is registered in the transaction of the receipt.
 */
function withEvidence(handlers: EventHandlers, evidence: EvidenceStore): EventHandlers {
  return {
    ...handlers,
    'camera.snapshot-taken': async (tx, context, picture) => {
      const { sessionId, camera, sha256, byteCount } = picture
      const moment = MOMENTS_OF_SESSIONS.find((one) => one === picture.moment)
      if (sessionId !== undefined && byteCount !== undefined && moment !== undefined)
        await evidence.registerEvidence(
          tx,
          { sessionId, cabinetId: context.cabinetId, startedAtMs: context.occurredAtMs },
          [{ kind: 'snapshot', sha256, byteCount, mediaType: 'image/jpeg', tMs: 0, moment, camera }],
        )
      return handlers['camera.snapshot-taken']?.(tx, context, picture)
    },
    'session.reconciled': async (tx, context, receipt) => {
      await evidence.registerEvidence(
        tx,
        {
          sessionId: receipt.sessionId,
          cabinetId: context.cabinetId,
          startedAtMs: context.occurredAtMs - receipt.startedAgoMs,
        },
        receipt.evidence,
      )
      return handlers['session.reconciled']?.(tx, context, receipt)
    },
  }
}

const owedOrders = preparedFor((db, consumerId: string) =>
  db
    .selectFrom('order')
    .select('orderId')
    .where('consumerId', '=', consumerId)
    .where('state', '=', 'arrears')
    .limit(1),
)
const unresolvedCharges = preparedFor((db, consumerId: string) =>
  db
    .selectFrom('charge')
    .select('orderId')
    .where('consumerId', '=', consumerId)
    .where('state', 'in', ['submitted', 'unknown', 'pending'])
    .where('amountFen', '>', 0)
    .limit(1),
)

function createSessionMoney(deps: CommerceDeps & { charges: Charges; consumers: Consumers }): SessionMoney {
  const { db, policy, charges, consumers } = deps
  return {
    async findDebts(consumerId) {
      const [arrears] = await owedOrders(db.read, consumerId)
      const [unresolved] = await unresolvedCharges(db.read, consumerId)
      return {
        ...(arrears === undefined ? {} : { arrearsOrderId: arrears.orderId }),
        ...(unresolved === undefined ? {} : { unresolvedOrderId: unresolved.orderId }),
      }
    },
    async prepare(tx, session) {
      // Whoever knows the session knows the order, even with the database gone.
      const orderId = twinOfId(session.sessionId, 'order')
      await insertOrder(tx, {
        orderId,
        sessionId: session.sessionId,
        cabinetId: session.cabinetId,
        consumerId: session.consumerId,
      })
      const restriction = await consumers.findRestriction(tx, session.consumerId)
      const capFen = Math.min(policy.sessionCapFen, restriction?.capFen ?? policy.sessionCapFen)
      return charges.prepare(tx, { ...session, orderId, capFen })
    },
    authorise: (chargeId) => charges.authorise(chargeId),
    async giveUp(tx, sessionId) {
      const order = await orderOfSession(tx, sessionId)
      if (order === undefined) return
      await advanceOrder(tx, order.orderId, 'voided')
      const charge = await tx
        .selectFrom('charge')
        .select('chargeId')
        .where('orderId', '=', order.orderId)
        .executeTakeFirst()
      if (charge !== undefined) await charges.release(tx, charge.chargeId)
    },
  }
}

/** Consent at the provider, each request saved before it is sent like every other call. */
function createPermissionDesk({ db, ids }: CoreDeps, provider: PaymentProvider): PermissionDesk {
  return {
    async ask(authorizationCode, returnUrl, save) {
      const request = provider.build.applyPermission({ authorizationCode })
      const callId = await db.write('begin a consent', async (tx) => {
        await save(tx)
        return saveCall(tx, ids, { request, subjectId: authorizationCode, idempotencyKey: authorizationCode })
      })
      const reply = await provider.send(request)
      await db.write('record a consent', (tx) => recordReply(tx, callId, reply))
      const token = reply.kind === 'value' ? provider.readPermissionToken(reply.value) : undefined
      if (token === undefined) throw new CabinetError('provider_unreachable')
      return provider.consentUrl(token, returnUrl)
    },
    async findOpenid(authorizationCode) {
      const reply = await provider.queryPermission(authorizationCode)
      if (reply.kind === 'unknown') throw new CabinetError('provider_unreachable')
      return reply.kind === 'value' && reply.value.state === 'available'
        ? (reply.value.openid ?? undefined)
        : undefined
    },
  }
}
