import type { AlarmShelve } from '#protocol/api/staff/alarms.ts'
import type { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import type {
  AccountView,
  PasswordChange,
  PeopleList,
  PersonChange,
  PersonCreate,
  PersonDeed,
  PersonDone,
  ProveRequest,
  RecoveryCodes,
  SecondFactorSetup,
} from '#protocol/api/accounts.ts'
import type {
  CallBackAttempt,
  CallBackCancel,
  CallBackDetail,
  CallBackList,
  CallBackMessage,
  CallBackNumber,
  CallBackPlanSave,
  CallBackPlanView,
  CallBackView,
} from '#protocol/api/call-backs.ts'
import type {
  ImprovementCreate,
  ImprovementEdit,
  ImprovementItem,
  ImprovementList,
  ImprovementStep,
  ImprovementStepRequest,
  ImprovementView,
} from '#protocol/api/improvements.ts'
import type { MonthList, MonthSummary, SupportReport } from '#protocol/api/reports.ts'
import type {
  EmergencyAudience,
  EmergencyChoices,
  EmergencyCreate,
  EmergencyDecision,
  EmergencyDetail,
  EmergencyList,
  EmergencyNoticeCreate,
  EmergencyNoticePreview,
  EmergencyReportSend,
  EmergencyStep,
  EmergencyStepRequest,
  EmergencyScopeChange,
} from '#protocol/api/emergencies.ts'
import type {
  RecheckDecision,
  RecheckDetail,
  RecheckList,
  RecheckObjection,
  RecheckScore,
  RecheckView,
  ScorecardSave,
  ScorecardView,
} from '#protocol/api/rechecks.ts'
import type {
  AssessmentCreate,
  CourseSave,
  HolidaySave,
  HolidayView,
  ScheduleView,
  ShiftCreate,
  TeamFigures,
  TrainingView,
} from '#protocol/api/team.ts'
import type { CommandRequest, PartRequest, TwinParts } from '#protocol/api/control.ts'
import type { CabinetCredentials, CreatedEnrolmentCode, RotationAnswer } from '#protocol/api/credentials.ts'
import type { AlarmList, CabinetDetail, Fleet, Readings, SetpointView } from '#protocol/api/staff/cabinets.ts'
import type { AuditList, Home, Me } from '#protocol/api/staff/desk.ts'
import type { BatchBlockCreate, BatchBlockList, SuspectBatches } from '#protocol/api/batch-blocks.ts'
import type { LoweringRequestList } from '#protocol/api/staff/lowering.ts'
import type { AnomalyDecide, StaffOrder, StaffOrderList } from '#protocol/api/staff/orders.ts'
import type {
  PlanogramLintResult,
  PlanogramRequest,
  PlanogramSaved,
  PlanogramShelves,
  PlanogramView,
} from '#protocol/api/staff/planogram.ts'
import type {
  ApprovalList,
  LowerCreate,
  RefundCalculate,
  RefundCalculation,
  RefundCreate,
  RefundResult,
} from '#protocol/api/staff/refunds.ts'
import type {
  TemplateList,
  TicketCreate,
  TicketDetail,
  TicketList,
  TicketResolve,
} from '#protocol/api/staff/tickets.ts'
import type {
  BillDetail,
  BillList,
  LedgerView,
  StatementList,
  StuckRefundList,
} from '#protocol/api/finance.ts'
import type {
  PriceBoard,
  PriceListCreate,
  PricePreview,
  PricePreviewRequest,
  PromotionCreate,
} from '#protocol/api/prices.ts'
import type { VisitDetail, VisitLine, VisitList, VisitRequest } from '#protocol/api/restock.ts'
import type {
  PolicyDetail,
  PolicyDraft,
  PolicyList,
  PolicyName,
  PolicySave,
  WhatIf,
} from '#protocol/api/policies.ts'
import type { RestrictionCreate, RestrictionList, RestrictionView } from '#protocol/api/restrictions.ts'
import type { PaidElsewhere, WriteOffCreate, WriteOffList } from '#protocol/api/arrears.ts'
import type { CompensationCreate, CompensationList } from '#protocol/api/compensation.ts'
import type {
  IncidentPreview,
  IncidentSelection,
  RefundCaseCreate,
  RefundCaseDetail,
  RefundCaseList,
  RefundCaseRow,
} from '#protocol/api/refund-cases.ts'
import type {
  KnowledgeCreate,
  KnowledgeDraft,
  KnowledgeItem,
  KnowledgeKind,
  KnowledgeList,
  KnowledgeState,
  KnowledgeStep,
  KnowledgeUse,
  Suggestions,
} from '#protocol/api/knowledge.ts'
import type { SystemView } from '#protocol/api/system.ts'
import type {
  DeadLetterCheck,
  DeadLetterDetail,
  DeadLetterList,
  DeliveryView,
} from '#protocol/api/delivery.ts'
import type { ColdLog, ColdReadings } from '#protocol/api/cold.ts'
import type {
  PresenceAnswer,
  PresenceReport,
  TaskList,
  TaskStep,
  TicketSetpoint,
  TicketTypeList,
} from '#protocol/api/tickets.ts'
import { api, ApiError } from './api.ts'

export type TicketActionName = 'snooze' | 'wake' | 'merge' | 'split' | 'tasks' | 'priority'

/** Days of the cabinet's own calendar, both included; without them the last seven. */
export interface ColdDays {
  readonly fromDay?: string
  readonly toDay?: string
}

export type TicketView = 'open' | 'mine' | 'breaching' | 'snoozed' | 'closed'

function query(values: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/**
 * The staff half of the core's HTTP interface (`protocol/api/staff/`), one method a route.
 * @throws ApiError for every refusal and fault
 */
export class StaffApi {
  /** Called when the core says that the sign-in is over, so that the shell can ask for it again. */
  onSignedOut: () => void = () => {}

  /** Asks the person to show again who they are; a request that was refused for want of it is then sent once more. */
  askForProof: () => Promise<boolean> = () => Promise.resolve(false)

  signIn(name: string, password: string, code: string | undefined): Promise<unknown> {
    return this.#send('POST', '/api/staff/sign-in', {
      name,
      password,
      ...(code === undefined ? {} : { code }),
    })
  }
  signOut(): Promise<unknown> {
    return this.#send('POST', '/api/staff/sign-out', {})
  }
  me(signal?: AbortSignal): Promise<Me> {
    return this.#get('/api/staff/me', signal)
  }
  home(signal?: AbortSignal): Promise<Home> {
    return this.#get('/api/staff/home', signal)
  }
  tickets(view: TicketView, text: string, signal?: AbortSignal): Promise<TicketList> {
    return this.#get(`/api/staff/tickets${query({ view, query: text })}`, signal)
  }
  ticket(ticketId: string, signal?: AbortSignal): Promise<TicketDetail> {
    return this.#get(`/api/staff/tickets/${ticketId}`, signal)
  }
  cabinetCourse(ticketId: string, signal?: AbortSignal): Promise<CabinetCourse> {
    return this.#get(`/api/staff/tickets/${ticketId}/cabinet`, signal)
  }
  createTicket(body: TicketCreate): Promise<TicketDetail> {
    return this.#send('POST', '/api/staff/tickets', body)
  }
  claim(ticketId: string, version: number): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/claim`, { version })
  }
  /** @param requestId made by the page and kept over retries, so that a reply is never sent twice */
  reply(ticketId: string, body: { requestId: string; version: number; text: string }): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/reply`, { ...body, isInternal: false })
  }
  /** The operator who asked writes again. */
  answerTicket(
    ticketId: string,
    body: { requestId: string; version: number; text: string },
  ): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/answer`, { ...body, isInternal: false })
  }
  ticketTypes(signal?: AbortSignal): Promise<TicketTypeList> {
    return this.#get('/api/staff/ticket-types', signal)
  }
  /** snooze, wake, merge, split, tasks, priority: each with the version that was seen. */
  ticketAction(ticketId: string, action: TicketActionName, body: object): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/${action}`, body)
  }
  /** Whether who speaks is the buyer. A wrong answer is an answer too, and comes with the ticket. */
  callerStep(ticketId: string, step: 'ask' | 'answer' | 'vouch', body: object): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/caller/${step}`, body)
  }
  /** @param requestId  kept by who sends, so that a picture that is sent again is the same one */
  addPicture(ticketId: string, picture: Blob, requestId: string): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/pictures${query({ requestId })}`, picture)
  }
  setTicketSetpoint(ticketId: string, body: TicketSetpoint): Promise<TicketDetail> {
    return this.#send('PUT', `/api/staff/tickets/${ticketId}/setpoint`, body)
  }
  reportPresence(ticketId: string, body: PresenceReport): Promise<PresenceAnswer> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/presence`, body)
  }
  tasks(view: 'open' | 'done', signal?: AbortSignal): Promise<TaskList> {
    return this.#get(`/api/staff/tasks${query({ view })}`, signal)
  }
  taskStep(taskId: string, step: 'take' | 'done' | 'cancel', body: TaskStep): Promise<TaskList> {
    return this.#send('POST', `/api/staff/tasks/${taskId}/${step}`, body)
  }
  note(ticketId: string, body: { requestId: string; version: number; text: string }): Promise<TicketDetail> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/note`, { ...body, isInternal: true })
  }
  resolve(ticketId: string, body: TicketResolve): Promise<unknown> {
    return this.#send('POST', `/api/staff/tickets/${ticketId}/resolve`, body)
  }
  templates(signal?: AbortSignal): Promise<TemplateList> {
    return this.#get('/api/staff/templates', signal)
  }
  orders(text: string, signal?: AbortSignal): Promise<StaffOrderList> {
    return this.#get(`/api/staff/orders${query({ query: text })}`, signal)
  }
  order(orderId: string, signal?: AbortSignal): Promise<StaffOrder> {
    return this.#get(`/api/staff/orders/${orderId}`, signal)
  }
  calculateRefund(orderId: string, body: RefundCalculate, signal?: AbortSignal): Promise<RefundCalculation> {
    return this.#send('POST', `/api/staff/orders/${orderId}/refunds/calculate`, body, signal)
  }
  refund(orderId: string, body: RefundCreate): Promise<RefundResult> {
    return this.#send('POST', `/api/staff/orders/${orderId}/refunds`, body)
  }
  lower(orderId: string, body: LowerCreate): Promise<StaffOrder> {
    return this.#send('POST', `/api/staff/orders/${orderId}/lower`, body)
  }
  collectArrears(orderId: string): Promise<StaffOrder> {
    return this.#send('POST', `/api/staff/orders/${orderId}/collect`, {})
  }
  settleElsewhere(orderId: string, body: PaidElsewhere): Promise<StaffOrder> {
    return this.#send('POST', `/api/staff/orders/${orderId}/paid-elsewhere`, body)
  }
  writeOff(orderId: string, body: WriteOffCreate): Promise<StaffOrder> {
    return this.#send('POST', `/api/staff/orders/${orderId}/write-off`, body)
  }
  writeOffs(signal?: AbortSignal): Promise<WriteOffList> {
    return this.#get('/api/staff/write-offs', signal)
  }
  compensate(orderId: string, body: CompensationCreate): Promise<StaffOrder> {
    return this.#send('POST', `/api/staff/orders/${orderId}/compensations`, body)
  }
  compensations(signal?: AbortSignal): Promise<CompensationList> {
    return this.#get('/api/staff/compensations', signal)
  }
  /** @param what  whose second person decides: the path of its approvals */
  decideSecond(
    what: 'approvals' | 'lowering-requests' | 'write-offs' | 'compensations',
    id: string,
    decision: 'approve' | 'refuse',
    reason: string,
  ): Promise<unknown> {
    return this.#send('POST', `/api/staff/${what}/${id}/${decision}`, { reason })
  }
  refundCases(signal?: AbortSignal): Promise<RefundCaseList> {
    return this.#get('/api/staff/refund-cases', signal)
  }
  refundCase(caseId: string, signal?: AbortSignal): Promise<RefundCaseDetail> {
    return this.#get(`/api/staff/refund-cases/${caseId}`, signal)
  }
  previewIncident(body: IncidentSelection, signal?: AbortSignal): Promise<IncidentPreview> {
    return this.#send('POST', '/api/staff/refund-cases/preview', body, signal)
  }
  createRefundCase(body: RefundCaseCreate): Promise<RefundCaseDetail> {
    return this.#send('POST', '/api/staff/refund-cases', body)
  }
  decideRefundCase(
    caseId: string,
    decision: RefundCaseRow['actions'][number],
    reason: string,
  ): Promise<RefundCaseDetail> {
    return this.#send('POST', `/api/staff/refund-cases/${caseId}/${decision}`, { reason })
  }
  decideAnomaly(anomalyId: string, body: AnomalyDecide): Promise<unknown> {
    return this.#send('POST', `/api/staff/anomalies/${anomalyId}/decide`, body)
  }
  approvals(signal?: AbortSignal): Promise<ApprovalList> {
    return this.#get('/api/staff/approvals', signal)
  }
  loweringRequests(signal?: AbortSignal): Promise<LoweringRequestList> {
    return this.#get('/api/staff/lowering-requests', signal)
  }
  fleet(signal?: AbortSignal): Promise<Fleet> {
    return this.#get('/api/staff/fleet', signal)
  }
  cabinet(cabinetId: string, signal?: AbortSignal): Promise<CabinetDetail> {
    return this.#get(`/api/staff/cabinets/${cabinetId}`, signal)
  }
  visits(cabinetId: string, signal?: AbortSignal): Promise<VisitList> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/visits`, signal)
  }
  visit(visitId: string, signal?: AbortSignal): Promise<VisitDetail> {
    return this.#get(`/api/staff/visits/${visitId}`, signal)
  }
  beginVisit(cabinetId: string, body: VisitRequest): Promise<VisitDetail> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/visits`, body)
  }
  saveVisitLines(visitId: string, lines: readonly VisitLine[]): Promise<VisitDetail> {
    return this.#send('PUT', `/api/staff/visits/${visitId}/lines`, { lines })
  }
  confirmVisit(visitId: string, note: string): Promise<VisitDetail> {
    return this.#send('POST', `/api/staff/visits/${visitId}/confirm`, { note })
  }
  giveUpVisit(visitId: string, note: string): Promise<VisitDetail> {
    return this.#send('POST', `/api/staff/visits/${visitId}/give-up`, { note })
  }
  readings(cabinetId: string, fromMs: number, toMs: number, signal?: AbortSignal): Promise<Readings> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/readings${query({ fromMs, toMs })}`, signal)
  }
  coldLog(cabinetId: string, days: ColdDays, signal?: AbortSignal): Promise<ColdLog> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/cold${query({ ...days })}`, signal)
  }
  coldReadings(
    cabinetId: string,
    days: ColdDays,
    beforeMs: number | undefined,
    signal?: AbortSignal,
  ): Promise<ColdReadings> {
    const page = query({ ...days, ...(beforeMs === undefined ? {} : { beforeMs }) })
    return this.#get(`/api/staff/cabinets/${cabinetId}/cold/readings${page}`, signal)
  }
  setSetpoint(
    cabinetId: string,
    body: { expectedVersion: number; setpointDeciCelsius: number; reason: string },
  ): Promise<SetpointView> {
    return this.#send('PUT', `/api/staff/cabinets/${cabinetId}/setpoint`, body)
  }
  planogram(cabinetId: string, signal?: AbortSignal): Promise<PlanogramView> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/planogram`, signal)
  }
  lintPlanogram(
    cabinetId: string,
    shelves: PlanogramShelves,
    signal?: AbortSignal,
  ): Promise<PlanogramLintResult> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/planogram/lint`, { shelves }, signal)
  }
  savePlanogram(cabinetId: string, body: PlanogramRequest): Promise<PlanogramSaved> {
    return this.#send('PUT', `/api/staff/cabinets/${cabinetId}/planogram`, body)
  }
  command(cabinetId: string, body: CommandRequest): Promise<unknown> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/commands`, body)
  }
  changePart(cabinetId: string, body: PartRequest): Promise<TwinParts> {
    return this.#send('PUT', `/api/staff/cabinets/${cabinetId}/twin`, body)
  }
  credentials(cabinetId: string, signal?: AbortSignal): Promise<CabinetCredentials> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/credentials`, signal)
  }
  createEnrolmentCode(cabinetId: string): Promise<CreatedEnrolmentCode> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/enrolment-codes`, {})
  }
  rotateCredentials(cabinetId: string): Promise<RotationAnswer> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/credentials/rotate`, {})
  }
  revokeCabinet(cabinetId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/revoke`, {})
  }
  alarms(state: 'active' | 'all', signal?: AbortSignal): Promise<AlarmList> {
    return this.#get(`/api/staff/alarms${query({ state })}`, signal)
  }
  acknowledgeAlarm(alarmId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/alarms/${alarmId}/acknowledge`, {})
  }
  shelveAlarm(alarmId: string, wish: AlarmShelve): Promise<unknown> {
    return this.#send('POST', `/api/staff/alarms/${alarmId}/shelve`, wish)
  }
  unshelveAlarm(alarmId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/alarms/${alarmId}/unshelve`, {})
  }
  deadLetters(signal?: AbortSignal): Promise<DeadLetterList> {
    return this.#get('/api/staff/dead-letters', signal)
  }
  system(signal?: AbortSignal): Promise<SystemView> {
    return this.#get('/api/staff/system', signal)
  }
  checkSystem(): Promise<SystemView> {
    return this.#send('POST', '/api/staff/system/check', {})
  }
  resumeMoney(note: string): Promise<SystemView> {
    return this.#send('POST', '/api/staff/system/money/resume', { note })
  }
  stopMoney(note: string): Promise<SystemView> {
    return this.#send('POST', '/api/staff/system/money/stop', { note })
  }
  resolveIncident(incidentId: string, note: string): Promise<SystemView> {
    return this.#send('POST', `/api/staff/system/incidents/${incidentId}/resolve`, { note })
  }
  deadLetter(id: number, signal?: AbortSignal): Promise<DeadLetterDetail> {
    return this.#get(`/api/staff/dead-letters/${id}`, signal)
  }
  checkDeadLetter(id: number, body: { type: string; data: object }): Promise<DeadLetterCheck> {
    return this.#send('POST', `/api/staff/dead-letters/${id}/check`, body)
  }
  replayDeadLetter(id: number, body: { type: string; data: object; note: string }): Promise<unknown> {
    return this.#send('POST', `/api/staff/dead-letters/${id}/replay`, body)
  }
  discardDeadLetter(id: number, body: { note: string }): Promise<unknown> {
    return this.#send('POST', `/api/staff/dead-letters/${id}/discard`, body)
  }
  delivery(cabinetId: string, signal?: AbortSignal): Promise<DeliveryView> {
    return this.#get(`/api/staff/cabinets/${cabinetId}/delivery`, signal)
  }
  /** @param what  `go-on`: this is the real cabinet; `dismiss`: that machine is gone for good */
  decideDelivery(
    cabinetId: string,
    what: 'go-on' | 'dismiss',
    body: { epoch: string; note: string },
  ): Promise<unknown> {
    return this.#send('POST', `/api/staff/cabinets/${cabinetId}/delivery/${what}`, body)
  }
  audit(text: string, signal?: AbortSignal): Promise<AuditList> {
    return this.#get(`/api/staff/audit${query({ query: text })}`, signal)
  }

  bills(signal?: AbortSignal): Promise<BillList> {
    return this.#get('/api/staff/bills', signal)
  }
  bill(day: string, signal?: AbortSignal): Promise<BillDetail> {
    return this.#get(`/api/staff/bills/${day}`, signal)
  }
  reconcile(day: string): Promise<BillDetail> {
    return this.#send('POST', `/api/staff/bills/${day}/reconcile`, {})
  }
  settleDifference(differenceId: string, note: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/bill-differences/${differenceId}/settle`, { note })
  }
  ledger(day: string, signal?: AbortSignal): Promise<LedgerView> {
    return this.#get(`/api/staff/ledger/${day}`, signal)
  }
  statements(day: string, signal?: AbortSignal): Promise<StatementList> {
    return this.#get(`/api/staff/statements/${day}`, signal)
  }
  batchBlocks(signal?: AbortSignal): Promise<BatchBlockList> {
    return this.#get('/api/staff/batch-blocks', signal)
  }
  suspectBatches(ticketId: string, signal?: AbortSignal): Promise<SuspectBatches> {
    return this.#get(`/api/staff/tickets/${ticketId}/batches`, signal)
  }
  blockBatch(body: BatchBlockCreate): Promise<BatchBlockList> {
    return this.#send('POST', '/api/staff/batch-blocks', body)
  }
  liftBatch(blockId: string, reason: string): Promise<BatchBlockList> {
    return this.#send('POST', `/api/staff/batch-blocks/${blockId}/lift`, { reason })
  }
  stuckRefunds(signal?: AbortSignal): Promise<StuckRefundList> {
    return this.#get('/api/staff/stuck-refunds', signal)
  }
  rerouteRefund(refundId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/stuck-refunds/${refundId}/reroute`, {})
  }
  retryRefund(refundId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/stuck-refunds/${refundId}/retry`, {})
  }
  recordPayout(refundId: string, reference: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/stuck-refunds/${refundId}/payout`, { reference })
  }
  policies(signal?: AbortSignal): Promise<PolicyList> {
    return this.#get('/api/staff/policies', signal)
  }
  policy(policy: PolicyName, signal?: AbortSignal): Promise<PolicyDetail> {
    return this.#get(`/api/staff/policies/${policy}`, signal)
  }
  whatIf(policy: PolicyName, draft: PolicyDraft): Promise<WhatIf> {
    return this.#send('POST', `/api/staff/policies/${policy}/what-if`, draft)
  }
  savePolicy(policy: PolicyName, wish: PolicySave): Promise<PolicyDetail> {
    return this.#send('POST', `/api/staff/policies/${policy}/versions`, wish)
  }
  /** @param consumerId  of whom; all when it is empty */
  restrictions(consumerId: string, signal?: AbortSignal): Promise<RestrictionList> {
    return this.#get(`/api/staff/restrictions${query({ consumer: consumerId })}`, signal)
  }
  restrict(wish: RestrictionCreate): Promise<RestrictionView> {
    return this.#send('POST', '/api/staff/restrictions', wish)
  }
  liftRestriction(restrictionId: string, note: string): Promise<RestrictionView> {
    return this.#send('POST', `/api/staff/restrictions/${restrictionId}/lift`, { note })
  }
  prices(signal?: AbortSignal): Promise<PriceBoard> {
    return this.#get('/api/staff/prices', signal)
  }
  previewPrices(body: PricePreviewRequest, signal?: AbortSignal): Promise<PricePreview> {
    return this.#send('POST', '/api/staff/prices/preview', body, signal)
  }
  createPromotion(body: PromotionCreate): Promise<PriceBoard> {
    return this.#send('POST', '/api/staff/promotions', body)
  }
  createPriceList(body: PriceListCreate): Promise<PriceBoard> {
    return this.#send('POST', '/api/staff/price-lists', body)
  }
  stopPrice(kind: 'promotions' | 'price-lists', id: string): Promise<PriceBoard> {
    return this.#send('POST', `/api/staff/${kind}/${id}/stop`, {})
  }

  account(signal?: AbortSignal): Promise<AccountView> {
    return this.#get('/api/staff/account', signal)
  }
  prove(proof: ProveRequest): Promise<unknown> {
    return this.#send('POST', '/api/staff/account/prove', proof)
  }
  changePassword(change: PasswordChange): Promise<unknown> {
    return this.#send('POST', '/api/staff/account/password', change)
  }
  beginSecondFactor(password: string): Promise<SecondFactorSetup> {
    return this.#send('POST', '/api/staff/account/second-factor/begin', { password })
  }
  confirmSecondFactor(code: string): Promise<RecoveryCodes> {
    return this.#send('POST', '/api/staff/account/second-factor/confirm', { code })
  }
  dropSecondFactor(code: string): Promise<unknown> {
    return this.#send('POST', '/api/staff/account/second-factor/off', { code })
  }
  endSignIn(sessionId: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/account/sessions/${sessionId}/end`, {})
  }
  endOtherSignIns(): Promise<unknown> {
    return this.#send('POST', '/api/staff/account/end-others', {})
  }
  setLanguage(language: 'zh' | 'en'): Promise<unknown> {
    return this.#send('PUT', '/api/staff/account/language', { language })
  }
  knowledge(
    filter: { kind?: KnowledgeKind; state?: KnowledgeState; query: string },
    signal?: AbortSignal,
  ): Promise<KnowledgeList> {
    return this.#get(`/api/staff/knowledge${query(filter)}`, signal)
  }
  knowledgeItem(itemId: string, signal?: AbortSignal): Promise<KnowledgeItem> {
    return this.#get(`/api/staff/knowledge/${itemId}`, signal)
  }
  createKnowledge(body: KnowledgeCreate): Promise<KnowledgeItem> {
    return this.#send('POST', '/api/staff/knowledge', body)
  }
  writeKnowledge(itemId: string, body: KnowledgeDraft): Promise<KnowledgeItem> {
    return this.#send('PUT', `/api/staff/knowledge/${itemId}/draft`, body)
  }
  stepKnowledge(
    itemId: string,
    step: KnowledgeStep,
    body: { version: number; note?: string },
  ): Promise<KnowledgeItem> {
    return this.#send('POST', `/api/staff/knowledge/${itemId}/${step}`, body)
  }
  suggestKnowledge(
    kind: KnowledgeKind,
    type: string,
    text: string,
    signal?: AbortSignal,
  ): Promise<Suggestions> {
    return this.#get(
      `/api/staff/knowledge/suggest${query({ kind, type, text: text.slice(0, 1000) })}`,
      signal,
    )
  }
  useKnowledge(itemId: string, body: KnowledgeUse): Promise<unknown> {
    return this.#send('POST', `/api/staff/knowledge/${itemId}/used`, body)
  }
  rechecks(view: RecheckView, signal?: AbortSignal): Promise<RecheckList> {
    return this.#get(`/api/staff/rechecks${query({ view })}`, signal)
  }
  recheck(recheckId: string, signal?: AbortSignal): Promise<RecheckDetail> {
    return this.#get(`/api/staff/rechecks/${recheckId}`, signal)
  }
  scoreRecheck(recheckId: string, body: RecheckScore): Promise<RecheckDetail> {
    return this.#send('POST', `/api/staff/rechecks/${recheckId}/score`, body)
  }
  objectToRecheck(recheckId: string, body: RecheckObjection): Promise<RecheckDetail> {
    return this.#send('POST', `/api/staff/rechecks/${recheckId}/object`, body)
  }
  decideRecheck(recheckId: string, body: RecheckDecision): Promise<RecheckDetail> {
    return this.#send('POST', `/api/staff/rechecks/${recheckId}/decide`, body)
  }
  scorecard(signal?: AbortSignal): Promise<ScorecardView> {
    return this.#get('/api/staff/rechecks/scorecard', signal)
  }
  saveScorecard(body: ScorecardSave): Promise<ScorecardView> {
    return this.#send('PUT', '/api/staff/rechecks/scorecard', body)
  }
  emergencies(signal?: AbortSignal): Promise<EmergencyList> {
    return this.#get('/api/staff/emergencies', signal)
  }
  emergency(emergencyId: string, signal?: AbortSignal): Promise<EmergencyDetail> {
    return this.#get(`/api/staff/emergencies/${emergencyId}`, signal)
  }
  openEmergency(body: EmergencyCreate): Promise<EmergencyDetail> {
    return this.#send('POST', '/api/staff/emergencies', body)
  }
  emergencyChoices(signal?: AbortSignal): Promise<EmergencyChoices> {
    return this.#get('/api/staff/emergency-choices', signal)
  }
  rescopeEmergency(emergencyId: string, body: EmergencyScopeChange): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergencies/${emergencyId}/scope`, body)
  }
  logEmergency(emergencyId: string, body: { version: number; note: string }): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergencies/${emergencyId}/log`, body)
  }
  reportEmergency(emergencyId: string, body: EmergencyReportSend): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergencies/${emergencyId}/report`, body)
  }
  stepEmergency(
    emergencyId: string,
    step: EmergencyStep,
    body: EmergencyStepRequest,
  ): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergencies/${emergencyId}/${step}`, body)
  }
  previewNotice(emergencyId: string, audience: EmergencyAudience): Promise<EmergencyNoticePreview> {
    return this.#get(`/api/staff/emergencies/${emergencyId}/notices/preview${query({ audience })}`)
  }
  askNotice(emergencyId: string, body: EmergencyNoticeCreate): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergencies/${emergencyId}/notices`, body)
  }
  decideNotice(noticeId: string, decision: EmergencyDecision, reason: string): Promise<EmergencyDetail> {
    return this.#send('POST', `/api/staff/emergency-notices/${noticeId}/${decision}`, { reason })
  }
  schedule(fromMs: number, toMs: number, signal?: AbortSignal): Promise<ScheduleView> {
    return this.#get(`/api/staff/schedule?fromMs=${fromMs}&toMs=${toMs}`, signal)
  }
  planShift(body: ShiftCreate): Promise<unknown> {
    return this.#send('POST', '/api/staff/schedule/shifts', body)
  }
  cancelShift(shiftId: string, reason: string): Promise<unknown> {
    return this.#send('POST', `/api/staff/schedule/shifts/${shiftId}/cancel`, { reason })
  }
  training(signal?: AbortSignal): Promise<TrainingView> {
    return this.#get('/api/staff/training', signal)
  }
  saveCourse(key: string, body: CourseSave): Promise<TrainingView> {
    return this.#send('PUT', `/api/staff/training/courses/${key}`, body)
  }
  recordAssessment(body: AssessmentCreate): Promise<TrainingView> {
    return this.#send('POST', '/api/staff/training/assessments', body)
  }
  teamFigures(days: number, signal?: AbortSignal): Promise<TeamFigures> {
    return this.#get(`/api/staff/team/figures?days=${days}`, signal)
  }
  holidays(signal?: AbortSignal): Promise<HolidayView> {
    return this.#get('/api/staff/holidays', signal)
  }
  saveHolidays(year: number, body: HolidaySave): Promise<HolidayView> {
    return this.#send('PUT', `/api/staff/holidays/${year}`, body)
  }
  callBacks(view: CallBackView, signal?: AbortSignal): Promise<CallBackList> {
    return this.#get(`/api/staff/call-backs${query({ view })}`, signal)
  }
  callBack(callBackId: string, signal?: AbortSignal): Promise<CallBackDetail> {
    return this.#get(`/api/staff/call-backs/${callBackId}`, signal)
  }
  callBackPlan(signal?: AbortSignal): Promise<CallBackPlanView> {
    return this.#get('/api/staff/call-backs/plan', signal)
  }
  saveCallBackPlan(body: CallBackPlanSave): Promise<CallBackPlanView> {
    return this.#send('PUT', '/api/staff/call-backs/plan', body)
  }
  tryCallBack(callBackId: string, body: CallBackAttempt): Promise<CallBackDetail> {
    return this.#send('POST', `/api/staff/call-backs/${callBackId}/attempt`, body)
  }
  writeCallBack(callBackId: string, body: CallBackMessage): Promise<CallBackDetail> {
    return this.#send('POST', `/api/staff/call-backs/${callBackId}/message`, body)
  }
  cancelCallBack(callBackId: string, body: CallBackCancel): Promise<CallBackDetail> {
    return this.#send('POST', `/api/staff/call-backs/${callBackId}/cancel`, body)
  }
  callBackNumber(callBackId: string): Promise<CallBackNumber> {
    return this.#send('POST', `/api/staff/call-backs/${callBackId}/number`, {})
  }
  improvements(view: ImprovementView, signal?: AbortSignal): Promise<ImprovementList> {
    return this.#get(`/api/staff/improvements${query({ view })}`, signal)
  }
  improvement(itemId: string, signal?: AbortSignal): Promise<ImprovementItem> {
    return this.#get(`/api/staff/improvements/${itemId}`, signal)
  }
  openImprovement(body: ImprovementCreate): Promise<ImprovementItem> {
    return this.#send('POST', '/api/staff/improvements', body)
  }
  editImprovement(itemId: string, body: ImprovementEdit): Promise<ImprovementItem> {
    return this.#send('PUT', `/api/staff/improvements/${itemId}`, body)
  }
  stepImprovement(
    itemId: string,
    step: ImprovementStep,
    body: ImprovementStepRequest,
  ): Promise<ImprovementItem> {
    return this.#send('POST', `/api/staff/improvements/${itemId}/${step}`, body)
  }
  report(from: string, to: string, signal?: AbortSignal): Promise<SupportReport> {
    return this.#get(`/api/staff/reports${query({ from, to })}`, signal)
  }
  reportMonths(signal?: AbortSignal): Promise<MonthList> {
    return this.#get('/api/staff/reports/months', signal)
  }
  reportMonth(month: string, signal?: AbortSignal): Promise<MonthSummary> {
    return this.#get(`/api/staff/reports/months/${month}`, signal)
  }
  makeReportMonth(month: string): Promise<MonthSummary> {
    return this.#send('POST', `/api/staff/reports/months/${month}/make`, {})
  }
  people(signal?: AbortSignal): Promise<PeopleList> {
    return this.#get('/api/staff/people', signal)
  }
  createPerson(body: PersonCreate): Promise<PersonDone> {
    return this.#send('POST', '/api/staff/people', body)
  }
  changePerson(staffId: string, body: PersonChange): Promise<PersonDone> {
    return this.#send('POST', `/api/staff/people/${staffId}/change`, body)
  }
  doToPerson(staffId: string, deed: PersonDeed, body: { reason: string }): Promise<PersonDone> {
    return this.#send('POST', `/api/staff/people/${staffId}/${deed}`, body)
  }

  #get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#watch(() => api.get<T>(path, signal))
  }

  #send<T>(method: 'POST' | 'PUT', path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#watch(() => api.send<T>(method, path, body, signal))
  }

  async #watch<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code === 'not_signed_in') this.onSignedOut()
      if (error.code === 'proof_needed' && (await this.askForProof())) return this.#watch(ask)
      throw error
    }
  }
}
