import { Bilingual, Fen, Id, Language, TICKET_STATES, WallMs, closed, oneOf } from '#protocol/api/common.ts'
import { DisputeMessage } from '#protocol/api/consumer.ts'
import {
  ENTRY_CHANNELS,
  IntakeValues,
  OUTCOMES,
  PRIORITIES,
  ROOT_CAUSES,
  SnoozeView,
  TICKET_CHANNELS,
  TicketDesk,
} from '#protocol/api/tickets.ts'
import Type from 'typebox'
import { CallerPanel } from '#protocol/api/callers.ts'
import { TicketPicture } from '#protocol/api/pictures.ts'
import { StaffOrder } from './orders.ts'

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
    /** Of a search in words: the piece of text that was found, cut where it was found; absent for whatever a number found. */
    found: Type.Optional(
      Type.Object(
        {
          where: oneOf(['question', 'message', 'note', 'cabinet']),
          pieces: Type.Array(Type.Object({ text: Type.String(), isHit: Type.Boolean() }, closed)),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type TicketRow = Type.Static<typeof TicketRow>

/** GET /api/staff/tickets?view=open|mine|breaching|snoozed|closed&query= : most urgent first; a query looks in all of them, best first */
export const TicketList = Type.Object({ tickets: Type.Array(TicketRow), nowMs: WallMs }, closed)
export type TicketList = Type.Static<typeof TicketList>

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
    /** What the consumer, or staff for them, added. */
    pictures: Type.Array(TicketPicture),
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
    /** Who speaks; null where nobody has to be known. */
    caller: Type.Union([Type.Null(), CallerPanel]),
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
