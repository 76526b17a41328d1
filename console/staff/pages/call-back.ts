import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type { CallBackDetail, CallBackQuestion, CallBackResult } from '#protocol/api/call-backs.ts'
import { CALL_BACK_RESULTS } from '../../data/staff-follow-up.ts'
import { describeError } from '../../data/staff-errors.ts'
import { followWord as word } from '../../words/follow-up.ts'
import { wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { moment, money, pageHead } from '../views.ts'
import { callBackState, scoresOf, segmentBadge } from './call-backs.ts'

type Answers = Record<string, boolean | number | string>

/** One call-back: whom, how, what is asked, and what came of it. */
@customElement('page-call-back')
export class CallBackPage extends StaffPage {
  @state() private answers: Answers = {}
  @state() private result: CallBackResult = 'reached'
  @state() private phone = ''
  @state() private error: unknown
  @state() private isMissing = false
  @state() private isSending = false
  @query('dialog.cancel-dialog') private dialog!: HTMLDialogElement
  private readonly callBack = new Resource<CallBackDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([callBackId], signal) => this.services.api.callBack(callBackId, signal),
    isAffected: (change) => change.kind === 'callBack' && change.subjectId === this.params['id'],
  })

  async #run(work: () => Promise<CallBackDetail>): Promise<void> {
    if (this.isSending) return
    this.isSending = true
    this.error = undefined
    try {
      this.callBack.replace(await work())
      this.answers = {}
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    } finally {
      this.isSending = false
    }
  }
  async #try(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const detail = this.callBack.value
    if (detail === undefined) return
    const form = event.currentTarget as HTMLFormElement
    const isOpen = ({ key, kind }: CallBackQuestion) => kind !== 'text' && this.answers[key] === undefined
    this.isMissing = this.result === 'reached' && detail.questions.some(isOpen)
    if (this.isMissing) return
    const answers = detail.questions.flatMap(({ key }) => {
      const value = this.answers[key]
      return value === undefined || value === '' ? [] : [{ key, value }]
    })
    const { callBackId, version } = detail.callBack
    const note = fieldText(form, 'note')
    await this.#run(() =>
      this.services.api.tryCallBack(callBackId, { version, result: this.result, note, answers }),
    )
    if (this.error === undefined) form.reset()
  }
  async #write(event: SubmitEvent, detail: CallBackDetail): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { callBackId, version } = detail.callBack
    const text = fieldText(form, 'text')
    await this.#run(() => this.services.api.writeCallBack(callBackId, { version, text }))
    if (this.error === undefined) form.reset()
  }
  async #cancel(event: SubmitEvent, detail: CallBackDetail): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { callBackId, version } = detail.callBack
    const note = fieldText(form, 'why')
    await this.#run(() => this.services.api.cancelCallBack(callBackId, { version, note }))
    this.dialog.close()
  }
  async #showNumber(callBackId: string): Promise<void> {
    try {
      this.phone = (await this.services.api.callBackNumber(callBackId)).phone
    } catch (error) {
      this.error = error
    }
  }

  protected override render() {
    return this.callBack.page(word('callBacks'), (detail) => this.#page(detail))
  }
  #page(detail: CallBackDetail) {
    const { callBack, actions } = detail
    const isOpen = actions.includes('attempt')
    return html`${pageHead(word('callBackOf', { number: callBack.ticketNumber }), {
      lead: html`<p class="soft"><a href="${BASE}/call-backs">${word('callBacks')}</a> · ${callBack.whoLabel}${callBack.cabinetName === null ? nothing : html` · ${choose(callBack.cabinetName)}`}</p>`,
      actions: html`<a class="button" href="${BASE}/tickets/${callBack.ticketId}">${icon('inbox')}${word('openTicket')}</a>
        ${actions.includes('cancel') ? html`<button class="button" @click=${() => this.dialog.showModal()}>${word('cancelIt')}</button>` : nothing}`,
    })}
      ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
      <div class="two-columns">
        <div class="stack">${isOpen ? html`${this.#reach(detail)}${this.#script(detail)}` : nothing}${this.#tries(detail)}</div>
        <div class="stack">${this.#case(detail)}</div>
      </div>
      ${this.#cancelDialog(detail)}`
  }

  #reach(detail: CallBackDetail) {
    const { callBack, actions, phoneTail, contact } = detail
    return html`<section class="card" aria-labelledby="reach"><header class="card-head"><h2 id="reach">${word('reach')}</h2>
      ${detail.nextAttemptAtMs === null ? nothing : html`<span class="soft small">${word('nextTry', { at: this.services.time.momentText(detail.nextAttemptAtMs) })}</span>`}</header>
      ${
        callBack.channel === 'phone'
          ? html`${phoneTail === null ? nothing : html`<p>${icon('phone')} ${this.phone === '' ? word('phoneTail', { tail: phoneTail }) : html`<a class="number" href="tel:${this.phone}">${this.phone}</a>`}</p>`}
            ${contact === null ? nothing : html`<p>${icon('phone')} ${word('siteContact', { contact })}</p>`}
            ${actions.includes('number') && this.phone === '' ? html`<div class="row"><button class="button" @click=${() => void this.#showNumber(callBack.callBackId)}>${word('showNumber')}</button><span class="soft small">${word('numberNote')}</span></div>` : nothing}`
          : html`<p class="soft small">${word('byMessage')}</p>
            ${
              actions.includes('message')
                ? html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#write(event, detail)}>
                  <label class="field"><span class="label">${word('messageText', { language: word(`language.${detail.language}`) })}</span>
                    <textarea name="text" rows="4" maxlength="2000" required lang=${detail.language === 'zh' ? 'zh-CN' : 'en'}></textarea></label>
                  <div class="row"><span class="grow"></span><button class="button" ?disabled=${this.isSending}>${word('sendMessage')}</button></div>
                </form>`
                : nothing
            }`
      }
    </section>`
  }

  #script({ questions, callBack }: CallBackDetail) {
    return html`<section class="card" aria-labelledby="script"><header class="card-head"><h2 id="script">${word('script')}</h2>
      <span class="soft small">${word('triesOf', { tries: callBack.attempts, most: callBack.attemptsMost })}</span></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#try(event)}>
        ${questions.map((question, index) => this.#question(question, index))}
        <label class="field"><span class="label">${word('note')}</span>
          <textarea name="note" rows="3" maxlength="1000"></textarea><span class="hint soft small">${word('noteHint')}</span></label>
        <fieldset class="plain-fieldset"><legend class="label">${word('result')}</legend>
          <div class="segments wrap">${CALL_BACK_RESULTS.map(
            (result) =>
              html`<button type="button" aria-pressed=${this.result === result} @click=${() => {
                this.result = result
                this.isMissing = false
              }}>${word(`result.${result}`)}</button>`,
          )}</div></fieldset>
        ${this.result === 'wants_reopen' ? html`<p class="strip tone-info">${icon('undo')}<span>${word('opensAgain')}</span></p>` : nothing}
        ${this.isMissing ? html`<p class="strip tone-warn" role="alert">${icon('triangle-alert')}<span>${word('answerMissing')}</span></p>` : nothing}
        <div class="row"><span class="grow"></span><button class="button primary" ?disabled=${this.isSending}>${word('save')}</button></div>
      </form></section>`
  }
  #question({ key, kind, text }: CallBackQuestion, index: number) {
    if (kind === 'text')
      return html`<label class="field"><span class="label">${index + 1}. ${choose(text)}</span>
        <input type="text" maxlength="1000" .value=${typeof this.answers[key] === 'string' ? this.answers[key] : ''} @input=${(event: Event) => this.#answer(key, (event.target as HTMLInputElement).value)} /></label>`
    const choices =
      kind === 'yes_no'
        ? [
            { value: true, label: word('yes') },
            { value: false, label: word('no') },
          ]
        : [1, 2, 3, 4, 5].map((value) => ({ value, label: String(value) }))
    return html`<fieldset class="plain-fieldset"><legend class="label">${index + 1}. ${choose(text)}</legend>
      <div class="segments">${choices.map(
        ({ value, label }) =>
          html`<button type="button" aria-pressed=${this.answers[key] === value} @click=${() => this.#answer(key, value)}>${label}</button>`,
      )}</div></fieldset>`
  }
  #answer(key: string, value: boolean | number | string): void {
    this.answers = { ...this.answers, [key]: value }
    this.isMissing = false
  }

  #tries({ tries, questions }: CallBackDetail) {
    const textOf = (key: string) => {
      const question = questions.find((one) => one.key === key)
      return question === undefined ? key : choose(question.text)
    }
    const said = (value: boolean | number | string) =>
      typeof value === 'boolean' ? word(value ? 'yes' : 'no') : String(value)
    return html`<section class="card" aria-labelledby="tries"><header class="card-head"><h2 id="tries">${word('triesDone')}</h2></header>
      ${
        tries.length === 0
          ? html`<p class="soft">${word('noTries')}</p>`
          : html`<ol class="plain stack tight">${tries.map(
              (
                one,
              ) => html`<li><p><b>${word(`result.${one.result}`)}</b> <span class="soft small">${one.by}, ${moment(this.services.time, one.atMs)}</span></p>
                ${one.note === '' ? nothing : html`<p class="quote small">${one.note}</p>`}
                ${one.answers.length === 0 ? nothing : html`<dl class="facts">${one.answers.map(({ key, value }) => html`<dt>${textOf(key)}</dt><dd>${said(value)}</dd>`)}</dl>`}</li>`,
            )}</ol>`
      }</section>`
  }

  #case(detail: CallBackDetail) {
    const { callBack } = detail
    const fact = (label: string, value: unknown) => html`<dt>${label}</dt><dd>${value}</dd>`
    return html`<section class="card" aria-labelledby="case"><header class="card-head"><h2 id="case">${word('case')}</h2>${callBackState(callBack.state)}</header>
      <p>${segmentBadge(callBack)}${scoresOf(callBack)}</p>
      <dl class="facts">
        ${fact(word('caseType'), wordOr(`disputeReason.${callBack.ticketType}`, wordOr(`ticketType.${callBack.ticketType}`, callBack.ticketType)))}
        ${detail.outcome === null ? nothing : fact(word('outcome'), wordOr(`outcome.${detail.outcome}`, detail.outcome))}
        ${detail.rootCause === null ? nothing : fact(word('cause'), wordOr(`rootCause.${detail.rootCause}`, detail.rootCause))}
        ${detail.solvedAtMs === null ? nothing : fact(word('solved'), word('solvedBy', { name: detail.solvedBy ?? '–', at: this.services.time.momentText(detail.solvedAtMs) }))}
        ${detail.refundedFen === 0 ? nothing : fact(word('refunded'), money(detail.refundedFen))}
      </dl></section>`
  }

  #cancelDialog(detail: CallBackDetail) {
    return html`<dialog class="dialog cancel-dialog" aria-labelledby="cancel-title">
      <header class="dialog-head"><h2 id="cancel-title">${word('cancelTitle')}</h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#cancel(event, detail)}>
        <label class="field"><span class="label">${word('cancelWhy')}</span><textarea name="why" rows="3" maxlength="500" required></textarea></label>
        <footer class="dialog-foot"><span class="grow"></span>
          <button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${word('cancelIt')}</button></footer>
      </form></dialog>`
  }
}
