import { html, nothing } from 'lit'
import { customElement, query, state } from 'lit/decorators.js'
import { keyed } from 'lit/directives/keyed.js'
import type { AgentFigure, HolidayView, TeamFigures, TrainingView } from '#protocol/api/team.ts'
import { describeError } from '../../data/staff-errors.ts'
import { formatSpan } from '../../data/staff-format.ts'
import { holidayText, parseHolidays } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'
import { courseDialog } from '../parts/course-dialog.ts'
import { Resource } from '../resource.ts'
import { badge, moment, pageHead } from '../views.ts'

const TABS = ['figures', 'training', 'holidays'] as const
type Tab = (typeof TABS)[number]
const DAYS = 30
type Value =
  | { tab: 'figures'; figures: TeamFigures }
  | { tab: 'training'; training: TrainingView }
  | { tab: 'holidays'; holidays: HolidayView }

/** Figures, training and holidays; an agent sees their own, a lead the team. */
@customElement('page-team')
export class TeamPage extends StaffPage {
  @state() private error: unknown
  @state() private courseKey: string | undefined
  @query('#assess') private assessDialog!: HTMLDialogElement
  @query('#course') private courseDialog!: HTMLDialogElement
  #assessmentId = ''
  private readonly value = new Resource<Value, [Tab]>(this, {
    args: () => [this.#tab],
    load: async ([tab], signal) => {
      const { api } = this.services
      if (tab === 'figures') return { tab, figures: await api.teamFigures(DAYS, signal) }
      return tab === 'training'
        ? { tab, training: await api.training(signal) }
        : { tab, holidays: await api.holidays(signal) }
    },
    isAffected: (change) => change.kind === 'team',
  })
  /** An administrator enters the holidays and sees nothing of the people. */
  get #tabs(): readonly Tab[] {
    return (this.services.me?.permissions.includes('team.read') ?? false) ? TABS : ['holidays']
  }
  get #tab(): Tab {
    const asked = this.query.get('tab')
    return this.#tabs.find((tab) => tab === asked) ?? this.#tabs[0] ?? 'holidays'
  }
  async #try(act: () => Promise<unknown>, dialog?: HTMLDialogElement): Promise<void> {
    this.error = undefined
    try {
      await act()
      dialog?.close()
      this.value.reload()
      this.services.toast({ tone: 'ok', text: word('saved') })
    } catch (error) {
      this.error = error
    }
  }
  #failed() {
    return this.error
      ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(this.error)}</span></p>`
      : nothing
  }

  protected override render() {
    return html`${pageHead(word('team'))}
      <div class="toolbar"><nav class="tabs" aria-label=${word('team')}>${this.#tabs.map((tab) => html`<a href="${BASE}/team?tab=${tab}" aria-current=${tab === this.#tab ? 'page' : nothing}>${word(tab)}</a>`)}</nav></div>
      ${this.value.view((value) => {
        if (value.tab === 'figures') return this.#figures(value.figures)
        return value.tab === 'training' ? this.#training(value.training) : this.#holidays(value.holidays)
      })}`
  }

  #figures({ days, casesLeast, people, team }: TeamFigures) {
    const keys = people[0]?.figures.map(({ key }) => key) ?? team.map(({ key }) => key)
    const row = (name: string, figures: readonly AgentFigure[]) =>
      html`<tr><th scope="row">${name}</th>${figures.map((figure) => html`<td class="end number" title=${word('cases', { count: figure.cases })}>${figureText(figure)}</td>`)}</tr>`
    return html`<p class="soft">${word('figuresLead', { days, least: casesLeast })}</p>
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('figures')}><table class="table rows">
        <caption class="aloud">${word('figures')}</caption>
        <thead><tr><th scope="col">${word('person')}</th>${keys.map((key) => html`<th scope="col" class="end">${word(`figure.${key}`)}</th>`)}</tr></thead>
        <tbody>${people.map((one) => row(one.name, one.figures))}${team.length === 0 ? nothing : row(word('wholeTeam'), team)}</tbody></table></div>
      <section class="card" aria-labelledby="meanings"><header class="card-head"><h2 id="meanings">${word('whatTheyMean')}</h2></header>
        <dl class="facts told">${keys.map((key) => html`<dt>${word(`figure.${key}`)}</dt><dd><span>${word(`means.${key}`)}</span></dd>`)}</dl></section>`
  }

  #training(view: TrainingView) {
    const { courses, people, assessments } = view
    const { time } = this.services
    const titleOf = (key: string) => {
      const held = courses.find((one) => one.key === key)
      return held === undefined ? key : choose(held.course.title)
    }
    return html`<p class="soft">${word('trainingLead')}</p>
      ${
        view.mayChange
          ? html`<div class="row"><button class="button primary" @click=${() => {
              this.#assessmentId = this.services.ids.next('assessment')
              this.error = undefined
              this.assessDialog.showModal()
            }}>${icon('plus')}${word('assess')}</button>
            <button class="button" @click=${() => void this.#editCourse(undefined)}>${icon('plus')}${word('newCourse')}</button>
            ${courses.map(({ key, course }) => html`<button class="button" @click=${() => void this.#editCourse(key)}>${choose(course.title)}<span class="aloud">: ${word('editCourse')}</span></button>`)}</div>`
          : nothing
      }
      <div class="table-frame" role="group" tabindex="0" aria-label=${word('training')}><table class="table rows">
        <caption class="aloud">${word('training')}</caption>
        <thead><tr><th scope="col">${word('person')}</th>${courses.map(
          ({ course }) =>
            html`<th scope="col">${choose(course.title)}${course.isEnforced ? html`<br />${badge('warn', 'lock', word('enforced'))}` : nothing}</th>`,
        )}</tr></thead>
        <tbody>${people.map(
          (person) =>
            html`<tr><th scope="row">${person.name}</th>${courses.map(({ key }) => {
              const standing = person.standings.find(({ courseKey }) => courseKey === key)
              if (standing === undefined) return html`<td class="soft">–</td>`
              const at = standing.untilMs === null ? '' : time.momentText(standing.untilMs)
              const [tone, sign] = STANDINGS[standing.state]
              return html`<td>${badge(tone, sign, word(`training.${standing.state}`, { at }))}</td>`
            })}</tr>`,
        )}</tbody></table></div>
      <section class="card" aria-labelledby="assessments"><header class="card-head"><h2 id="assessments">${word('assessments')}</h2></header>
        ${
          assessments.length === 0
            ? html`<p class="soft">${word('noAssessments')}</p>`
            : html`<ol class="plain stack tight">${assessments.map(
                (one) =>
                  html`<li class="split"><span>${people.find(({ staffId }) => staffId === one.staffId)?.name ?? ''} · ${titleOf(one.courseKey)} · ${word(one.isPassed ? 'passedWith' : 'failedWith', { value: one.totalPercent })}</span><span class="soft small">${word('assessor', { name: one.assessor })} · ${moment(time, one.atMs)}</span></li>`,
              )}</ol>`
        }</section>
      ${
        view.mayChange
          ? html`${this.#assessForm(view)}${keyed(
              this.courseKey,
              courseDialog(view, this.courseKey, {
                error: this.error,
                save: (key, body, dialog) =>
                  void this.#try(() => this.services.api.saveCourse(key, body), dialog),
              }),
            )}`
          : nothing
      }`
  }
  #assessForm({ courses, people }: TrainingView) {
    const percent = (name: string, label: 'theory' | 'practice') =>
      html`<label class="field"><span class="label">${word(label)}</span><input name=${name} type="number" min="0" max="100" required /></label>`
    return html`<dialog id="assess" class="dialog" aria-labelledby="assess-title">
      <header class="dialog-head"><h2 id="assess-title">${word('assess')}</h2><button class="icon-button" aria-label=${word('close')} @click=${() => this.assessDialog.close()}>${icon('x')}</button></header>
      <form class="stack" @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        const form = event.currentTarget as HTMLFormElement
        void this.#try(
          () =>
            this.services.api.recordAssessment({
              assessmentId: this.#assessmentId,
              courseKey: fieldText(form, 'course'),
              staffId: fieldText(form, 'person'),
              theoryPercent: Number(fieldText(form, 'theory')),
              practicePercent: Number(fieldText(form, 'practice')),
              note: fieldText(form, 'note'),
            }),
          this.assessDialog,
        )
      }}>
        <label class="field"><span class="label">${word('person')}</span><select name="person">${people.map(({ staffId, name }) => html`<option value=${staffId}>${name}</option>`)}</select></label>
        <label class="field"><span class="label">${word('course')}</span><select name="course">${courses.map(({ key, course }) => html`<option value=${key}>${choose(course.title)}</option>`)}</select></label>
        ${percent('theory', 'theory')}${percent('practice', 'practice')}
        <label class="field"><span class="label">${word('note')}</span><input name="note" maxlength="1000" /></label>
        ${this.#failed()}
        <footer class="dialog-foot"><span class="grow"></span><button class="button primary">${word('save')}</button></footer>
      </form></dialog>`
  }
  /** Without a key: a course that does not exist yet. */
  async #editCourse(key: string | undefined): Promise<void> {
    this.courseKey = key
    this.error = undefined
    await this.updateComplete
    const { courseDialog } = this
    courseDialog.querySelector('form')?.reset()
    courseDialog.showModal()
  }
  #holidays(view: HolidayView) {
    const { time } = this.services
    const year = view.missingYear ?? (view.years[0]?.year ?? 0) + 1
    return html`<p class="soft">${word('holidaysLead')}</p>
      ${view.missingYear === null ? nothing : html`<p class="strip tone-warn" role="status">${icon('triangle-alert')}<span>${word('missingYear', { year: view.missingYear })}</span></p>`}
      ${view.mayChange ? this.#yearForm(view, year) : nothing}
      ${view.years.map(
        (
          one,
        ) => html`<section class="card" aria-label=${one.year}><header class="card-head"><h2>${one.year}</h2><span class="soft small">${one.version === 0 ? word('shipped') : html`${word('version', { version: one.version })} · ${one.savedBy} · ${moment(time, one.savedAtMs)}`}</span></header>
          <dl class="facts told"><dt>${word('daysOff')}</dt><dd><span>${one.days.off.map(({ first, last }) => (first === last ? first : `${first} – ${last}`)).join(' · ')}</span></dd>
            <dt>${word('makeUp')}</dt><dd><span>${one.days.work.join(' · ')}</span></dd></dl></section>`,
      )}`
  }
  #yearForm(view: HolidayView, year: number) {
    return html`<form class="card stack" @submit=${(event: SubmitEvent) => {
      event.preventDefault()
      const form = event.currentTarget as HTMLFormElement
      const asked = Number(fieldText(form, 'year'))
      const baseVersion = view.years.find((one) => one.year === asked)?.version ?? 0
      void this.#try(() =>
        this.services.api.saveHolidays(asked, {
          baseVersion,
          reason: fieldText(form, 'reason'),
          days: parseHolidays(fieldText(form, 'off'), fieldText(form, 'work')),
        }),
      )
    }}>
      <header class="card-head"><h2>${word('enterYear')}</h2></header>
      <label class="field"><span class="label">${word('year')}</span><input name="year" type="number" min="2025" max="2099" required .defaultValue=${String(year)} @change=${(
        event: Event,
      ) => {
        const input = event.currentTarget as HTMLInputElement
        const known = view.years.find((one) => one.year === Number(input.value))
        const area = (name: string) => input.form?.elements.namedItem(name) as HTMLTextAreaElement
        if (known === undefined) return
        area('off').value = holidayText(known.days)
        area('work').value = known.days.work.join('\n')
      }} /></label>
      <label class="field"><span class="label">${word('daysOff')}</span><textarea name="off" rows="7" required></textarea><span class="hint soft small">${word('daysOffHint')}</span></label>
      <label class="field"><span class="label">${word('makeUp')}</span><textarea name="work" rows="4"></textarea><span class="hint soft small">${word('makeUpHint')}</span></label>
      <label class="field"><span class="label">${word('reason')}</span><input name="reason" required maxlength="300" /></label>
      ${this.#failed()}
      <div class="row"><button class="button primary">${word('save')}</button></div></form>`
  }
}

const STANDINGS = {
  valid: ['ok', 'circle-check'],
  expiring: ['warn', 'hourglass'],
  expired: ['bad', 'circle-alert'],
  failed: ['bad', 'x'],
  missing: ['neutral', 'minus'],
} as const

function figureText({ key, value }: AgentFigure): string {
  if (value === null) return word('tooFew')
  switch (key) {
    case 'solved':
      return String(value)
    case 'first_answer':
    case 'solution':
      return formatSpan(value)
    case 'satisfaction':
      return value.toFixed(1)
    default:
      return `${Math.round(value * 100)} %`
  }
}
