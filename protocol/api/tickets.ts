import Type from 'typebox'
import { Bilingual, closed, DeciCelsius, Id, oneOf, WallMs } from './common.ts'

/**
 * Tickets beyond conversation and money: what is asked at intake, what others are asked to do, who else looks at it, what
 * it waits for. The list and the ticket itself are in `staff.ts`.
 */
const RequestId = Type.String({ minLength: 8, maxLength: 64 })
const Version = Type.Integer({ description: 'of the ticket that the agent saw' })
const Reason = Type.String({ minLength: 3, maxLength: 500 })
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])

/** How somebody reached us. Everything becomes one stream. */
export const TICKET_CHANNELS = [
  'order',
  'code',
  'console',
  'hotline',
  'email',
  'social',
  'provider',
  'system',
] as const
/** What a person may enter by hand. */
export const ENTRY_CHANNELS = ['hotline', 'console', 'email', 'social', 'code'] as const
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const
export const INTAKE_KINDS = [
  'order',
  'cabinet',
  'product',
  'when',
  'text',
  'choice',
  'celsius',
  'yes_no',
] as const
export const OUTCOMES = [
  'refunded',
  'partly_refunded',
  'explained',
  'refused',
  'charged',
  'adjusted',
  'restored',
  'restocked',
  'no_action',
] as const
export const ROOT_CAUSES = [
  'weighing',
  'camera',
  'network',
  'provider',
  'planogram',
  'quality',
  'consumer',
  'operation',
  'power',
  'hardware',
  'unknown',
] as const

/** GET /api/staff/ticket-types: the table of types, as the entry form and the resolve dialog show it. */
export const IntakeField = Type.Object(
  {
    key: Type.String(),
    kind: oneOf(INTAKE_KINDS),
    label: Bilingual,
    isRequired: Type.Boolean(),
    choices: Type.Array(Type.Object({ key: Type.String(), label: Bilingual }, closed)),
  },
  closed,
)
export type IntakeField = Type.Static<typeof IntakeField>
export const TicketTypeView = Type.Object(
  {
    type: Type.String(),
    label: Bilingual,
    side: oneOf(['consumer', 'operator', 'system']),
    /** Whether a person may enter it, or only the rules make it. */
    isEntered: Type.Boolean(),
    priority: oneOf(PRIORITIES),
    fields: Type.Array(IntakeField),
    /** What to look at first, in this order. */
    evidence: Type.Array(
      oneOf(['order', 'weights', 'pictures', 'payments', 'cabinet', 'temperature', 'door', 'stock']),
    ),
    /** What usually settles it. */
    suggestion: Bilingual,
    outcomes: Type.Array(oneOf(OUTCOMES)),
    rootCauses: Type.Array(oneOf(ROOT_CAUSES)),
  },
  closed,
)
export type TicketTypeView = Type.Static<typeof TicketTypeView>
export const TicketTypeList = Type.Object({ types: Type.Array(TicketTypeView) }, closed)
export type TicketTypeList = Type.Static<typeof TicketTypeList>

export const IntakeValues = Type.Record(
  Type.String({ maxLength: 40 }),
  Type.Union([Type.String({ maxLength: 500 }), Type.Integer(), Type.Boolean()]),
  { maxProperties: 12 },
)
export type IntakeValues = Type.Static<typeof IntakeValues>

export const SNOOZE_KINDS = ['until', 'cabinet_online', 'refund_settled'] as const
export const SnoozeView = Type.Object({ kind: oneOf(SNOOZE_KINDS), untilMs: orNull(WallMs) }, closed)
/** POST /api/staff/tickets/:id/snooze: out of the queue until something happens. Its clocks go on. */
export const TicketSnooze = Type.Object(
  { version: Version, kind: oneOf(SNOOZE_KINDS), untilMs: Type.Optional(WallMs) },
  closed,
)
export type TicketSnooze = Type.Static<typeof TicketSnooze>
/** POST /api/staff/tickets/:id/wake | claim */
export const TicketVersion = Type.Object({ version: Version }, closed)

/** POST /api/staff/tickets/:id/priority: a rule set it, a person corrects it and says why. */
export const TicketPriority = Type.Object(
  { version: Version, priority: oneOf(PRIORITIES), reason: Reason },
  closed,
)
/** POST /api/staff/tickets/:id/merge: into another one, which goes on for both. */
export const TicketMerge = Type.Object({ version: Version, intoTicketId: Id, reason: Reason }, closed)
export type TicketMerge = Type.Static<typeof TicketMerge>
/** POST /api/staff/tickets/:id/split: a second question gets a ticket of its own, with the messages that belong to it. */
export const TicketSplit = Type.Object(
  {
    requestId: RequestId,
    version: Version,
    type: Type.String({ maxLength: 40 }),
    messageIds: Type.Array(Id, { maxItems: 50 }),
    reason: Reason,
  },
  closed,
)
export type TicketSplit = Type.Static<typeof TicketSplit>

