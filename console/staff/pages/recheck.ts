import { html, nothing } from 'lit'
import { customElement, state } from 'lit/decorators.js'
import type {
  RecheckAnswer,
  RecheckDetail,
  RecheckScore,
  ScorecardCriterion,
} from '#protocol/api/rechecks.ts'
import type { StaffApi } from '../../data/staff-api.ts'
import { describeError } from '../../data/staff-errors.ts'
import { ROOT_CAUSES } from '../../data/staff-follow-up.ts'
import { MARKS } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { linesPanel, paymentsPanel } from '../parts/order-panels.ts'
import '../parts/evidence-axis.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'
import { recheckState } from './rechecks.ts'

type TicketDetail = Awaited<ReturnType<StaffApi['ticket']>>

/** One closed case: the scorecard on one side, what the agent saw on the other. */
@customElement('page-recheck')
export class RecheckPage extends StaffPage {
  @state() private marks: Readonly<Record<string, RecheckAnswer['mark']>> = {}
  @state() private error: unknown
  private readonly detail = new Resource<RecheckDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.recheck(id, signal),
    isAffected: (change) => change.subjectId === this.params['id'],
  })
  private readonly ticket = new Resource<TicketDetail | undefined, [string | undefined]>(this, {
    args: () => [this.detail.value?.recheck.ticketId],
    load: async ([id], signal) => (id === undefined ? undefined : this.services.api.ticket(id, signal)),
  })

  async #send(act: () => Promise<RecheckDetail>, done: 'scored' | 'saved'): Promise<void> {
    this.error = undefined
    try {
      this.detail.replace(await act())
      this.services.toast({ tone: 'ok', text: word(done) })
      this.ticket.reload()
    } catch (error) {
      this.error = error
    }
  }
  #score(event: SubmitEvent, { recheck, cardVersion, criteria }: RecheckDetail): void {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const rootCause = fieldText(form, 'rootCause')
    const answers = criteria.map(({ key }) => ({
      key,
      mark: fieldText(form, `mark-${key}`) as RecheckAnswer['mark'],
      note: fieldText(form, `note-${key}`),
    }))
    void this.#send(
      () =>
        this.services.api.scoreRecheck(recheck.recheckId, {
          version: recheck.version,
          cardVersion,
          answers,
          note: fieldText(form, 'note'),
          ...(rootCause === '' ? {} : { rootCause: rootCause as NonNullable<RecheckScore['rootCause']> }),
        }),
      'scored',
    )
  }

  protected override render() {
    return this.detail.page(word('rechecks'), (loaded) => this.#page(loaded))
  }
  #page(loaded: RecheckDetail) {
    const { recheck } = loaded
    return html`${pageHead(word('recheckOf', { number: recheck.ticketNumber }), {
      lead: html`<p class="soft"><a href="${BASE}/rechecks">${word('rechecks')}</a> · ${choose(recheck.typeLabel)} · ${recheck.agentName} · ${word(`reason.${recheck.reason}`)}</p>`,
      actions: html`<a class="button" href="${BASE}/tickets/${recheck.ticketId}">${icon('inbox')}${word('openTicket')}</a>`,
    })}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <div class="two-columns">
        <div class="stack">${loaded.actions.includes('score') ? this.#form(loaded) : this.#result(loaded)}${this.#objection(loaded)}</div>
        <div class="stack">${this.ticket.view((ticket) => (ticket === undefined ? nothing : this.#evidence(ticket)))}</div>
      </div>`
  }

  #form(loaded: RecheckDetail) {
    return html`<form class="card stack" aria-labelledby="scorecard" @submit=${(event: SubmitEvent) => this.#score(event, loaded)}>
      <header class="card-head"><h2 id="scorecard">${word('scorecard')}</h2></header>
      <p class="soft small">${word('passMark', { value: loaded.passPercent })}</p>
      ${loaded.criteria.map((criterion) => this.#criterion(criterion))}
      ${loaded.isContent ? html`<p class="strip tone-info">${icon('circle-check')}<span>${word('contentHint')}</span></p>` : nothing}
      <label class="field"><span class="label">${word('cause')}</span>
        <select name="rootCause"><option value="">${word('noCause')}</option>${ROOT_CAUSES.map((cause) => html`<option value=${cause}>${wordOr(`rootCause.${cause}`, cause)}</option>`)}</select>
        <span class="hint soft small">${word('causeHint')}</span></label>
      <label class="field"><span class="label">${word('note')}</span><textarea name="note" rows="3" maxlength="1000"></textarea></label>
      <footer class="dialog-foot"><span class="grow"></span><button class="button primary">${icon('check')}${word('score')}</button></footer>
    </form>`
  }
  #criterion({ key, label, help, weight, isCritical }: ScorecardCriterion) {
    const isMissed = this.marks[key] === 'not_met'
    return html`<fieldset class="field"><legend class="label"><b>${choose(label)}</b> <span class="soft small">· ${word('weight', { weight })}</span>${isCritical ? html` ${badge('warn', 'triangle-alert', word('critical'))}` : nothing}</legend>
      <p class="soft small">${choose(help)}</p>
      <div class="row">${MARKS.map(
        (mark) =>
          html`<label class="choice"><input type="radio" name="mark-${key}" value=${mark} required @change=${() => (this.marks = { ...this.marks, [key]: mark })} /><span>${word(`mark.${mark}`)}</span></label>`,
      )}</div>
      ${isMissed ? html`<label class="field"><span class="label">${word('whatWasSeen')}</span><input name="note-${key}" required maxlength="500" /></label>` : nothing}
    </fieldset>`
  }

  #result(loaded: RecheckDetail) {
    const { recheck, criteria, answers } = loaded
    const { time } = this.services
    const answerOf = new Map(answers.map((answer) => [answer.key, answer]))
    return html`<section class="card stack" aria-labelledby="result"><header class="card-head"><h2 id="result">${word('result')}</h2>${recheckState(recheck)}</header>
      ${recheck.scorePercent === null ? nothing : html`<p><b class="figure number">${word('percent', { value: recheck.scorePercent })}</b> <span class="soft">${word('checkedBy', { name: recheck.checkedBy ?? '' })} · ${moment(time, recheck.checkedAtMs)}</span></p>`}
      ${
        answers.length === 0
          ? nothing
          : html`<dl class="facts">${criteria.map(({ key, label }) => {
              const answer = answerOf.get(key)
              return html`<dt>${choose(label)}</dt><dd><span>${word(`mark.${answer?.mark ?? 'not_applicable'}`)}${answer === undefined || answer.note === '' ? nothing : html` · <span class="quote">${answer.note}</span>`}</span></dd>`
            })}</dl>`
      }
      ${loaded.note === null || loaded.note === '' ? nothing : html`<p class="quote">${loaded.note}</p>`}
      ${
        loaded.follow === null
          ? nothing
          : html`<p>${word(`follow.${loaded.follow}`)} ${loaded.followTicketId === null ? nothing : html`<a href="${BASE}/tickets/${loaded.followTicketId}">${word('openTicket')}</a>`}</p>`
      }
      ${loaded.improvementId === null ? nothing : html`<p><a href="${BASE}/improvements/${loaded.improvementId}">${icon('target')} ${word('improvement')}</a></p>`}
    </section>`
  }

  #objection(loaded: RecheckDetail) {
    const { recheck, objection, decision, actions } = loaded
    const { api, time } = this.services
    const { recheckId, version } = recheck
    const textOf = (event: SubmitEvent, name: string) => {
      event.preventDefault()
      return fieldText(event.currentTarget as HTMLFormElement, name)
    }
    if (objection === null && !actions.includes('object')) return nothing
    return html`<section class="card stack" aria-labelledby="objection"><header class="card-head"><h2 id="objection">${word('objection')}</h2></header>
      ${objection === null ? nothing : html`<p class="quote">${objection.text}</p><p class="soft small">${recheck.agentName} · ${moment(time, objection.atMs)}</p>`}
      ${decision === null ? nothing : html`<p class="quote">${decision.note}</p><p class="soft small">${decision.by} · ${moment(time, decision.atMs)}</p>`}
      ${
        actions.includes('object')
          ? html`<form class="stack" @submit=${(event: SubmitEvent) => {
              const text = textOf(event, 'text')
              void this.#send(() => api.objectToRecheck(recheckId, { version, text }), 'saved')
            }}>
            <p class="soft small">${word('objectUntil', { at: loaded.objectUntilMs === null ? '' : time.momentText(loaded.objectUntilMs) })}</p>
            <label class="field"><span class="label">${word('objectText')}</span><textarea name="text" rows="3" required maxlength="1000"></textarea></label>
            <button class="button">${word('object')}</button></form>`
          : nothing
      }
      ${
        actions.includes('decide')
          ? html`<form class="stack" @submit=${(event: SubmitEvent) => {
              const note = textOf(event, 'note')
              const decided = (event.submitter as HTMLButtonElement).value === 'lift' ? 'lift' : 'confirm'
              void this.#send(
                () => api.decideRecheck(recheckId, { version, decision: decided, note }),
                'saved',
              )
            }}>
            <label class="field"><span class="label">${word('decision')}</span><textarea name="note" rows="3" required maxlength="1000"></textarea></label>
            <div class="row"><button class="button" value="confirm">${word('confirm')}</button><button class="button primary" value="lift">${word('lift')}</button></div></form>`
          : nothing
      }</section>`
  }

  #evidence(detail: TicketDetail) {
    const { order, messages } = detail
    const { time } = this.services
    return html`${order ? html`<evidence-axis .order=${order}></evidence-axis>` : nothing}
      <section class="card" aria-labelledby="conversation"><header class="card-head"><h2 id="conversation">${word('conversation')}</h2></header>
        ${messages.length === 0 ? html`<p class="soft">${word('nothingSaid')}</p>` : nothing}
        <ol class="plain stack">${messages.map(
          (message) =>
            html`<li><p class="soft small">${message.authorName ?? ''} · ${moment(time, message.atMs)}</p><p class="said">${message.text}</p></li>`,
        )}</ol></section>
      ${order ? html`${linesPanel(order, detail.named)}${paymentsPanel(this.services, order)}` : nothing}`
  }
}
