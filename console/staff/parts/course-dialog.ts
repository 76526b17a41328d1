import { html, nothing } from 'lit'
import type { Course, CourseSave, TrainingView } from '#protocol/api/team.ts'
import { describeError } from '../../data/staff-errors.ts'
import { COURSE_ROLES, freeCourseKey } from '../../data/staff-quality.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { wordOr } from '../../words/staff.ts'
import { choose } from '../../words/words.ts'
import { fieldText } from '../forms.ts'
import { icon } from '../icons.ts'

const BLANK: Course = {
  title: { zh: '', en: '' },
  roles: ['agent'],
  ticketTypes: [],
  passPercent: 80,
  validDays: 365,
  isEnforced: false,
}

/** Everything of a course: of one that is held, or of a new one when there is no key. */
export function courseDialog(
  { courses, ticketTypes }: TrainingView,
  key: string | undefined,
  {
    error,
    save,
  }: { error: unknown; save: (key: string, body: CourseSave, dialog: HTMLDialogElement | undefined) => void },
) {
  const held = courses.find((one) => one.key === key)
  const course = held?.course ?? BLANK
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const first = form.querySelector<HTMLInputElement>('input[name="role"]')
    const chosen = new FormData(form)
    const roles = COURSE_ROLES.filter((role) => chosen.getAll('role').includes(role))
    first?.setCustomValidity(roles.length === 0 ? word('courseRolesNeeded') : '')
    if (!form.reportValidity()) return
    save(
      held?.key ?? freeCourseKey(courses.map((one) => one.key)),
      {
        baseVersion: held?.version ?? 0,
        reason: fieldText(form, 'reason'),
        course: {
          title: { zh: fieldText(form, 'zh'), en: fieldText(form, 'en') },
          roles,
          ticketTypes: chosen.getAll('ticketType').map(String),
          passPercent: Number(fieldText(form, 'passPercent')),
          validDays: Number(fieldText(form, 'validDays')),
          isEnforced: fieldText(form, 'isEnforced') !== '',
        },
      },
      form.closest('dialog') ?? undefined,
    )
  }
  const close = (event: Event) => (event.currentTarget as HTMLElement).closest('dialog')?.close()
  const text = (name: string, label: string, value: string, most: number) =>
    html`<label class="field"><span class="label">${label}</span><input name=${name} required maxlength=${most} .defaultValue=${value} /></label>`
  const number = (name: string, label: string, value: number, most: number) =>
    html`<label class="field"><span class="label">${label}</span><input name=${name} type="number" min="1" max=${most} required .defaultValue=${String(value)} /></label>`
  const check = (name: string, value: string, label: string, isChosen: boolean) =>
    html`<label class="check"><input type="checkbox" name=${name} value=${value} ?checked=${isChosen} @change=${(event: Event) => (event.currentTarget as HTMLInputElement).form?.querySelector<HTMLInputElement>('input[name="role"]')?.setCustomValidity('')} /><span>${label}</span></label>`
  return html`<dialog id="course" class="dialog" aria-labelledby="course-title">
    <header class="dialog-head"><h2 id="course-title">${held === undefined ? word('newCourse') : choose(held.course.title)}</h2><button class="icon-button" aria-label=${word('close')} @click=${close}>${icon('x')}</button></header>
    <form class="stack" @submit=${send}>
      <div class="field-grid">${text('zh', word('courseTitleZh'), course.title.zh, 80)}${text('en', word('courseTitleEn'), course.title.en, 80)}
        ${number('passPercent', word('passPercent'), course.passPercent, 100)}${number('validDays', word('validDays'), course.validDays, 3660)}</div>
      <fieldset><legend class="label">${word('courseRoles')}</legend><div class="checks">${COURSE_ROLES.map((role) => check('role', role, wordOr(`role.${role}`, role), course.roles.includes(role)))}</div></fieldset>
      <details><summary>${word('courseTickets')} <span class="number soft">${course.ticketTypes.length}</span></summary>
        <div class="checks">${ticketTypes.map((type) => check('ticketType', type.key, choose(type.label), course.ticketTypes.includes(type.key)))}</div></details>
      <label class="check"><input type="checkbox" name="isEnforced" .defaultChecked=${course.isEnforced} /><span>${word('enforce')}</span></label>
      ${text('reason', word('reason'), '', 300)}
      ${error ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${describeError(error)}</span></p>` : nothing}
      <footer class="dialog-foot"><span class="grow"></span><button type="button" class="button" @click=${close}>${word('cancel')}</button><button class="button primary">${word('save')}</button></footer>
    </form></dialog>`
}