/** POST /api/staff/tickets/:id/presence every 20 s while the page is open, and once with `left`. */
export const DOINGS = ['viewing', 'replying', 'refunding'] as const
export const PresenceReport = Type.Object(
  { tab: Type.String({ pattern: '^[a-z0-9-]{4,40}$' }), doing: oneOf([...DOINGS, 'left']) },
  closed,
)
export type PresenceReport = Type.Static<typeof PresenceReport>
export const TicketViewer = Type.Object(
  { staffId: Id, displayName: Type.String(), doing: oneOf(DOINGS), untilMs: WallMs },
  closed,
)
export type TicketViewer = Type.Static<typeof TicketViewer>
export const PresenceAnswer = Type.Object(
  { others: Type.Array(TicketViewer), version: Type.Integer() },
  closed,
)
export type PresenceAnswer = Type.Static<typeof PresenceAnswer>

/** What happened to a ticket, one entry for every version; a refused change is answered with those it did not know. */
export const TicketEvent = Type.Object(
  {
    version: Type.Integer(),
    atMs: WallMs,
    by: Type.String({ description: 'a name, or empty when a rule did it' }),
    what: Type.String(),
    values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  },
  closed,
)
export type TicketEvent = Type.Static<typeof TicketEvent>

/** Those who can be asked; a role of the permission table. */
export const TASK_AUDIENCES = ['agent', 'lead', 'technician', 'operator'] as const
export const TASK_STATES = ['open', 'taken', 'done', 'cancelled'] as const
export const TaskView = Type.Object(
  {
    taskId: Id,
    ticketId: Id,
    ticketNumber: Type.Integer(),
    ticketType: Type.String(),
    /** Its place in an emergency's list; null: asked for by a person. */
    step: orNull(Type.Integer()),
    audience: oneOf(TASK_AUDIENCES),
    cabinetId: orNull(Id),
    cabinetName: orNull(Bilingual),
    text: Bilingual,
    state: oneOf(TASK_STATES),
    dueAtMs: WallMs,
    createdAtMs: WallMs,
    takenBy: orNull(Type.String()),
    takenAtMs: orNull(WallMs),
    doneBy: orNull(Type.String()),
    doneAtMs: orNull(WallMs),
    result: orNull(Type.String()),
    version: Type.Integer(),
    actions: Type.Array(oneOf(['take', 'done', 'cancel'])),
  },
  closed,
)
export type TaskView = Type.Static<typeof TaskView>
/** GET /api/staff/tasks?view=open|done: what my role is asked to do, the earliest due first. */
export const TaskList = Type.Object({ tasks: Type.Array(TaskView), nowMs: WallMs }, closed)
export type TaskList = Type.Static<typeof TaskList>
/** POST /api/staff/tickets/:id/tasks */
export const TaskCreate = Type.Object(
  {
    requestId: RequestId,
    version: Version,
    audience: oneOf(TASK_AUDIENCES),
    text: Type.String({ minLength: 3, maxLength: 500 }),
    dueAtMs: WallMs,
  },
  closed,
)
export type TaskCreate = Type.Static<typeof TaskCreate>
/** POST /api/staff/tasks/:id/take | done | cancel */
export const TaskStep = Type.Object(
  { version: Type.Integer(), result: Type.Optional(Type.String({ maxLength: 500 })) },
  closed,
)
export type TaskStep = Type.Static<typeof TaskStep>

/** PUT /api/staff/tickets/:id/setpoint: the ticket waits for the cabinet's answer. */
export const TicketSetpoint = Type.Object(
  {
    version: Version,
    expectedVersion: Type.Integer({ description: 'of the setpoint that the person saw' }),
    setpointDeciCelsius: DeciCelsius,
    reason: Type.String({ maxLength: 200 }),
  },
  closed,
)
export type TicketSetpoint = Type.Static<typeof TicketSetpoint>

/** What the page of a ticket shows besides the conversation. */
export const TicketDesk = Type.Object(
  {
    type: TicketTypeView,
    intake: Type.Array(Type.Object({ key: Type.String(), label: Bilingual, text: Bilingual }, closed)),
    viewers: Type.Array(TicketViewer),
    history: Type.Array(TicketEvent),
    tasks: Type.Array(TaskView),
    clocks: Type.Array(
      Type.Object(
        {
          kind: Type.String(),
          dueAtMs: WallMs,
          isPaused: Type.Boolean(),
          metAtMs: orNull(WallMs),
          usedPercent: Type.Integer(),
        },
        closed,
      ),
    ),
    /** The same question asked elsewhere, the likeliest first. */
    alike: Type.Array(
      Type.Object(
        {
          ticketId: Id,
          number: Type.Integer(),
          type: Type.String(),
          openedAtMs: WallMs,
          because: Type.Array(oneOf(['session', 'order', 'consumer', 'cabinet'])),
        },
        closed,
      ),
    ),
    mergedInto: orNull(Type.Object({ ticketId: Id, number: Type.Integer() }, closed)),
    merged: Type.Array(Type.Object({ ticketId: Id, number: Type.Integer() }, closed)),
    incident: orNull(
      Type.Object({ incidentId: Id, raisedAtMs: WallMs, resolvedAtMs: orNull(WallMs) }, closed),
    ),
    /** What a temperature ticket waits for. */
    device: orNull(
      Type.Object({ setpointDeciCelsius: DeciCelsius, askedAtMs: WallMs, version: Type.Integer() }, closed),
    ),
    callerPhoneTail: orNull(Type.String()),
  },
  closed,
)
export type TicketDesk = Type.Static<typeof TicketDesk>
