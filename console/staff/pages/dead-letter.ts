import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type { DeadLetterDetail } from '#protocol/api/delivery.ts'
import { ApiError } from '../../data/api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { deliveryWord } from '../../words/delivery.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { exactTime, pageHead } from '../views.ts'

interface Finding {
  readonly tone: 'bad' | 'good'
  readonly text: string
}

/** One dead letter: what came, why it was not taken, and how it is made good. */
@customElement('page-dead-letter')
export class DeadLetterPage extends StaffPage {
  @state() private type = ''
  @state() private text = ''
  @state() private note = ''
  @state() private finding: Finding | undefined
  @state() private isSending = false
  private readonly detail = new Resource<DeadLetterDetail, [number]>(this, {
    args: () => [Number(this.params['id'])],
    load: ([id], signal) => this.services.api.deadLetter(id, signal),
    onValue: ({ event }) => {
      this.type = event?.type ?? ''
      this.text = JSON.stringify(event?.data ?? {}, null, 2)
    },
  })

  protected override render() {
    return html`${pageHead(deliveryWord('letter'), {
      lead: html`<p><a href="${BASE}/dead-letters">${deliveryWord('back')}</a></p>`,
    })}
    ${this.detail.view((detail) => this.#body(detail))}`
  }

  #body(detail: DeadLetterDetail) {
    const { letter, resolution } = detail
    const number = letter.seq === null ? '' : ` · ${deliveryWord('eventNumber', { seq: letter.seq })}`
    const isRefused = letter.kind === 'fork' || letter.kind === 'stale_epoch'
    return html`<div class="stack">
      <section class="card stack">
        <div class="split">
          <b>${deliveryWord(`kind.${letter.kind}`)}${number}</b>
          <span class="soft small">${exactTime(this.services.time, letter.receivedAtMs)}</span>
        </div>
        <p><a href="${BASE}/cabinets/${letter.cabinetId}/delivery">${letter.cabinetId}</a> · <code>${letter.topic}</code></p>
        <h2>${deliveryWord('reason')}</h2>
        <p class="strip tone-bad">${icon('circle-alert')}<span>${letter.reason}</span></p>
        ${letter.kind === 'frame' ? html`<p class="soft">${deliveryWord('frameLead')}</p>` : nothing}
        ${isRefused ? html`<p class="soft">${deliveryWord('refusedLead')}</p>` : nothing}
        <details ?open=${letter.kind !== 'event'}>
          <summary>${deliveryWord('asItCame')}</summary>
          <pre class="json" tabindex="0">${letter.bodyText}</pre>
        </details>
      </section>
      ${resolution === null ? this.#mending(detail) : this.#resolved(resolution)}
    </div>`
  }

  #resolved({ how, by, note, atMs }: NonNullable<DeadLetterDetail['resolution']>) {
    const values = {
      by: by === 'system' ? deliveryWord('system') : by,
      time: this.services.time.momentText(atMs),
    }
    return html`<p class="strip tone-ok">${icon('check')}<span>
      ${deliveryWord(how === 'replayed' ? 'resolved.replayed' : 'resolved.discarded', values)} ${note ?? ''}
    </span></p>`
  }

  #mending(detail: DeadLetterDetail) {
    if (!detail.mayResolve) return html`<p class="soft">${deliveryWord('readOnly')}</p>`
    const isEvent = detail.letter.kind === 'event'
    return html`<form class="card stack" @submit=${(event: SubmitEvent) => event.preventDefault()}>
      ${isEvent ? this.#editor(detail) : nothing}
      <label class="field"><span class="label">${deliveryWord('note')}</span>
        <input required minlength="3" maxlength="500" .value=${this.note}
          @input=${(event: Event) => (this.note = (event.target as HTMLInputElement).value)} />
      </label>
      ${this.finding ? html`<p class="strip tone-${this.finding.tone}" role="alert">${icon(this.finding.tone === 'bad' ? 'circle-alert' : 'check')}<span>${this.finding.text}</span></p>` : nothing}
      <footer class="split">
        <span class="hint soft small">${deliveryWord('discardHint')}</span>
        <span class="row wrap">
          <button type="button" class="button" ?disabled=${!this.#mayAct} @click=${() => void this.#discard(detail)}>${deliveryWord('discard')}</button>
          ${
            isEvent && detail.earlierId === null
              ? html`<button type="button" class="button" @click=${() => void this.#check(detail)}>${deliveryWord('check')}</button>
                <button type="button" class="button primary" ?disabled=${!this.#mayAct} @click=${() => void this.#replay(detail)}>${deliveryWord('replay')}</button>`
              : nothing
          }
        </span>
      </footer>
    </form>`
  }

  #editor(detail: DeadLetterDetail) {
    if (detail.earlierId !== null)
      return html`<p class="strip tone-warn">${icon('circle-alert')}<span>${deliveryWord('earlier')}
        <a href="${BASE}/dead-letters/${detail.earlierId}">${deliveryWord('openEarlier')}</a></span></p>`
    return html`<h2>${deliveryWord('mend')}</h2>
      <p class="soft">${deliveryWord('mendLead')}</p>
      <label class="field"><span class="label">${deliveryWord('type')}</span>
        <select @change=${(event: Event) => (this.type = (event.target as HTMLSelectElement).value)}>
          ${[...new Set([this.type, ...detail.eventTypes])].map(
            (type) => html`<option value=${type} ?selected=${type === this.type}>${type}</option>`,
          )}
        </select>
      </label>
      <label class="field"><span class="label">${deliveryWord('data')}</span>
        <textarea class="code" rows="10" spellcheck="false" .value=${this.text}
          @input=${(event: Event) => (this.text = (event.target as HTMLTextAreaElement).value)}></textarea>
      </label>
      ${
        detail.schema === null
          ? nothing
          : html`<details><summary>${deliveryWord('shape')}</summary><pre class="json" tabindex="0">${JSON.stringify(detail.schema, null, 2)}</pre></details>`
      }`
  }

  get #mayAct(): boolean {
    return !this.isSending && this.note.trim().length >= 3
  }

  /** The contents as written, or a finding that says why they are none. */
  #parsed(): Record<string, unknown> | undefined {
    try {
      const value: unknown = JSON.parse(this.text)
      if (value !== null && typeof value === 'object' && !Array.isArray(value))
        return value as Record<string, unknown>
      this.finding = { tone: 'bad', text: deliveryWord('noObject') }
    } catch (error) {
      this.finding = { tone: 'bad', text: deliveryWord('noJson', { reason: (error as SyntaxError).message }) }
    }
    return undefined
  }
  async #act(run: () => Promise<unknown>): Promise<void> {
    this.isSending = true
    try {
      await run()
    } catch (error) {
      const field =
        error instanceof ApiError && error.code === 'dead_letter_unmended' ? ` ${error.message}` : ''
      this.finding = { tone: 'bad', text: `${describeError(error)}${field}` }
    } finally {
      this.isSending = false
    }
  }
  #check({ letter }: DeadLetterDetail): Promise<void> {
    const data = this.#parsed()
    return data === undefined
      ? Promise.resolve()
      : this.#act(async () => {
          const { problem } = await this.services.api.checkDeadLetter(letter.id, { type: this.type, data })
          this.finding =
            problem === null ? { tone: 'good', text: deliveryWord('fits') } : { tone: 'bad', text: problem }
        })
  }
  #replay({ letter }: DeadLetterDetail): Promise<void> {
    const data = this.#parsed()
    return data === undefined
      ? Promise.resolve()
      : this.#act(async () => {
          await this.services.api.replayDeadLetter(letter.id, {
            type: this.type,
            data,
            note: this.note.trim(),
          })
          this.#done()
        })
  }
  #discard({ letter }: DeadLetterDetail): Promise<void> {
    return this.#act(async () => {
      await this.services.api.discardDeadLetter(letter.id, { note: this.note.trim() })
      this.#done()
    })
  }
  #done(): void {
    this.finding = undefined
    this.note = ''
    this.detail.reload()
  }
}
