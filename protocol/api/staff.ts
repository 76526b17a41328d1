import { ACCOUNT_LACKS, SecondFactorCode } from './accounts.ts'
import Type from 'typebox'
import { ArrearsView } from './arrears.ts'
import { CompensationPanel } from './compensation.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import {
  DeciCelsius,
  ANOMALY_KINDS,
  ANOMALY_STATES,
  Bilingual,
  CHARGE_STATES,
  closed,
  Fen,
  Id,
  Language,
  oneOf,
  ORDER_STATES,
  Picture,
  REFUND_REASONS,
  ROLES,
  SESSION_STATES,
  Sku,
  TICKET_STATES,
  WallMs,
} from './common.ts'
import { POLICY_NAMES } from './policies.ts'
import { DisputeMessage, OrderView, RefundView } from './consumer.ts'
import { CommandNames, CommandView, TwinPartView } from './control.ts'
import {
  ENTRY_CHANNELS,
  IntakeValues,
  OUTCOMES,
  PRIORITIES,
  ROOT_CAUSES,
  SnoozeView,
  TICKET_CHANNELS,
  TicketDesk,
} from './tickets.ts'

/** POST /api/staff/sign-in; sets the session cookie. */
export const SignInRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    password: Type.String({ minLength: 1, maxLength: 200 }),
    /** Asked for with `second_factor_code_needed` where a second factor is on. */
    code: Type.Optional(SecondFactorCode),
  },
  closed,
)
/** GET /api/staff/me */
export const Me = Type.Object(
  {
    staffId: Id,
    name: Type.String(),
    displayName: Type.String(),
    role: oneOf(ROLES),
    permissions: Type.Array(Type.String()),
    language: Language,
    refundLimitFen: Fen,
    lacks: Type.Union([Type.Null(), oneOf(ACCOUNT_LACKS)], {
      description: 'what the account needs before it may do anything else; it has no permission until then',
    }),
    timeZone: Type.String({
      description: 'IANA name: where most of the cabinets stand that this person sees',
    }),
  },
  closed,
)
export type Me = Type.Static<typeof Me>

/** GET /api/staff/home */
export const Home = Type.Object(
  {
    openTickets: Type.Integer(),
    myTickets: Type.Integer(),
    breachingTickets: Type.Integer({
      description: 'first response or resolution due within 5 minutes, or past',
    }),
    approvals: Type.Integer(),
    alarms: Type.Integer(),
    deadLetters: Type.Integer(),
    cabinets: Type.Object(
      {
        online: Type.Integer(),
        suspect: Type.Integer(),
        offline: Type.Integer(),
        unknown: Type.Integer(),
        lockedOut: Type.Integer(),
      },
      closed,
    ),
    today: Type.Object(
      {
        orders: Type.Integer(),
        paidFen: Fen,
        refundedFen: Fen,
        settledWithoutPerson: Type.Integer(),
        disputes: Type.Integer(),
      },
      closed,
    ),
    callBacks: Type.Integer({ description: 'that this person may make now' }),
    lateImprovements: Type.Integer({ description: 'improvement items whose due date is over' }),
    satisfaction: Type.Union([
      Type.Null(),
      Type.Number({ description: 'mean rating of the last 7 days, 1 to 5' }),
    ]),
  },
  closed,
)
export type Home = Type.Static<typeof Home>

export const TicketRow = Type.Object(
  {
    ticketId: Id,
    number: Type.Integer({ description: 'short number for people' }),
    type: Type.String(),
    state: oneOf(TICKET_STATES),
    priority: oneOf(['low', 'normal', 'high', 'urgent']),
    orderId: Type.Union([Type.Null(), Id]),
    cabinetId: Type.Union([Type.Null(), Id]),
    cabinetName: Type.Union([Type.Null(), Bilingual]),
    consumerLabel: Type.Union([Type.Null(), Type.String({ description: 'masked' })]),
    channel: oneOf(TICKET_CHANNELS),
    amountFen: Type.Union([Type.Null(), Fen]),
    openedAtMs: WallMs,
    firstResponseDueMs: WallMs,
    firstRespondedAtMs: Type.Union([Type.Null(), WallMs]),
    resolutionDueMs: WallMs,
    /** It waits for the consumer, so its resolution stands still. */
    isPaused: Type.Boolean(),
    snoozed: Type.Union([Type.Null(), SnoozeView]),
    assignee: Type.Union([Type.Null(), Type.Object({ staffId: Id, displayName: Type.String() }, closed)]),
    /** Who took it first, and answers for it until it is closed. */
    owner: Type.Union([Type.Null(), Type.Object({ staffId: Id, displayName: Type.String() }, closed)]),
    version: Type.Integer(),
  },
  closed,
)
export type TicketRow = Type.Static<typeof TicketRow>
/** GET /api/staff/tickets?view=open|mine|breaching|snoozed|closed&query= : most urgent first; a query looks in all of them */
export const TicketList = Type.Object({ tickets: Type.Array(TicketRow), nowMs: WallMs }, closed)
export type TicketList = Type.Static<typeof TicketList>

