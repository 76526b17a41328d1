import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import type {
  EmergencyAudience,
  EmergencyChoices,
  EmergencyDecision,
  EmergencyDetail,
  EmergencyNotice,
  EmergencyNoticePreview,
  EmergencyStep,
  EmergencyStepRequest,
} from '#protocol/api/emergencies.ts'
import { describeError } from '../../data/staff-errors.ts'
import { ROOT_CAUSES } from '../../data/staff-follow-up.ts'
import { EMERGENCY_AUDIENCES } from '../../data/staff-quality.ts'
import { qualityWord as word, qualityWordOr } from '../../words/quality.ts'
import { wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { badge, exactTime, moment, money, pageHead } from '../views.ts'
import { scopeFields, scopeIn } from '../parts/emergency-scope.ts'
import { reportBadge } from './emergencies.ts'

type Asked =
  | { kind: 'log' }
  | { kind: 'report' }
  | { kind: 'scope'; choices: EmergencyChoices }
  | { kind: 'step'; step: EmergencyStep }
  | { kind: 'notice'; audience: EmergencyAudience; preview: EmergencyNoticePreview; noticeId: string }
  | { kind: 'decide'; notice: EmergencyNotice; decision: EmergencyDecision }
const isStep = (action: string): action is EmergencyStep => qualityWordOr(`step.${action}`, '') !== ''

/** One serious incident: its report, its log, whom it concerns, and the notice to everybody concerned. */
@customElement('page-emergency')
export class EmergencyPage extends StaffPage {
  @state() private asked: Asked | undefined
  @state() private error: unknown
  @query('dialog') private dialog!: HTMLDialogElement
  private readonly detail = new Resource<EmergencyDetail, [string]>(this, {
    args: () => [this.params['id'] ?? ''],
    load: ([id], signal) => this.services.api.emergency(id, signal),
    isAffected: (change) => change.subjectId === this.params['id'],
  })

  async #ask(asked: Asked): Promise<void> {
    this.asked = asked
    this.error = undefined
    await this.updateComplete
    this.dialog.showModal()
  }
  async #askNotice(audience: EmergencyAudience): Promise<void> {
    try {
      const preview = await this.services.api.previewNotice(this.params['id'] ?? '', audience)
      await this.#ask({ kind: 'notice', audience, preview, noticeId: this.services.ids.next('notice') })
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
  }
  async #askScope(): Promise<void> {
    try {
      await this.#ask({ kind: 'scope', choices: await this.services.api.emergencyChoices() })
    } catch (error) {
      this.services.toast({ tone: 'bad', text: describeError(error) })
    }
  }
  async #send(event: SubmitEvent, { emergency }: EmergencyDetail): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const { asked } = this
    if (asked === undefined) return
    this.error = undefined
    try {
      this.detail.replace(await this.#act(asked, form, emergency))
      this.dialog.close()
      form.reset()
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }
  #act(asked: Asked, form: HTMLFormElement, { emergencyId, version }: EmergencyDetail['emergency']) {
    const { api } = this.services
    const text = (name: string) => fieldText(form, name)
    switch (asked.kind) {
      case 'log':
        return api.logEmergency(emergencyId, { version, note: text('note') })
      case 'report':
        return api.reportEmergency(emergencyId, { version, recipient: text('recipient'), text: text('text') })
      case 'scope':
        return api.rescopeEmergency(emergencyId, { version, scope: scopeIn(form), note: text('note') })
      case 'step': {
        const cause = text('rootCause')
        return api.stepEmergency(emergencyId, asked.step, {
          version,
          note: text('note'),
          ...(cause === '' ? {} : { rootCause: cause as NonNullable<EmergencyStepRequest['rootCause']> }),
        })
      }
      case 'notice':
        return api.askNotice(emergencyId, {
          noticeId: asked.noticeId,
          audience: asked.audience,
          count: asked.preview.count,
          title: { zh: text('titleZh'), en: text('titleEn') },
          text: { zh: text('textZh'), en: text('textEn') },
        })
      case 'decide':
        return api.decideNotice(asked.notice.noticeId, asked.decision, text('note'))
    }
  }

  protected override render() {
    return this.detail.page(word('emergencies'), (loaded) => this.#page(loaded))
  }
  #page(loaded: EmergencyDetail) {
    const { emergency, actions } = loaded
    const { time } = this.services
    return html`${pageHead(html`<span class="number">#${emergency.number}</span> ${emergency.title}`, {
      lead: html`<p class="soft"><a href="${BASE}/emergencies">${word('emergencies')}</a> · ${word(`emergency.${emergency.kind}`)} · ${word(`at.${emergency.state}`)} ${reportBadge(emergency, (ms) => time.momentText(ms))}</p>`,
      actions: [
        actions.includes('report')
          ? html`<button class="button ${emergency.reportedAtMs === null ? 'primary' : ''}" @click=${() => void this.#ask({ kind: 'report' })}>${icon('mail-warning')}${word('sendReport')}</button>`
          : nothing,
        ...actions
          .filter(isStep)
          .map(
            (step) =>
              html`<button class="button" @click=${() => void this.#ask({ kind: 'step', step })}>${word(`step.${step}`)}</button>`,
          ),
      ],
    })}
      <div class="two-columns">
        <div class="stack">${this.#log(loaded)}${this.#reports(loaded)}</div>
        <div class="stack">${this.#affected(loaded)}${this.#notices(loaded)}</div>
      </div>
      ${this.#dialog(loaded)}`
  }

  #log({ log, actions }: EmergencyDetail) {
    const { time } = this.services
    return html`<section class="card stack" aria-labelledby="log"><header class="card-head"><h2 id="log">${word('log')}</h2>
      ${actions.includes('log') ? html`<button class="button" @click=${() => void this.#ask({ kind: 'log' })}>${icon('plus')}${word('addLog')}</button>` : nothing}</header>
      <ol class="plain stack tight">${log.map(
        (entry) =>
          html`<li><p class="soft small">${exactTime(time, entry.atMs)} · ${entry.by}${entry.by === '' ? nothing : ' · '}${qualityWordOr(`log.${entry.what}`, qualityWordOr(`step.${entry.what}`, ''))}</p><p class="said">${entry.note}</p></li>`,
      )}</ol></section>`
  }
  #reports({ reports, improvementId }: EmergencyDetail) {
    if (reports.length === 0 && improvementId === null) return nothing
    return html`<section class="card stack" aria-labelledby="reports"><header class="card-head"><h2 id="reports">${word('report')}</h2></header>
      ${reports.map((report) => html`<details><summary>${report.recipient} · ${report.by} · ${moment(this.services.time, report.sentAtMs)}</summary><p class="said">${report.text}</p></details>`)}
      ${improvementId === null ? nothing : html`<p><a href="${BASE}/improvements/${improvementId}">${icon('target')} ${word('improvement')}</a></p>`}</section>`
  }
  #affected({ affected, emergency, scope, scopeNames, actions }: EmergencyDetail) {
    const { time, me } = this.services
    return html`<section class="card stack" aria-labelledby="affected"><header class="card-head"><h2 id="affected">${word('affected')}</h2>
      ${actions.includes('scope') ? html`<button class="button" @click=${() => void this.#askScope()}>${icon('target')}${word('changeScope')}</button>` : nothing}</header>
      <dl class="facts">
        <dt>${word('people')}</dt><dd class="number">${affected.consumers}</dd>
        <dt>${word('orders')}</dt><dd class="number">${affected.orders}</dd>
        <dt>${word('cabinets')}</dt><dd class="number">${affected.cabinets}</dd>
        <dt>${word('operators')}</dt><dd class="number">${affected.operators}</dd>
        <dt>${word('paid')}</dt><dd>${money(affected.paidFen)}</dd>
        <dt>${word('givenBack')}</dt><dd>${money(affected.refundedFen)}</dd>
        <dt>${word('visits')}</dt><dd><span>${moment(time, scope.fromMs)} – ${moment(time, scope.toMs)}</span></dd>
        <dt>${word('at')}</dt><dd><span>${scopeNames.cabinets.length === 0 ? word('everyCabinet') : scopeNames.cabinets.map(choose).join(' · ')}</span></dd>
        <dt>${word('goods')}</dt><dd><span>${scopeNames.product === null ? word('allGoods') : choose(scopeNames.product)}</span></dd>
        <dt>${word('discoveredBy')}</dt><dd><span>${emergency.discoveredBy} · ${moment(time, emergency.discoveredAtMs)}</span></dd>
      </dl>
      ${(me?.permissions.includes('refundCase.work') ?? false) ? html`<p><a href="${BASE}/incidents">${icon('undo')} ${word('refundTogether')}</a></p>` : nothing}</section>`
  }
  #notices({ notices, actions }: EmergencyDetail) {
    const tones = {
      awaiting_approval: 'warn',
      running: 'info',
      stopped: 'warn',
      done: 'ok',
      refused: 'neutral',
    } as const
    const icons = {
      awaiting_approval: 'hourglass',
      running: 'clock',
      stopped: 'minus',
      done: 'circle-check',
      refused: 'x',
    } as const
    return html`<section class="card stack" aria-labelledby="notices"><header class="card-head"><h2 id="notices">${word('notices')}</h2></header>
      ${notices.length === 0 ? html`<p class="soft">${word('noNotice')}</p>` : nothing}
      ${notices.map(
        (notice) => html`<article class="stack tight">
          <p>${badge(tones[notice.state], icons[notice.state], word(`notice.${notice.state}`))} <b>${choose(notice.title)}</b> <span class="soft small">${word(`audience.${notice.audience}`)}</span></p>
          <p class="quote">${choose(notice.text)}</p>
          <p class="soft small">${word('noticeProgress', { sent: notice.sent, count: notice.count, accepted: notice.accepted })} · ${word('askedBy', { name: notice.requestedBy })}</p>
          ${notice.state === 'running' ? html`<progress max=${notice.count} value=${notice.sent + notice.skipped} aria-label=${word('notices')}></progress>` : nothing}
          <div class="row">${notice.actions.map((decision) => html`<button class="button ${decision === 'approve' ? 'primary' : ''}" @click=${() => void this.#ask({ kind: 'decide', notice, decision })}>${word(`decide.${decision}`)}</button>`)}</div>
        </article>`,
      )}
      ${actions.includes('notice') ? html`<div class="row">${EMERGENCY_AUDIENCES.map((audience) => html`<button class="button" @click=${() => void this.#askNotice(audience)}>${icon('bell')}${word('newNotice')}: ${word(`audience.${audience}`)}</button>`)}</div>` : nothing}</section>`
  }

  #dialog(loaded: EmergencyDetail) {
    return html`<dialog class="dialog" aria-labelledby="emergency-dialog">
      <header class="dialog-head"><h2 id="emergency-dialog">${this.#title()}</h2><button class="icon-button" aria-label=${word('close')} @click=${() => this.dialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#send(event, loaded)}>
        ${this.#fields(loaded)}
        ${this.error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>` : nothing}
        <footer class="dialog-foot"><span class="grow"></span><button type="button" class="button" @click=${() => this.dialog.close()}>${word('cancel')}</button>
          <button class="button primary">${this.asked?.kind === 'notice' ? word('askNotice') : word('save')}</button></footer>
      </form></dialog>`
  }
  #title(): string {
    const { asked } = this
    switch (asked?.kind) {
      case 'log':
        return word('addLog')
      case 'report':
        return word('sendReport')
      case 'scope':
        return word('changeScope')
      case 'step':
        return word(`step.${asked.step}`)
      case 'notice':
        return word('newNotice')
      case 'decide':
        return word(`decide.${asked.decision}`)
      case undefined:
        return word('emergencies')
    }
  }
  #fields({ preparedReport, scope }: EmergencyDetail) {
    const { asked } = this
    const note = html`<label class="field"><span class="label">${word('note')}</span><textarea name="note" rows="4" required maxlength=${asked?.kind === 'decide' || asked?.kind === 'scope' ? 500 : 2000}></textarea></label>`
    if (asked?.kind === 'scope') return html`${scopeFields(asked.choices, scope)}${note}`
    if (asked?.kind === 'report')
      return html`<p class="soft small">${word('reportHint')}</p>
        <label class="field"><span class="label">${word('recipient')}</span><input name="recipient" required maxlength="200" /></label>
        <label class="field"><span class="label">${word('reportText')}</span><textarea name="text" rows="14" required maxlength="6000" .value=${choose(preparedReport)}></textarea></label>`
    if (asked?.kind === 'notice') {
      const { count, languages, template } = asked.preview
      return html`<p><b>${word('noticeCount', { count })}</b>${asked.audience === 'consumers' ? html` <span class="soft">${word('noticeLanguages', languages)}</span>` : nothing}</p>
        <label class="field"><span class="label">${word('titleZh')}</span><input name="titleZh" required maxlength="60" .value=${template.title.zh} /></label>
        <label class="field"><span class="label">${word('textZh')}</span><textarea name="textZh" rows="4" required maxlength="500" .value=${template.text.zh}></textarea></label>
        <label class="field"><span class="label">${word('titleEn')}</span><input name="titleEn" required maxlength="60" .value=${template.title.en} /></label>
        <label class="field"><span class="label">${word('textEn')}</span><textarea name="textEn" rows="4" required maxlength="500" .value=${template.text.en}></textarea></label>`
    }
    if (asked?.kind === 'step' && asked.step === 'summarise')
      return html`${note}<label class="field"><span class="label">${word('cause')}</span><select name="rootCause">${ROOT_CAUSES.map((cause) => html`<option value=${cause}>${wordOr(`rootCause.${cause}`, cause)}</option>`)}</select></label>`
    return note
  }
}
