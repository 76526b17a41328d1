import type { Kysely } from 'kysely'
import type { Bilingual } from '#protocol/api/common.ts'
import type { IntakeField, IntakeValues, TicketDesk, TicketTypeView } from '#protocol/api/tickets.ts'
import { formatMoment } from '#protocol/words/format.ts'
import { productsBySku } from '#core/catalog/queries.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { shareAtMs, usedBy } from '../clocks/clocks.ts'
import { clocksOf } from '../ticket-clocks.ts'
import { historyOf, type TicketRow } from '../ticket-store.ts'
import { TICKET_TYPES, typeOf } from '../ticket-types.ts'
import { alikeOf } from './merging.ts'
import { tasksFor } from './tasks.ts'
import { viewersOf } from './viewers.ts'

/** The table of types as pages show it. */
export function ticketTypes(): TicketTypeView[] {
  return Object.keys(TICKET_TYPES).map(typeView)
}
function typeView(type: string): TicketTypeView {
  const row = typeOf(type)
  return {
    type,
    label: row.label,
    side: row.side,
    isEntered: row.isEntered,
    priority: row.priority,
    fields: [...row.fields],
    evidence: [...row.evidence],
    suggestion: row.suggestion,
    outcomes: [...row.outcomes],
    rootCauses: [...row.rootCauses],
  }
}

/** Everything about a ticket besides its conversation and its order. */
export async function deskOf(
  db: Kysely<Tables>,
  staff: StaffIdentity,
  ticket: TicketRow,
  nowMs: number,
): Promise<TicketDesk> {
  const isOurs = staff.operator === null
  const [clocks, history, tasks, viewers, alike, merged, incident] = await Promise.all([
    clocksOf(db, ticket.ticketId),
    historyOf(db, ticket.ticketId),
    tasksFor(db, staff, { ticketId: ticket.ticketId }),
    viewersOf(db, ticket.ticketId, nowMs, staff.staffId),
    isOurs && staff.permissions.has('ticket.work') ? alikeOf(db, ticket) : [],
    db
      .selectFrom('ticket')
      .select(['ticketId', 'number'])
      .where('mergedIntoId', '=', ticket.ticketId)
      .execute(),
    ticket.incidentId === null
      ? null
      : db
          .selectFrom('incident')
          .select(['incidentId', 'raisedAtMs', 'resolvedAtMs'])
          .where('incidentId', '=', ticket.incidentId)
          .executeTakeFirst(),
  ])
  const into =
    ticket.mergedIntoId === null
      ? undefined
      : await db
          .selectFrom('ticket')
          .select(['ticketId', 'number'])
          .where('ticketId', '=', ticket.mergedIntoId)
          .executeTakeFirst()
  return {
    type: typeView(ticket.type),
    intake: await intakeOf(db, staff, ticket, nowMs),
    viewers,
    // An operator reads what happened, not who of ours did it.
    history: isOurs ? history : history.map((event) => ({ ...event, by: '' })),
    tasks,
    clocks: clocks.map((clock) => ({
      kind: clock.kind,
      dueAtMs: clock.dueAtMs,
      isPaused: clock.metAtMs === null && shareAtMs(clock, 100) === undefined,
      metAtMs: clock.metAtMs,
      usedPercent: Math.min(999, Math.floor((usedBy(clock, nowMs) * 100) / clock.allowedMs)),
    })),
    alike,
    mergedInto: into ?? null,
    merged,
    incident: incident ?? null,
    device:
      ticket.deviceVersion === null || ticket.deviceAskedAtMs === null || ticket.deviceSetpoint === null
        ? null
        : {
            setpointDeciCelsius: ticket.deviceSetpoint,
            askedAtMs: ticket.deviceAskedAtMs,
            version: ticket.deviceVersion,
          },
    callerPhoneTail: isOurs ? ticket.phoneTail : null,
  }
}

async function intakeOf(
  db: Kysely<Tables>,
  staff: Pick<StaffIdentity, 'operator'>,
  ticket: TicketRow,
  nowMs: number,
): Promise<TicketDesk['intake']> {
  const values = JSON.parse(ticket.intake) as IntakeValues
  const products = Object.hasOwn(values, 'sku')
    ? await productsBySku(db)
    : new Map<string, { name: Bilingual }>()
  const cabinets = Object.hasOwn(values, 'cabinetId')
    ? await cabinetsNamed(db, staff, String(values['cabinetId']))
    : new Map<string, { name: Bilingual }>()
  return typeOf(ticket.type).fields.flatMap((field) => {
    const value = values[field.key]
    if (value === undefined) return []
    const names = field.kind === 'cabinet' ? cabinets : products
    return [{ key: field.key, label: field.label, text: textOf(field, value, names, nowMs) }]
  })
}
/** As people call it; what somebody entered and nobody knows, or is another operator's, stays as it was entered. */
async function cabinetsNamed(
  db: Kysely<Tables>,
  { operator }: Pick<StaffIdentity, 'operator'>,
  cabinetId: string,
): Promise<Map<string, { name: Bilingual }>> {
  const named = db
    .selectFrom('cabinet')
    .select(['cabinetId', 'nameZh', 'nameEn'])
    .where('cabinetId', '=', cabinetId)
  const rows = await (operator === null ? named : named.where('operator', '=', operator)).execute()
  return new Map(
    rows.map(({ cabinetId, nameZh, nameEn }) => [cabinetId, { name: { zh: nameZh, en: nameEn } }]),
  )
}
function textOf(
  field: IntakeField,
  value: string | number | boolean,
  names: ReadonlyMap<string, { name: Bilingual }>,
  nowMs: number,
): Bilingual {
  const plain = { zh: String(value), en: String(value) }
  switch (field.kind) {
    case 'product':
    case 'cabinet':
      return names.get(String(value))?.name ?? plain
    case 'when':
      return { zh: formatMoment('zh', Number(value), nowMs), en: formatMoment('en', Number(value), nowMs) }
    case 'choice':
      return field.choices.find(({ key }) => key === value)?.label ?? plain
    case 'celsius': {
      const text = `${(Number(value) / 10).toFixed(1)} °C`
      return { zh: text, en: text }
    }
    case 'yes_no':
      return value === true ? { zh: '是', en: 'Yes' } : { zh: '否', en: 'No' }
    default:
      return plain
  }
}
