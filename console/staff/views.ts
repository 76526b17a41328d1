import { html, nothing, type TemplateResult } from 'lit'
import type { TicketRow } from '#protocol/api/staff/tickets.ts'
import { formatMoney } from '#protocol/words/format.ts'
import type { StateWord, Tone } from '#protocol/words/states.ts'
import { formatSpan, shortId } from '../data/staff-format.ts'
import { slaClocks, type SlaClock } from '../data/staff-sla.ts'
import type { StaffTime, ZoneTexts } from '../data/staff-time.ts'
import { word, wordOr, type StaffWord } from '../words/staff.ts'
import { choose } from '../words/words.ts'
import { icon, type IconName } from './icons.ts'
import type { Services } from './services.ts'

/** A state: colour, icon and word, never colour alone. */
export function badge(tone: Tone, name: IconName, text: string): TemplateResult {
  return html`<span class="badge tone-${tone}">${icon(name)}${text}</span>`
}

const TONE_ICONS: Record<Tone, IconName> = {
  neutral: 'circle',
  info: 'clock',
  ok: 'circle-check',
  warn: 'triangle-alert',
  bad: 'circle-alert',
}
export function stateBadge(state: StateWord): TemplateResult {
  return badge(state.tone, TONE_ICONS[state.tone], choose(state))
}

export function money(fen: number): TemplateResult {
  return html`<span class="number">${formatMoney(fen)}</span>`
}

/** The day only when it is not today; the whole instant for machines and on hover. */
export function moment(time: ZoneTexts, atMs: number | null): TemplateResult {
  if (atMs === null) return html`<span class="soft">–</span>`
  return html`<time class="number" datetime=${new Date(atMs).toISOString()}>${time.momentText(atMs)}</time>`
}
export function exactTime(time: ZoneTexts, atMs: number): TemplateResult {
  return html`<time class="number" datetime=${new Date(atMs).toISOString()}>${time.exactText(atMs)}</time>`
}

/** The end of an id, copied whole by a click. */
export function idChip(services: Services, id: string): TemplateResult {
  return html`<button class="id-chip" type="button" title=${id} @click=${() => void copyId(services, id)}>
    <code>${shortId(id)}</code>${icon('copy')}<span class="aloud">${word('copyId')}</span>
  </button>`
}
async function copyId(services: Services, id: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(id)
    services.toast({ tone: 'ok', text: word('copied') })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // Without HTTPS the browser gives no clipboard: the id is shown whole, so that it can be selected.
    services.toast({ tone: 'info', text: id })
  }
}

const SLA_LOOK: Record<SlaClock['state'], { tone: Tone; icon: IconName }> = {
  done: { tone: 'ok', icon: 'circle-check' },
  over: { tone: 'neutral', icon: 'check' },
  in_time: { tone: 'neutral', icon: 'clock' },
  soon: { tone: 'warn', icon: 'hourglass' },
  late: { tone: 'bad', icon: 'circle-alert' },
  paused: { tone: 'neutral', icon: 'minus' },
}
/** One clock of a ticket: which, how long still, and when exactly. */
export function slaChip(
  time: StaffTime,
  clock: SlaClock,
  options: { isShort?: boolean } = {},
): TemplateResult {
  const look = SLA_LOOK[clock.state]
  const name = word(`sla.${clock.which}`)
  const span = formatSpan(Math.abs(clock.leftMs))
  const left =
    clock.state === 'late'
      ? word('slaLate', { span })
      : clock.state === 'paused'
        ? word('slaPaused')
        : clock.state === 'done'
          ? word('slaDone')
          : clock.state === 'over'
            ? word('slaDoneLate')
            : word('slaLeft', { span })
  const due =
    clock.state === 'done' || clock.state === 'over' || clock.state === 'paused'
      ? ''
      : time.momentText(clock.dueMs)
  return html`<span class="badge sla tone-${look.tone}">
    ${icon(look.icon)}<span>${options.isShort ? html`<span class="aloud">${name} </span>` : html`${name} `}${left}</span>
    ${due ? html`<span class="sla-due number">${due}</span>` : nothing}
  </span>`
}
export function slaChips(time: StaffTime, ticket: TicketRow): TemplateResult {
  return html`${slaClocks(ticket, time.now()).map((clock) => slaChip(time, clock))}`
}

const PRIORITY_LOOK: Record<TicketRow['priority'], { tone: Tone; icon: IconName }> = {
  urgent: { tone: 'bad', icon: 'circle-alert' },
  high: { tone: 'warn', icon: 'triangle-alert' },
  normal: { tone: 'neutral', icon: 'circle' },
  low: { tone: 'neutral', icon: 'minus' },
}
export function priorityBadge(priority: TicketRow['priority']): TemplateResult {
  const look = PRIORITY_LOOK[priority]
  return badge(look.tone, look.icon, word(`priority.${priority}`))
}

const TICKET_LOOK: Record<TicketRow['state'], { tone: Tone; icon: IconName }> = {
  new: { tone: 'info', icon: 'inbox' },
  open: { tone: 'info', icon: 'user' },
  waiting_consumer: { tone: 'neutral', icon: 'hourglass' },
  waiting_internal: { tone: 'neutral', icon: 'hourglass' },
  waiting_device: { tone: 'neutral', icon: 'refrigerator' },
  waiting_refund: { tone: 'neutral', icon: 'banknote' },
  resolved: { tone: 'ok', icon: 'circle-check' },
  closed: { tone: 'ok', icon: 'check' },
  reopened: { tone: 'warn', icon: 'undo' },
  merged: { tone: 'neutral', icon: 'check' },
}
export function ticketStateBadge(state: TicketRow['state']): TemplateResult {
  const look = TICKET_LOOK[state]
  return badge(look.tone, look.icon, word(`ticketState.${state}`))
}

/** @param level the heading of a page is 1, of a card 2 */
export function pageHead(title: unknown, more: { lead?: unknown; actions?: unknown } = {}): TemplateResult {
  return html`<header class="page-head">
    <div class="page-title"><h1 tabindex="-1">${title}</h1>${more.lead ?? nothing}</div>
    ${more.actions ? html`<div class="row">${more.actions}</div>` : nothing}
  </header>`
}

export function card(
  title: StaffWord,
  body: unknown,
  more: { actions?: unknown; id?: string; className?: string } = {},
) {
  const id = more.id ?? `card-${title.replaceAll('.', '-')}`
  return html`<section class="card ${more.className ?? ''}" aria-labelledby=${id}>
    <header class="card-head"><h2 id=${id}>${word(title)}</h2>${more.actions ?? nothing}</header>
    ${body}
  </section>`
}

export function emptyView(text: StaffWord, name: IconName = 'check'): TemplateResult {
  return html`<div class="blank">${icon(name)}<p>${word(text)}</p></div>`
}

/** A wide table scrolls in its own frame, by keyboard too; the page never scrolls sideways. */
export function tableFrame(label: StaffWord, table: TemplateResult): TemplateResult {
  return html`<div class="table-frame" role="group" tabindex="0" aria-label=${word(label)}>${table}</div>`
}

/** Records name people as `staff:<id>`, rules as `rule:<name>`; a name that is there already stays. */
export function personText(services: Services, by: string): string {
  const [kind, id] = by.split(':')
  if (id === undefined) return by === 'system' || by === 'core' ? word('bySystem') : by
  if (kind === 'rule') return `${word('rule')} ${id}`
  if (id === services.me?.staffId) return services.me.displayName
  return `${wordOr(`kind.${kind}`, kind ?? '')} ${shortId(id)}`
}
