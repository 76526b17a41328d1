import type { CabinetForConsumer } from '#protocol/api/consumer.ts'
import type { QuestionRequest } from '#protocol/api/questions.ts'
import type { IntakeValues } from '#protocol/api/tickets.ts'
import type { StoryKey } from '#protocol/words/story.ts'
import type { SlaName } from '../clocks/clocks.ts'
import { type Priority, TICKET_TYPES, type TicketType } from '../ticket-types.ts'
import { QUESTION_KIND_ROWS } from './kinds.ts'

/** What is known before anything is written. */
export interface QuestionFacts {
  readonly cabinetId: string
  readonly status: CabinetForConsumer['status']
  /** The consumer's latest visit at this cabinet, of the last day. */
  readonly visit: { readonly atMs: number; readonly state: string; readonly hasOrder: boolean } | undefined
}
export interface DecidedQuestion {
  readonly type: string
  readonly intake: IntakeValues
  readonly priority: Priority
  readonly severity: TicketType['severity']
  readonly sla: SlaName
  /** What our own record answers at once, in this order; the times are filled in where they are written. */
  readonly answers: ReadonlyArray<{ readonly key: StoryKey; readonly atMs?: number }>
}

const NOTHING_CHARGED = new Set(['denied', 'not_opened'])
const STILL_WITH_CABINET = new Set(['opened', 'closed', 'overdue'])
const STATES: Partial<Record<CabinetForConsumer['status'], StoryKey>> = {
  offline: 'message.cabinet_offline',
  out_of_service: 'message.cabinet_out_of_service',
  locked_out: 'message.cabinet_locked_out',
  goods_expired: 'message.cabinet_goods_expired',
  goods_blocked: 'message.cabinet_goods_blocked',
  closed: 'message.cabinet_closed',
  busy: 'message.cabinet_busy',
}

/**
 * From a tap on the help page of a cabinet to a ticket. Pure. The fields of its type are filled from what is known; what
 * a consumer cannot know is left to the agent, because nobody is sent away for an empty field.
 */
export function decideQuestion(request: QuestionRequest, facts: QuestionFacts): DecidedQuestion {
  const { kind, orderId, sku, problem, isHarmed } = request
  const row = QUESTION_KIND_ROWS[kind]
  const type = TICKET_TYPES[row.type] as TicketType
  const known: IntakeValues = {
    ...row.intake,
    cabinetId: facts.cabinetId,
    ...(orderId === undefined ? {} : { orderId }),
    ...(facts.visit?.hasOrder === true ? { boughtAtMs: facts.visit.atMs } : {}),
    ...(sku === undefined ? {} : { sku }),
    ...(problem === undefined ? {} : { problem }),
    ...(isHarmed === undefined ? {} : { isHarmed }),
    ...(kind === 'danger' || isHarmed === true ? { isDanger: true } : {}),
  }
  const isDanger = kind === 'danger' || isHarmed === true
  const wanted = new Set(type.fields.map(({ key }) => key))
  return {
    type: row.type,
    intake: Object.fromEntries(Object.entries(known).filter(([key]) => wanted.has(key))),
    priority: isDanger ? 'urgent' : kind === 'charged' ? 'normal' : type.priority,
    severity: isDanger ? 1 : kind === 'charged' ? 3 : type.severity,
    sla: isDanger ? 'emergency' : type.sla,
    answers: answersTo(row, facts),
  }
}

function answersTo(
  row: (typeof QUESTION_KIND_ROWS)[keyof typeof QUESTION_KIND_ROWS],
  { status, visit }: QuestionFacts,
): DecidedQuestion['answers'] {
  const ofCabinet = row.isAboutCabinet ? STATES[status] : undefined
  const ofVisit =
    !row.isAboutVisit || visit === undefined || visit.hasOrder
      ? undefined
      : NOTHING_CHARGED.has(visit.state)
        ? 'message.visit_not_opened'
        : STILL_WITH_CABINET.has(visit.state)
          ? 'message.visit_waiting'
          : undefined
  return [
    ...(ofVisit === undefined || visit === undefined ? [] : [{ key: ofVisit, atMs: visit.atMs } as const]),
    ...(ofCabinet === undefined ? [] : [{ key: ofCabinet }]),
  ]
}
