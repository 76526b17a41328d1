import type { DisputeReason, Language } from '#protocol/api/common.ts'
import type { IntakeValues } from '#protocol/api/tickets.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { SlaName } from './clocks/clocks.ts'
import { ticketMachine } from './machine.ts'
import { AWAKE, type TicketRow } from './ticket-store.ts'
import { typeOf } from './ticket-types.ts'

export interface NewTicket {
  requestId: string
  type: string
  origin: TicketRow['origin']
  reason: DisputeReason | null
  priority: TicketRow['priority']
  orderId: string | null
  cabinetId: string | null
  consumerId: string | null
  amountFen: number | null
  lines: ReadonlyArray<{ lineId: string; quantity: number }>
  note: string | null
  language: Language
  openedBy: string
  /** How it reached us; a dispute comes from its order, an anomaly from a rule, the rest by telephone. */
  channel?: TicketRow['channel']
  intake?: IntakeValues
  severity?: number
  sla?: SlaName
  operator?: string | null
  phone?: { tail: string; sealed: string }
  splitFromId?: string
}

/** Short numbers that people read aloud begin here. */
const NUMBER_FIRST = 1001
const CHANNELS = { dispute: 'order', anomaly: 'system', staff: 'hotline' } as const

/** A ticket as it begins, with the next number, what its type says and whose cabinet it is about. */
export async function newRow(
  tx: Tx,
  { ids, policy }: Pick<CoreDeps, 'ids' | 'policy'>,
  ticket: NewTicket,
): Promise<TicketRow> {
  const last = await tx
    .selectFrom('ticket')
    .select((eb) => eb.fn.max('number').as('number'))
    .executeTakeFirst()
  const nowMs = nowOf(tx)
  const { lines, channel, intake, severity, sla, operator, phone, splitFromId, ...rest } = ticket
  const type = typeOf(ticket.type)
  return {
    ...rest,
    lines: JSON.stringify(lines),
    ticketId: ids.next('ticket'),
    number: (last?.number ?? NUMBER_FIRST - 1) + 1,
    state: ticketMachine.initial,
    openedAtMs: nowMs,
    firstResponseDueMs: nowMs + policy.firstResponseMs,
    firstRespondedAtMs: null,
    resolutionDueMs: nowMs + policy.resolutionMs,
    resolvedAtMs: null,
    closedAtMs: null,
    assigneeId: null,
    ownerId: null,
    isAutomatic: 0,
    outcome: null,
    rootCause: null,
    outcomeKey: null,
    outcomeValues: '{}',
    rating: null,
    ratedAtMs: null,
    ratingTags: '[]',
    version: 1,
    channel: channel ?? CHANNELS[ticket.origin],
    intake: JSON.stringify(intake ?? {}),
    severity: severity ?? type.severity,
    operator: operator ?? (await operatorOf(tx, ticket.cabinetId)),
    sessionId: await sessionOf(tx, ticket.orderId),
    phoneTail: phone?.tail ?? null,
    phoneSealed: phone?.sealed ?? null,
    sla: sla ?? type.sla,
    isPaused: 0,
    mergedIntoId: null,
    splitFromId: splitFromId ?? null,
    incidentId: null,
    deviceVersion: null,
    deviceAskedAtMs: null,
    deviceSetpoint: null,
    ...AWAKE,
  }
}

async function operatorOf(tx: Tx, cabinetId: string | null): Promise<string | null> {
  if (cabinetId === null) return null
  const cabinet = await tx
    .selectFrom('cabinet')
    .select('operator')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return cabinet?.operator ?? null
}
async function sessionOf(tx: Tx, orderId: string | null): Promise<string | null> {
  if (orderId === null) return null
  const order = await tx
    .selectFrom('order')
    .select('sessionId')
    .where('orderId', '=', orderId)
    .executeTakeFirst()
  return order?.sessionId ?? null
}
