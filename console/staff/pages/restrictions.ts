import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { RestrictionList, RestrictionView } from '#protocol/api/restrictions.ts'
import { formatMoney } from '#protocol/words/format.ts'
import { describeError } from '../../data/staff-errors.ts'
import { type PolicyWord, policyWord as word } from '../../words/policies.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

/** For those who work here; the consumer reads another sentence. */
const REASONS: Readonly<Record<string, PolicyWord>> = {
  'restriction.camera_covered': 'restrictionReason.camera_covered',
  'restriction.unpaid': 'restrictionReason.unpaid',
  'restriction.person': 'restrictionReason.person',
}

/** Who may not open, or only for less: why, until when, on which visits it rests; objections first. A lead lifts. */
@customElement('page-restrictions')
export class RestrictionsPage extends StaffPage {
  @state() private lifting: RestrictionView | undefined
  @state() private error: unknown
  @state() private restrictError: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly list = new Resource<RestrictionList, [string]>(this, {
    args: () => [this.query.get('consumer') ?? ''],
    load: ([consumerId], signal) => this.services.api.restrictions(consumerId, signal),
    isAffected: (change) => change.kind === 'restriction',
  })

  /** Made when the page opens, so that sending the form again is the same restriction. */
  #newId = ''
  async #restrict(event: SubmitEvent, consumerId: string): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    this.#newId ||= this.services.ids.next('restriction')
    const orderId = this.query.get('order')
    try {
      await this.services.api.restrict({
        restrictionId: this.#newId,
        consumerId,
        level: fieldText(form, 'level') === 'blocked' ? 'blocked' : 'limited',
        days: Number(fieldText(form, 'days')),
        note: fieldText(form, 'note'),
        ...(orderId === null ? {} : { orderId }),
      })
      this.#newId = ''
      this.restrictError = undefined
      form.reset()
      this.services.toast({ tone: 'ok', text: word('restricted') })
      this.list.reload()
    } catch (error) {
      this.restrictError = error
    }
  }

  #ask(restriction: RestrictionView): void {
    this.lifting = restriction
    this.error = undefined
    this.dialog.showModal()
  }
  async #lift(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { lifting } = this
    if (lifting === undefined) return
    const form = event.currentTarget as HTMLFormElement
    try {
      await this.services.api.liftRestriction(lifting.restrictionId, fieldText(form, 'note'))
      form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('lifted') })
      this.list.reload()
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return html`${pageHead(word('restrictions'), { lead: html`<p class="soft">${word('restrictionsLead')}</p>` })}
      ${this.list.view(({ restrictions }) =>
        restrictions.length === 0
          ? html`<div class="blank">${icon('circle-check')}<p>${word('noRestrictions')}</p></div>`
          : html`<ul class="cards wide-cards">${restrictions.toSorted(byUrgency).map((one) => this.#card(one))}</ul>`,
      )}
      ${this.#restrictForm()}
      ${this.#dialog()}`
  }

  /** Reached from an order, so that nobody is restricted whose visit was not looked at. */
  #restrictForm() {
    const consumerId = this.query.get('consumer')
    if (consumerId === null || this.services.me?.permissions.includes('consumer.block') !== true)
      return nothing
    return html`<section class="card" aria-labelledby="restrict"><header class="card-head"><h2 id="restrict">${word('restrictTitle')}</h2></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#restrict(event, consumerId)}>
        <p>${word('restrictLead')}</p>
        <div class="field-grid">
          <label class="field"><span class="label">${word('levelLabel')}</span><select name="level"><option value="limited">${word('level.limited')}</option><option value="blocked">${word('level.blocked')}</option></select></label>
          <label class="field"><span class="label">${word('daysLabel')}</span><input name="days" type="number" min="1" max="365" step="1" value="14" required /></label>
        </div>
        <label class="field"><span class="label">${word('restrictNote')}</span><textarea name="note" required minlength="3" maxlength="500" rows="2"></textarea></label>
        ${this.restrictError ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.restrictError)}</span></p>` : nothing}
        <div class="row"><button class="button primary">${icon('lock')}${word('restrict')}</button></div>
      </form></section>`
  }

  #card(one: RestrictionView) {
    const isActive = one.state === 'active'
    const reason = REASONS[one.reasonKey]
    return html`<li class="card stack">
      <div class="split"><h2>${one.consumerLabel}</h2>
        ${isActive ? badge(one.level === 'blocked' ? 'bad' : 'warn', one.level === 'blocked' ? 'lock' : 'minus', word(`level.${one.level}`)) : badge('neutral', 'circle-check', word(`restrictionState.${one.state}`))}</div>
      ${isActive && one.appealTicketId !== null ? html`<p class="strip tone-warn">${icon('help')}<span>${word('appealed')}</span><a class="quiet" href="${BASE}/tickets/${one.appealTicketId}">${word('seeAppeal')}</a></p>` : nothing}
      <p>${reason === undefined ? nothing : word(reason, one.reasonValues)}${one.note === null ? nothing : html` ${one.note}`}</p>
      <dl class="facts">
        <dt>${word('since')}</dt><dd>${moment(this.services.time, one.createdAtMs)} ${one.createdBy === null ? word('byRule') : word('byPerson', { name: one.createdBy })}</dd>
        <dt>${word('until')}</dt><dd>${moment(this.services.time, one.endedAtMs ?? one.expiresAtMs)}${one.endedBy === null ? nothing : html` ${word('byPerson', { name: one.endedBy })}`}</dd>
        ${one.capFen === null ? nothing : html`<dt>${word('levelLabel')}</dt><dd>${word('capped', { amount: formatMoney(one.capFen) })}</dd>`}
        ${one.orderIds.length === 0 ? nothing : html`<dt>${word('visits')}</dt><dd>${one.orderIds.map((orderId, index) => html`<a href="${BASE}/orders/${orderId}">${word('visit', { number: index + 1 })}</a> `)}</dd>`}
      </dl>
      ${one.endNote === null ? nothing : html`<p class="soft small">${one.endNote}</p>`}
      ${one.actions.includes('lift') ? html`<p><button class="button" @click=${() => this.#ask(one)}>${icon('undo')}${word('lift')}<span class="aloud"> ${one.consumerLabel}</span></button></p>` : nothing}
    </li>`
  }

  #dialog() {
    return html`<dialog class="dialog" aria-labelledby="lift-title">
      <header class="dialog-head"><h2 id="lift-title">${word('liftTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#lift(event)}>
        <p>${word('liftLead')}</p>
        <label class="field"><span class="label">${word('liftNote')}</span><textarea name="note" required minlength="3" maxlength="500" rows="3"></textarea></label>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word('lift')}</button></footer>
      </form></dialog>`
  }
}

/** Those with an objection first, then what holds, the newest first. */
function byUrgency(a: RestrictionView, b: RestrictionView): number {
  const rank = (one: RestrictionView) => (one.state !== 'active' ? 2 : one.appealTicketId === null ? 1 : 0)
  return rank(a) - rank(b) || b.createdAtMs - a.createdAtMs
}