export const PaymentView = Type.Object(
  {
    paymentId: Id,
    transactionId: Type.String(),
    amountFen: Fen,
    paidAtMs: WallMs,
    foundBy: oneOf(['callback', 'query', 'bill']),
    isDuplicate: Type.Boolean(),
    refundedFen: Fen,
  },
  closed,
)
export type PaymentView = Type.Static<typeof PaymentView>
export const ChargeView = Type.Object(
  {
    chargeId: Id,
    state: oneOf(CHARGE_STATES),
    amountFen: Fen,
    providerOrderNumber: Type.String(),
    preparedAtMs: WallMs,
    submittedAtMs: Type.Union([Type.Null(), WallMs]),
    paidAtMs: Type.Union([Type.Null(), WallMs]),
    payments: Type.Array(PaymentView),
  },
  closed,
)
export type ChargeView = Type.Static<typeof ChargeView>
export const ProviderCallView = Type.Object(
  {
    callId: Id,
    atMs: WallMs,
    operation: Type.String(),
    idempotencyKey: Type.String(),
    outcome: Type.String(),
    detail: Type.Optional(Type.String()),
  },
  closed,
)
export type ProviderCallView = Type.Static<typeof ProviderCallView>
export const AnomalyView = Type.Object(
  {
    anomalyId: Id,
    kind: oneOf(ANOMALY_KINDS),
    state: oneOf(ANOMALY_STATES),
    detectedAtMs: WallMs,
    /** Rule and version that decided or advised. */
    rule: Type.String(),
    outcome: Type.Union([Type.Null(), Type.String()]),
    decidedBy: Type.Union([Type.Null(), Type.String()]),
    decidedAtMs: Type.Union([Type.Null(), WallMs]),
    /** Sentence for people: key of protocol/words with values. */
    reasonKey: Type.String(),
    reasonValues: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    inputs: Type.Record(Type.String(), Type.Unknown(), { description: 'what the rule saw' }),
    /** Whose limits it was decided under, and which version of them; absent for rules without limits. */
    policy: Type.Optional(oneOf(POLICY_NAMES)),
    limitsVersion: Type.Optional(Type.Integer({ minimum: 0 })),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type AnomalyView = Type.Static<typeof AnomalyView>

/** One mark on the common time axis. Lanes: door, weight, camera, charge, refund, snapshot, network, person. */
export const TimelineMark = Type.Object(
  {
    lane: Type.String(),
    fromMs: WallMs,
    toMs: Type.Union([Type.Null(), WallMs]),
    key: Type.String(),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    sha256: Type.Optional(Type.String()),
  },
  closed,
)
export type TimelineMark = Type.Static<typeof TimelineMark>

/** GET /api/staff/orders/:orderId */
export const StaffOrder = Type.Object(
  {
    order: OrderView,
    session: Type.Object(
      {
        sessionId: Id,
        state: oneOf(SESSION_STATES),
        kind: Type.String(),
        requestedAtMs: WallMs,
        openedAtMs: Type.Union([Type.Null(), WallMs]),
        closedAtMs: Type.Union([Type.Null(), WallMs]),
        planogramVersion: Type.Integer(),
        engineVersion: Type.Union([Type.Null(), Type.String()]),
        receiptProbability: Type.Union([Type.Null(), Type.Number()]),
        verdict: Type.Union([Type.Null(), Type.String()]),
        reasons: Type.Array(Type.String()),
        alternatives: Type.Array(
          Type.Object(
            {
              lines: Type.Array(Type.Object({ sku: Sku, name: Bilingual, quantity: Type.Integer() }, closed)),
              probability: Type.Number(),
              totalFen: Fen,
            },
            closed,
          ),
        ),
      },
      closed,
    ),
    consumer: Type.Object(
      {
        consumerId: Id,
        label: Type.String({ description: 'masked' }),
        orders90Days: Type.Integer(),
        disputes90Days: Type.Integer(),
        refunds90DaysFen: Fen,
        isBlocked: Type.Boolean(),
      },
      closed,
    ),
    charges: Type.Array(ChargeView),
    calls: Type.Array(ProviderCallView),
    anomalies: Type.Array(AnomalyView),
    timeline: Type.Array(TimelineMark),
    ticketId: Type.Union([Type.Null(), Id]),
    refundableFen: Fen,
    /** Set when it was not paid in time. */
    arrears: Type.Union([Type.Null(), ArrearsView]),
    compensation: CompensationPanel,
    /** refund, lower, compensate, collect, paid_elsewhere, write_off: what the reader may do now. */
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type StaffOrder = Type.Static<typeof StaffOrder>

/** GET /api/staff/orders?query= : by any id, newest first */
export const StaffOrderList = Type.Object(
  {
    orders: Type.Array(
      Type.Object(
        {
          orderId: Id,
          sessionId: Id,
          cabinetId: Id,
          cabinetName: Bilingual,
          consumerLabel: Type.String(),
          atMs: WallMs,
          state: oneOf(ORDER_STATES),
          totalFen: Fen,
          paidFen: Fen,
          refundedFen: Fen,
        },
        closed,
      ),
    ),
  },
  closed,
)
export type StaffOrderList = Type.Static<typeof StaffOrderList>

/** GET /api/staff/tickets/:ticketId */
export const TicketDetail = Type.Object(
  {
    ticket: TicketRow,
    reason: Type.String(),
    note: Type.Union([Type.Null(), Type.String()]),
    language: Language,
    messages: Type.Array(
      Type.Intersect([
        DisputeMessage,
        Type.Object({
          isInternal: Type.Boolean(),
          /** Written by the operator who asked. */ isOperator: Type.Optional(Type.Boolean()),
        }),
      ]),
    ),
    order: Type.Union([Type.Null(), StaffOrder]),
    /** The goods of the order that the consumer pointed at; empty: none in particular. */
    named: Type.Array(Type.Object({ lineId: Id, quantity: Type.Integer({ minimum: 1 }) }, closed)),
    /** What the rules advise, with its reason. */
    advice: Type.Union([
      Type.Null(),
      Type.Object(
        {
          action: oneOf(['refund', 'explain', 'charge', 'look']),
          reasonKey: Type.String(),
          reasonValues: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
          amountFen: Type.Optional(Fen),
          lines: Type.Optional(Type.Array(Type.Object({ lineId: Id, quantity: Type.Integer() }, closed))),
        },
        closed,
      ),
    ]),
    outcome: Type.Union([Type.Null(), Type.String()]),
    rootCause: Type.Union([Type.Null(), Type.String()]),
    rating: Type.Union([Type.Null(), Type.Integer()]),
    desk: TicketDesk,
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type TicketDetail = Type.Static<typeof TicketDetail>
/** POST /api/staff/tickets/:id/reply | note | answer. It carries the version that the agent saw. */
export const TicketReply = Type.Object(
  {
    requestId: Type.String({ minLength: 8, maxLength: 64 }),
    version: Type.Integer(),
    text: Type.String({ minLength: 1, maxLength: 2000 }),
    isInternal: Type.Boolean(),
  },
  closed,
)
export const TicketResolve = Type.Object(
  {
    version: Type.Integer(),
    outcome: oneOf(OUTCOMES),
    rootCause: oneOf(ROOT_CAUSES),
    reply: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  closed,
)
export type TicketResolve = Type.Static<typeof TicketResolve>
/** POST /api/staff/tickets: a case that came by telephone or from an operator. */
export const TicketCreate = Type.Object(
  {
    requestId: Type.String({ minLength: 8, maxLength: 64 }),
    type: Type.String({ maxLength: 40 }),
    orderId: Type.Optional(Id),
    cabinetId: Type.Optional(Id),
    note: Type.String({ minLength: 1, maxLength: 2000 }),
    /** Without it the type and its answers decide. */
    priority: Type.Optional(oneOf(PRIORITIES)),
    channel: Type.Optional(oneOf(ENTRY_CHANNELS)),
    intake: Type.Optional(IntakeValues),
    /** Of a hotline's caller; sealed, only its last four figures are shown. */
    callerPhone: Type.Optional(Type.String({ maxLength: 30 })),
  },
  closed,
)
export type TicketCreate = Type.Static<typeof TicketCreate>
/** GET /api/staff/templates: replies for the composer, in both languages, {variables} filled by the page. */
export const TemplateList = Type.Object(
  {
    templates: Type.Array(
      Type.Object(
        { key: Type.String(), title: Bilingual, text: Bilingual, types: Type.Array(Type.String()) },
        closed,
      ),
    ),
  },
  closed,
)
export type TemplateList = Type.Static<typeof TemplateList>

/** POST /api/staff/orders/:orderId/refunds/calculate, then …/refunds with the same body and a refundId made by the page. */
export const RefundCalculate = Type.Object(
  {
    lines: Type.Array(
      Type.Object({ lineId: Id, quantity: Type.Integer({ minimum: 1, maximum: 100 }) }, closed),
      { maxItems: 100 },
    ),
    amountFen: Type.Optional(Type.Integer({ minimum: 1, description: 'instead of lines: a free amount' })),
    reason: oneOf(REFUND_REASONS),
    stock: oneOf(['back_in_cabinet', 'not_returned', 'written_off']),
  },
  closed,
)
export type RefundCalculate = Type.Static<typeof RefundCalculate>
export const RefundCalculation = Type.Object(
  {
    /** lower: nothing was taken yet, so less is asked for instead. */
    way: oneOf(['refund', 'lower']),
    /** Per line what it cost after discounts, and how much of the discounts it carries. */
    lines: Type.Array(
      Type.Object({ lineId: Id, quantity: Type.Integer(), amountFen: Fen, discountFen: Fen }, closed),
    ),
    amountFen: Fen,
    refundableFen: Fen,
    needsApproval: Type.Boolean(),
    limitFen: Fen,
    arrivalKey: Type.String(),
    stockEffect: Type.Array(
      Type.Object({ sku: Sku, name: Bilingual, quantity: Type.Integer(), effect: Type.String() }, closed),
    ),
    refusal: Type.Union([Type.Null(), Type.String({ description: 'error code' })]),
  },
  closed,
)
export type RefundCalculation = Type.Static<typeof RefundCalculation>
export const RefundCreate = Type.Object(
  {
    ...RefundCalculate.properties,
    refundId: Id,
    ticketId: Type.Optional(Id),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    tellConsumer: Type.Boolean(),
  },
  closed,
)
export type RefundCreate = Type.Static<typeof RefundCreate>
export const RefundResult = Type.Object({ refund: RefundView }, closed)
/** POST /api/staff/orders/:orderId/lower: the same wish while nothing was taken; a refund under the same id when it was. */
export const LowerCreate = Type.Object(
  {
    lines: RefundCalculate.properties.lines,
    reason: oneOf(REFUND_REASONS),
    refundId: Id,
    ticketId: Type.Optional(Id),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
export type LowerCreate = Type.Static<typeof LowerCreate>
/** POST /api/staff/anomalies/:anomalyId/decide: the same path as what a rule decides. */
export const AnomalyDecide = Type.Object(
  {
    decision: oneOf(['charge_as_recognised', 'charge_corrected', 'void', 'refund', 'explain', 'dismiss']),
    lines: Type.Optional(
      Type.Array(Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 0, maximum: 100 }) }, closed), {
        maxItems: 100,
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
export type RefundResult = Type.Static<typeof RefundResult>
export type AnomalyDecide = Type.Static<typeof AnomalyDecide>

/** GET /api/staff/approvals; POST …/:refundId/approve | refuse {reason} */
export const ApprovalList = Type.Object(
  {
    approvals: Type.Array(
      Type.Object(
        {
          refundId: Id,
          orderId: Id,
          amountFen: Fen,
          reason: Type.String(),
          requestedBy: Type.String(),
          requestedAtMs: WallMs,
          note: Type.Union([Type.Null(), Type.String()]),
          mayDecide: Type.Boolean(),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type ApprovalList = Type.Static<typeof ApprovalList>
export const ApprovalDecision = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }) }, closed)

export const PRESENCE = ['online', 'suspect', 'offline', 'unknown'] as const
/** POST /api/staff/cabinets/:id/setpoint state of the answer. */
export const SETPOINT_STATES = [
  'in_sync',
  'sending',
  'queued_offline',
  'delivered',
  'applied',
  'rejected',
  'timed_out',
  'superseded',
  'drift',
] as const
export const SetpointView = Type.Object(
  {
    state: oneOf(SETPOINT_STATES),
    desired: DeciCelsius,
    desiredVersion: Type.Integer(),
    desiredBy: Type.Union([Type.Null(), Type.String()]),
    desiredAtMs: Type.Union([Type.Null(), WallMs]),
    reported: Type.Union([Type.Null(), DeciCelsius]),
    reportedAtMs: Type.Union([Type.Null(), WallMs]),
    lowest: DeciCelsius,
    highest: DeciCelsius,
    rejectReason: Type.Union([Type.Null(), Type.String()]),
  },
  closed,
)
export type SetpointView = Type.Static<typeof SetpointView>
/** PUT /api/staff/cabinets/:id/setpoint */
export const SetpointRequest = Type.Object(
  {
    expectedVersion: Type.Integer(),
    setpointDeciCelsius: DeciCelsius,
    reason: Type.String({ maxLength: 200 }),
  },
  closed,
)

export const CabinetRow = Type.Object(
  {
    cabinetId: Id,
    name: Bilingual,
    site: Bilingual,
    operator: Type.String(),
    presence: oneOf(PRESENCE),
    lastHeardMs: Type.Union([Type.Null(), WallMs]),
    isDoorOpen: Type.Union([Type.Null(), Type.Boolean()]),
    isLockedOut: Type.Boolean(),
    isOutOfService: Type.Boolean(),
    airDeciCelsius: Type.Union([Type.Null(), DeciCelsius]),
    setpoint: SetpointView,
    alarms: Type.Integer(),
    openTickets: Type.Integer(),
    liveSessionId: Type.Union([Type.Null(), Id]),
    camera: Type.Union([Type.Null(), Type.String()]),
  },
  closed,
)
export type CabinetRow = Type.Static<typeof CabinetRow>
/** GET /api/staff/fleet */
export const Fleet = Type.Object({ cabinets: Type.Array(CabinetRow), nowMs: WallMs }, closed)
export type Fleet = Type.Static<typeof Fleet>
/** GET /api/staff/cabinets/:id */
export const CabinetDetail = Type.Object(
  {
    cameras: Type.Array(
      Type.Object(
        {
          camera: Type.String(),
          state: Type.Union([
            Type.Literal('clear'),
            Type.Literal('blocked'),
            Type.Literal('frozen'),
            Type.Literal('unreachable'),
          ]),
          trouble: Type.Union([Type.String(), Type.Null()], {
            description: 'covered, dark, blurred, moved, frozen, unreachable; null: it sees',
          }),
          sinceMs: Type.Union([WallMs, Type.Null()]),
        },
        closed,
      ),
    ),
    cabinet: CabinetRow,
    link: Type.Object(
      {
        epoch: Type.Union([Type.Null(), Type.String()]),
        lastSeq: Type.Integer(),
        boot: Type.Integer(),
        firmware: Type.Union([Type.Null(), Type.String()]),
        clockSkewMs: Type.Union([Type.Null(), Type.Integer()]),
        deadLetters: Type.Integer(),
      },
      closed,
    ),
    stock: Type.Array(
      Type.Object(
        {
          shelf: Type.String(),
          sku: Sku,
          name: Bilingual,
          picture: Picture,
          quantity: Type.Integer(),
          capacity: Type.Integer(),
          priceFen: Fen,
          unitGrams: Type.Number(),
          liveGrams: Type.Union([Type.Null(), Type.Number()]),
        },
        closed,
      ),
    ),
    planogramVersion: Type.Union([Type.Null(), Type.Integer()]),
    alarms: Type.Array(
      Type.Object(
        {
          alarmId: Id,
          kind: Type.String(),
          state: oneOf(['raised', 'acknowledged', 'cleared', 'shelved']),
          raisedAtMs: WallMs,
          count: Type.Integer(),
          key: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
          acknowledgedBy: Type.Union([Type.Null(), Type.String()]),
        },
        closed,
      ),
    ),
    commands: Type.Array(CommandView),
    /** Names of the commands that the reader may send. */
    allowedCommands: Type.Array(CommandNames),
    twin: Type.Array(TwinPartView),
    /** IANA name; the selling hours are in it. */
    timeZone: Type.String(),
    /** Shelves that are planned or weighed. */
    shelves: Type.Array(Type.String()),
    sessions: Type.Array(
      Type.Object(
        {
          sessionId: Id,
          orderId: Type.Union([Type.Null(), Id]),
          state: oneOf(SESSION_STATES),
          atMs: WallMs,
          totalFen: Type.Union([Type.Null(), Fen]),
        },
        closed,
      ),
    ),
    events: Type.Array(
      Type.Object(
        {
          epoch: Type.String(),
          seq: Type.Integer(),
          type: Type.String(),
          occurredAtMs: WallMs,
          receivedAtMs: WallMs,
          status: Type.String(),
          summary: Type.String(),
        },
        closed,
      ),
    ),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type CabinetDetail = Type.Static<typeof CabinetDetail>
/** GET /api/staff/cabinets/:id/readings?fromMs=&toMs= : gaps stay gaps */
export const Readings = Type.Object(
  {
    air: Type.Array(Type.Tuple([WallMs, DeciCelsius, DeciCelsius, DeciCelsius]), {
      description: '[atMs, lowest, mean, highest]',
    }),
    setpoints: Type.Array(Type.Tuple([WallMs, DeciCelsius])),
    doorOpen: Type.Array(Type.Tuple([WallMs, WallMs])),
    // A list of types and no union: answers are written by their schema, which knows no union inside a tuple.
    lockouts: Type.Array(Type.Tuple([WallMs, Type.Unsafe<number | null>({ type: ['integer', 'null'] })])),
    gaps: Type.Array(Type.Tuple([WallMs, WallMs])),
    limitDeciCelsius: DeciCelsius,
  },
  closed,
)
export type Readings = Type.Static<typeof Readings>
/** What may lie on which shelf, at what price. Capacity is how many pieces are filled in. */
export const PlanogramShelves = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: ID_PATTERN }),
      products: Type.Array(
        Type.Object(
          {
            sku: Sku,
            priceFen: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
            capacity: Type.Integer({ minimum: 1, maximum: 1000 }),
          },
          closed,
        ),
        { maxItems: 40 },
      ),
    },
    closed,
  ),
  { minItems: 1, maxItems: 64 },
)
export type PlanogramShelves = Type.Static<typeof PlanogramShelves>
/** What a planogram costs before anything is sold (protocol/weighing/linter.ts); shares are 0 to 1. Never a refusal. */
export const PlanogramLint = Type.Object(
  {
    errorShare: Type.Number({
      description: 'of steps that weight alone reads wrong, shelves weighted alike',
    }),
    shelves: Type.Array(
      Type.Object(
        { shelf: Type.String(), singleErrorShare: Type.Number(), handfulErrorShare: Type.Number() },
        closed,
      ),
    ),
    pairs: Type.Array(
      Type.Object(
        {
          shelf: Type.String(),
          skus: Type.Tuple([Sku, Sku]),
          gapGrams: Type.Number(),
          sigmaGrams: Type.Number(),
          errorShare: Type.Number(),
          neededGapGrams: Type.Number(),
          samePrice: Type.Boolean(),
          verdict: oneOf(['indistinguishable', 'risky']),
        },
        closed,
      ),
      { description: 'two products of one shelf that are hard to tell apart, the worst first' },
    ),
    better: Type.Union([
      Type.Null(),
      Type.Object(
        {
          shelves: Type.Array(Type.Object({ id: Type.String(), skus: Type.Array(Sku) }, closed)),
          errorShare: Type.Number(),
          moves: Type.Integer(),
        },
        closed,
      ),
    ]),
    isSearchWhole: Type.Boolean({
      description:
        'false: time was up before every dealing was tried; null or not, there may be a better one',
    }),
    learnedProducts: Type.Integer({
      minimum: 0,
      description: 'products whose weight this cabinet has learned; for the others the catalogue counts',
    }),
  },
  closed,
)
export type PlanogramLint = Type.Static<typeof PlanogramLint>
const PlanogramLintOrNone = Type.Union([
  Type.Null({ description: 'it could not be worked out in time; nothing else depends on it' }),
  PlanogramLint,
])
/** GET /api/staff/cabinets/:id/planogram : the current one with its lint, and what could lie in it */
export const PlanogramView = Type.Object(
  {
    cabinetId: Id,
    cabinetName: Bilingual,
    version: Type.Integer({ description: '0: there is none yet' }),
    createdAtMs: Type.Union([Type.Null(), WallMs]),
    createdBy: Type.Union([Type.Null(), Type.String()]),
    shelves: PlanogramShelves,
    stock: Type.Array(Type.Object({ shelf: Type.String(), sku: Sku, quantity: Type.Integer() }, closed)),
    products: Type.Array(
      Type.Object(
        { sku: Sku, name: Bilingual, picture: Picture, unitGrams: Type.Number(), priceFen: Fen },
        closed,
      ),
    ),
    lint: PlanogramLintOrNone,
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type PlanogramView = Type.Static<typeof PlanogramView>
/** PUT /api/staff/cabinets/:id/planogram */
export const PlanogramRequest = Type.Object(
  {
    expectedVersion: Type.Integer({ minimum: 0, description: '0: there is none yet' }),
    shelves: PlanogramShelves,
    movesStock: Type.Optional(
      Type.Boolean({
        description: 'goods that change their shelf are booked there: somebody carries them over',
      }),
    ),
  },
  closed,
)
export type PlanogramRequest = Type.Static<typeof PlanogramRequest>
/** The new version, and the lint as a warning with figures. */
export const PlanogramSaved = Type.Object({ version: Type.Integer(), lint: PlanogramLintOrNone }, closed)
export type PlanogramSaved = Type.Static<typeof PlanogramSaved>
/** POST /api/staff/cabinets/:id/planogram/lint : a draft; nothing is saved */
export const PlanogramLintRequest = Type.Object({ shelves: PlanogramShelves }, closed)
export const PlanogramLintResult = Type.Object({ lint: PlanogramLintOrNone }, closed)
export type PlanogramLintResult = Type.Static<typeof PlanogramLintResult>
/** GET /api/staff/alarms?state=active|all : of all cabinets that the reader may see, newest first, at most 200 */
export const AlarmList = Type.Object(
  {
    alarms: Type.Array(
      Type.Object(
        {
          alarmId: Id,
          cabinetId: Id,
          cabinetName: Bilingual,
          kind: Type.String(),
          state: oneOf(['raised', 'acknowledged', 'cleared', 'shelved']),
          raisedAtMs: WallMs,
          clearedAtMs: Type.Union([Type.Null(), WallMs]),
          count: Type.Integer(),
          key: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
          acknowledgedBy: Type.Union([Type.Null(), Type.String()]),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type AlarmList = Type.Static<typeof AlarmList>
/** POST /api/staff/alarms/:id/acknowledge */
export const AlarmAcknowledge = Type.Object({}, closed)
/** GET /api/staff/audit?query= */
export const AuditList = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          seq: Type.Integer(),
          atMs: WallMs,
          actor: Type.String(),
          actorName: Type.Union([Type.Null(), Type.String({ description: 'of a person who works here' })]),
          action: Type.String(),
          subject: Type.String(),
          detail: Type.Record(Type.String(), Type.Unknown()),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type AuditList = Type.Static<typeof AuditList>

/** GET /api/live: server-sent events. `event:` is the kind, `id:` a growing number for Last-Event-ID. */
export const LIVE_KINDS = [
  'session',
  'order',
  'refund',
  'ticket',
  /** Who looks at a ticket. */
  'desk',
  'task',
  'anomaly',
  'cabinet',
  'setpoint',
  'alarm',
  'bill',
  'price',
  'policy',
  'restriction',
  'improvement',
  'callBack',
  'recheck',
  'emergency',
  'team',
  'live',
  'reset',
] as const
export const LiveChange = Type.Object(
  {
    kind: oneOf(LIVE_KINDS),
    subjectId: Type.String(),
    cabinetId: Type.Optional(Type.String()),
    atMs: WallMs,
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
)
export type LiveChange = Type.Static<typeof LiveChange>
