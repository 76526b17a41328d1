import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { SystemView } from '#protocol/api/system.ts'
import { every, type Timer } from '#protocol/base/clock.ts'
import { describeError } from '../../data/staff-errors.ts'
import { type SystemWord, systemWord as word, systemWordOr } from '../../words/system.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, exactTime, moment, pageHead } from '../views.ts'

type Asked =
  | { readonly what: 'resume' }
  | { readonly what: 'stop' }
  | { readonly what: 'resolve'; readonly incidentId: string }
const HINTS = { resume: 'resumeHint', stop: 'stopHint', resolve: 'resolveHint' } as const
const LOOK_AGAIN_MS = 10_000
const GIBIBYTE = 1024 ** 3
const MEBIBYTE = 1024 ** 2

/** Whether the core itself is well, and the few things that a person decides about it. */
@customElement('page-system')
export class SystemPage extends StaffPage {
  @state() private asked: Asked | undefined
  @state() private error: unknown
  @state() private isLooking = false
  @query('dialog') private dialog!: HTMLDialogElement
  #timer: Timer | undefined
  private readonly view = new Resource<SystemView>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.system(signal),
  })

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = every(this.services.clock, 'look at the system', LOOK_AGAIN_MS, () => this.view.reload())
  }
  override disconnectedCallback(): void {
    this.#timer?.cancel()
    super.disconnectedCallback()
  }

  get #mayDecide(): boolean {
    return this.services.me?.permissions.includes('system.decide') === true
  }
  #ask(asked: Asked): void {
    this.asked = asked
    this.error = undefined
    this.dialog.showModal()
  }
  async #send(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { asked } = this
    if (asked === undefined) return
    const { api } = this.services
    const form = event.currentTarget as HTMLFormElement
    const note = fieldText(form, 'note')
    try {
      if (asked.what === 'resume') await api.resumeMoney(note)
      else if (asked.what === 'stop') await api.stopMoney(note)
      else await api.resolveIncident(asked.incidentId, note)
      form.reset()
      this.dialog.close()
      this.services.toast({ tone: 'ok', text: word('done') })
    } catch (error) {
      this.error = error
    }
    this.view.reload()
  }
  async #look(): Promise<void> {
    this.isLooking = true
    try {
      await this.services.api.checkSystem()
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
    this.isLooking = false
    this.view.reload()
  }

  protected override render() {
    return html`${pageHead(word('system'), {
      lead: html`<p class="soft">${word('lead')}</p>`,
      actions: html`<button class="quiet" @click=${() => this.view.reload()}>${icon('refresh')}${word('refresh')}</button>`,
    })}
      ${this.view.view(
        (view) => html`<div class="stack">
          ${this.#money(view)} ${this.#promises(view)}
          <div class="help-grid">${this.#disk(view)} ${this.#backup(view)}</div>
          ${this.#incidents(view)}
        </div>`,
      )}
      ${this.#dialog()}`
  }

  #card(title: SystemWord, body: unknown, actions: unknown = nothing) {
    const id = `system-${title}`
    return html`<section class="card stack" aria-labelledby=${id}>
      <header class="card-head"><h2 id=${id}>${word(title)}</h2>${actions}</header>
      ${body}
    </section>`
  }

  #money({ money }: SystemView) {
    if (!money.isStopped)
      return this.#card(
        'money',
        html`<p>${badge('ok', 'circle-check', word('moneyMoves'))}</p>`,
        this.#mayDecide
          ? html`<button class="button" @click=${() => this.#ask({ what: 'stop' })}>${word('stop')}</button>`
          : nothing,
      )
    const endsAlone = money.why === 'check' || money.why === 'restored'
    return this.#card(
      'money',
      html`<p class="strip ${endsAlone ? 'tone-info' : 'tone-bad'}" role="status">
          ${icon(endsAlone ? 'hourglass' : 'circle-alert')}<span>${word(`why.${money.why ?? 'check'}`)}</span>
        </p>
        <p>${word('waiting', { charges: money.waitingCharges, refunds: money.waitingRefunds })}</p>
        <p class="soft small">
          ${money.sinceMs === null ? nothing : word('since', { at: this.services.time.momentText(money.sinceMs) })}
          ${money.why === 'person' ? html` · “${money.detail}”` : nothing}
        </p>`,
      this.#mayDecide
        ? html`<button class="button primary" @click=${() => this.#ask({ what: 'resume' })}>${word('resume')}</button>`
        : nothing,
    )
  }

  #promises({ check }: SystemView) {
    const look = this.#mayDecide
      ? html`<button class="button" ?disabled=${this.isLooking} @click=${() => void this.#look()}>${word(this.isLooking ? 'looking' : 'lookNow')}</button>`
      : nothing
    if (check === null) return this.#card('promises', html`<p>${word('notLooked')}</p>`, look)
    const when = html`<p class="soft small">
      ${word('lookedAt', { at: this.services.time.momentText(check.atMs), ms: check.tookMs })} ·
      ${word(check.kind === 'all' ? 'lookedAll' : 'lookedNew')}
    </p>`
    if (check.failure !== null)
      return this.#card(
        'promises',
        html`<p>${badge('warn', 'triangle-alert', word('couldNotLook'))}</p>${when}`,
        look,
      )
    if (check.isOk)
      return this.#card('promises', html`<p>${badge('ok', 'shield-check', word('allHold'))}</p>${when}`, look)
    return this.#card(
      'promises',
      html`<p>${badge('bad', 'circle-alert', word('broken'))}</p>
        <ul class="ledger">${check.violations.map(
          (one) => html`<li>
            <b>${systemWordOr(one.invariantId, 'incident.promise_broken')}</b>
            <details><summary class="soft small">${word('technical')}</summary><p class="small">${one.subject}: ${one.message}</p></details>
          </li>`,
        )}</ul>
        ${when}`,
      look,
    )
  }

  #disk({ disk }: SystemView) {
    return this.#card(
      'disk',
      html`${disk.isLow ? html`<p class="strip tone-bad">${icon('triangle-alert')}<span>${word('diskLow')}</span></p>` : html`<p>${badge('ok', 'circle-check', word('diskFine'))}</p>`}
        <p class="soft small">${word('free', { size: sizeText(disk.freeBytes) })}</p>`,
    )
  }
  #backup({ backup }: SystemView) {
    const tone = backup.isLate ? 'bad' : backup.failure === null ? 'ok' : 'warn'
    const text = backup.isLate ? 'backupLate' : backup.failure === null ? undefined : 'backupFailed'
    return this.#card(
      'backup',
      html`${text === undefined ? nothing : html`<p>${badge(tone, 'triangle-alert', word(text))}</p>`}
        <p>${
          backup.lastAtMs === null
            ? word('noBackup')
            : word('lastBackup', {
                at: this.services.time.momentText(backup.lastAtMs),
                size: sizeText(backup.lastBytes ?? 0),
              })
        }</p>
        <p class="soft small">${word('kept', { count: backup.kept })}</p>
        ${backup.failure === null ? nothing : html`<details><summary class="soft small">${word('technical')}</summary><p class="small">${backup.failure}</p></details>`}`,
    )
  }
  /** Said where a person looks for what waits for one. */
  #onCall({ isSomebodyCalled }: SystemView) {
    return html`<p class="soft small">${icon(isSomebodyCalled ? 'bell' : 'triangle-alert')} ${word(isSomebodyCalled ? 'isCalled' : 'nobodyCalled')}</p>`
  }

  #incidents(view: SystemView) {
    const { incidents } = view
    if (incidents.length === 0)
      return this.#card(
        'incidents',
        html`<p>${badge('ok', 'circle-check', word('noIncidents'))}</p>${this.#onCall(view)}`,
      )
    return this.#card(
      'incidents',
      html`<ul class="ledger">${incidents.map(
        (one) => html`<li>
          <div class="split">
            <b>${systemWordOr(`incident.${one.kind}`, 'incident.other')}</b>
            ${this.#mayDecide ? html`<button class="button" @click=${() => this.#ask({ what: 'resolve', incidentId: one.incidentId })}>${word('resolve')}</button>` : nothing}
          </div>
          <p class="soft small">${moment(this.services.time, one.lastAtMs)}${one.count > 1 ? ` · ${word('times', { count: one.count })}` : ''}</p>
          <details><summary class="soft small">${word('technical')}</summary><p class="small">${one.subject}: ${one.message}</p><p class="small soft">${exactTime(this.services.time, one.raisedAtMs)}</p></details>
        </li>`,
      )}</ul>${this.#onCall(view)}`,
    )
  }

  #dialog() {
    const { asked } = this
    return html`<dialog class="dialog" aria-labelledby="system-dialog">
      <header class="dialog-head"><h2 id="system-dialog">${word(asked?.what ?? 'system')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event)}>
        ${asked === undefined ? nothing : html`<p>${word(HINTS[asked.what])}</p>`}
        <label class="field"><span class="label">${word('note')}</span><input name="note" required minlength="3" maxlength="500" aria-describedby="system-note-hint" /></label>
        <p class="soft small" id="system-note-hint">${word('noteHint')}</p>
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word(asked?.what ?? 'done')}</button></footer>
      </form></dialog>`
  }
}

/** `12.5 GiB`, `430 MiB`. */
function sizeText(bytes: number): string {
  return bytes >= GIBIBYTE
    ? `${(bytes / GIBIBYTE).toFixed(1)} GiB`
    : `${Math.max(1, Math.round(bytes / MEBIBYTE))} MiB`
}
