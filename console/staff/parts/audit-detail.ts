import { html, nothing, type TemplateResult } from 'lit'
import { formatMoney } from '#protocol/words/format.ts'
import type { ZoneTexts } from '../../data/staff-time.ts'
import { hasWord, word } from '../../words/staff.ts'

/** What people wrote themselves, under the names that the core records it. */
const SAID = ['note', 'reason', 'why'] as const

/**
 * What an entry of the audit says beyond who did what: the words of a person and an amount stand in the line; everything as it was
 * recorded (fingerprints, numbers, before and after) opens below it, for whoever checks it.
 */
export function auditDetail(
  detail: Record<string, unknown>,
  time: ZoneTexts,
): TemplateResult | typeof nothing {
  const fields = Object.entries(detail)
  if (fields.length === 0) return nothing
  const { amountFen } = detail
  const said = SAID.map((name) => saidText(detail[name])).filter((text) => text !== '')
  return html`${typeof amountFen === 'number' ? html`<p class="number">${formatMoney(amountFen)}</p>` : nothing}
    ${said.map((text) => html`<p class="quote audit-said">${text}</p>`)}
    <details class="recorded"><summary class="small">${word('asRecorded')}</summary>
      <dl class="recorded-fields small">${fields.map(([name, value]) => html`<dt><code>${name}</code></dt><dd>${fieldText(name, value, time)}</dd>`)}</dl>
    </details>`
}

/** A reason is a sentence of a person, or one of the codes that have words. */
function saidText(value: unknown): string {
  if (typeof value !== 'string') return ''
  const reason = `refundReason.${value}`
  if (hasWord(reason)) return word(reason)
  return /^[a-z]+(_[a-z]+)*$/.test(value) ? '' : value
}

function fieldText(name: string, value: unknown, time: ZoneTexts): string {
  if (typeof value === 'number' && name.endsWith('Fen')) return formatMoney(value)
  if (typeof value === 'number' && name.endsWith('AtMs')) return time.exactText(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
