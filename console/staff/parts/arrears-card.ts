import { html, nothing } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { WriteOffCreate } from '#protocol/api/arrears.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { goodWord as word } from '../../words/making-good.ts'
import { StaffElement } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { badge, moment, money, personText } from '../views.ts'

type Deed = 'collect' | 'paid_elsewhere' | 'write_off'
type Arrears = NonNullable<StaffOrder['arrears']>
const REASONS: ReadonlyArray<WriteOffCreate['reason']> = [
  'uncollectable',
  'hardship',
  'our_fault',
  'account_gone',
]
const DEEDS = {
  collect: { title: 'collectTitle', hint: 'collectHint', button: 'collect', icon: 'banknote' },
  paid_elsewhere: {
    title: 'paidElsewhereTitle',
    hint: 'paidElsewhereHint',
    button: 'paidElsewhere',
    icon: 'receipt',
  },
  write_off: { title: 'writeOffTitle', hint: 'writeOffHint', button: 'writeOff', icon: 'scale' },
} as const
/** More than any order: the core says so of people without a limit. */
const NO_LIMIT_FEN = 100_000_000

/** `yyyy-MM-ddThh:mm` of the reader's own clock, as a date and time field wants it. */
function localMinute(ms: number): string {
  const at = new Date(ms)
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
export function limitText(fen: number): string {
  return fen >= NO_LIMIT_FEN ? word('anyAmount') : formatMoney(fen)
}

/** What is owed on an order, what was said about it, and what staff may do. Fires `refunded` when something changed. */
@customElement('arrears-card')
export class ArrearsCard extends StaffElement {
  @property({ attribute: false }) order!: StaffOrder
  @state() private deed: Deed | undefined
  @state() private isSending = false
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  #writeOffId = ''

  #open(deed: Deed): void {
    this.deed = deed
    this.error = undefined
    this.#writeOffId = this.services.ids.next('writeOff')
    this.dialog.querySelector('form')?.reset()
    this.dialog.showModal()
  }

  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { orderId } = this.order.order
    const { api } = this.services
    this.isSending = true
    try {
      let said: 'collected' | 'recorded' | 'writeOffDone' | 'writeOffAsked' = 'collected'
      if (this.deed === 'collect') await api.collectArrears(orderId)
      else if (this.deed === 'paid_elsewhere') {
        await api.settleElsewhere(orderId, {
          paidAtMs: new Date(fieldText(form, 'paidAt')).getTime(),
          reference: fieldText(form, 'reference'),
        })
        said = 'recorded'
      } else {
        const { arrears } = await api.writeOff(orderId, {
          writeOffId: this.#writeOffId,
          reason: fieldText(form, 'reason') as WriteOffCreate['reason'],
          note: fieldText(form, 'note'),
        })
        const own = arrears?.writeOffs.find((one) => one.writeOffId === this.#writeOffId)
        said = own?.state === 'awaiting_approval' ? 'writeOffAsked' : 'writeOffDone'
      }
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word(said) })
      this.dispatchEvent(new CustomEvent('refunded', { bubbles: true }))
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }

  protected override render() {
    const { arrears, order } = this.order
    if (arrears === null) return nothing
    const isOpen = arrears.endedAtMs === null
    return html`<section class="card stack" aria-labelledby="card-arrears">
      <header class="card-head">
        <h2 id="card-arrears">${isOpen ? word('arrears') : word('arrearsWas')}</h2>
        ${isOpen ? badge('warn', 'hourglass', formatMoney(order.totalFen)) : badge('ok', 'circle-check', word('arrearsEnded'))}
      </header>
      ${isOpen ? html`<p>${word('arrearsAbout', { amount: formatMoney(order.totalFen) })}</p>` : nothing}
      ${this.#facts(arrears)} ${this.#writeOffs(arrears)} ${isOpen ? this.#actions(arrears) : nothing}
      ${this.#dialog(arrears)}
    </section>`
  }

  #facts(arrears: Arrears) {
    const { time } = this.services
    return html`<dl class="facts">
      <dt>${word('arrearsSince')}</dt><dd>${moment(time, arrears.sinceMs)}</dd>
      <dt>${word('reminders')}</dt><dd><span class="number">${arrears.reminders}</span> <span class="soft">${moment(time, arrears.remindedAtMs)}</span></dd>
      ${
        arrears.endedAtMs === null
          ? html`<dt>${word('nextReminder')}</dt><dd>${arrears.nextAtMs === null ? word('noNextReminder') : moment(time, arrears.nextAtMs)}</dd>`
          : html`<dt>${word('arrearsEnded')}</dt><dd>${moment(time, arrears.endedAtMs)}</dd>`
      }
    </dl>`
  }

  #writeOffs(arrears: Arrears) {
    if (arrears.writeOffs.length === 0) return nothing
    return html`<h3>${word('writeOffs')}</h3>
      <ul class="ledger">
        ${arrears.writeOffs.map(
          (one) => html`<li>
            <div class="split"><span>${money(one.amountFen)} · ${word(`writeOffReason.${one.reason}`)}</span><span class="soft">${word(`writeOffState.${one.state}`)}</span></div>
            <p class="quote">${one.note}</p>
            <p class="soft small">${word('askedBy', { name: personText(this.services, one.requestedBy) })} · ${moment(this.services.time, one.requestedAtMs)}${one.decidedBy === null || one.decidedBy === one.requestedBy ? nothing : html` · ${word('decidedBy', { name: personText(this.services, one.decidedBy) })}`}</p>
          </li>`,
        )}
      </ul>`
  }

  #actions(arrears: Arrears) {
    const deeds = (['collect', 'paid_elsewhere', 'write_off'] as const).filter((deed) =>
      this.order.actions.includes(deed),
    )
    return html`<p class="row">
        ${deeds.map((deed) => html`<button class="button" data-deed=${deed} @click=${() => this.#open(deed)}>${icon(DEEDS[deed].icon)}${word(DEEDS[deed].button)}</button>`)}
      </p>
      <p class="soft small">${word('limits', { agent: formatMoney(arrears.limits.agentFen), lead: formatMoney(arrears.limits.leadFen), own: limitText(arrears.limitFen) })}</p>`
  }

  #dialog(arrears: Arrears) {
    const { deed } = this
    const amountFen = this.order.order.totalFen
    const isAbove = amountFen > arrears.limitFen
    return html`<dialog class="dialog" aria-labelledby="arrears-title">
      <header class="dialog-head">
        <h2 id="arrears-title">${deed ? word(DEEDS[deed].title, { amount: formatMoney(amountFen) }) : word('arrears')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button>
      </header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${deed ? html`<p>${word(DEEDS[deed].hint)}</p>` : nothing}
        ${deed === 'paid_elsewhere' ? this.#elsewhere() : nothing} ${deed === 'write_off' ? this.#letGo(arrears) : nothing}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot">
          <span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary" ?disabled=${this.isSending}>
            ${this.isSending ? word('sending') : deed === 'write_off' && isAbove ? word('ask') : deed ? word(DEEDS[deed].button) : word('send')}
          </button>
        </footer>
      </form>
    </dialog>`
  }

  #elsewhere() {
    const nowMs = this.services.time.now()
    return html`<label class="field"><span class="label">${word('paidAt')}</span>
        <input name="paidAt" type="datetime-local" required max=${localMinute(nowMs)} .value=${localMinute(nowMs)} />
      </label>
      <label class="field"><span class="label">${word('reference')}</span>
        <input name="reference" required minlength="3" maxlength="100" />
      </label>`
  }
  #letGo(arrears: Arrears) {
    return html`<label class="field"><span class="label">${word('reason')}</span>
        <select name="reason">${REASONS.map((reason) => html`<option value=${reason}>${word(`writeOffReason.${reason}`)}</option>`)}</select>
      </label>
      <label class="field"><span class="label">${word('note')}</span>
        <textarea name="note" required maxlength="500" rows="3"></textarea>
      </label>
      ${this.order.order.totalFen > arrears.limitFen ? html`<p class="tone-text-warn">${icon('shield-check')}${word('needsSecond', { limit: limitText(arrears.limitFen) })}</p>` : nothing}`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'arrears-card': ArrearsCard
  }
}
