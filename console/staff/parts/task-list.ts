import { html, nothing } from 'lit'
import { customElement, property, state } from 'lit/decorators.js'
import type { TaskView } from '#protocol/api/tickets.ts'
import { describeError, isConflict } from '../../data/staff-errors.ts'
import { wordOr } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { badge } from '../views.ts'

/** What people are asked to do, with its buttons. Fires `changed` after a step. */
@customElement('task-list')
export class TaskListElement extends StaffElement {
  @property({ attribute: false }) tasks: readonly TaskView[] = []
  /** On the page of the ticket itself the ticket is not named again. */
  @property({ type: Boolean }) isOnTicket = false
  @state() private sending = ''
  @state() private failed: { taskId: string; error: unknown } | undefined

  async #step(task: TaskView, step: 'take' | 'done' | 'cancel'): Promise<void> {
    if (this.sending !== '') return
    this.sending = task.taskId
    try {
      const result = this.querySelector<HTMLInputElement>(`#result-${task.taskId}`)?.value.trim() ?? ''
      await this.services.api.taskStep(task.taskId, step, {
        version: task.version,
        ...(result === '' ? {} : { result }),
      })
      this.failed = undefined
    } catch (error) {
      this.failed = { taskId: task.taskId, error }
    } finally {
      this.sending = ''
    }
    this.dispatchEvent(new CustomEvent('changed', { bubbles: true }))
  }

  protected override render() {
    return html`<ol class="task-list">${this.tasks.map((task) => this.#task(task))}</ol>`
  }

  #task(task: TaskView) {
    const { time } = this.services
    const isOpen = task.state === 'open' || task.state === 'taken'
    const isLate = isOpen && task.dueAtMs < time.now()
    const look = isOpen
      ? isLate
        ? badge('bad', 'circle-alert', ticketWord('taskLate', { at: time.momentText(task.dueAtMs) }))
        : badge('neutral', 'clock', ticketWord('taskDue', { at: time.momentText(task.dueAtMs) }))
      : task.state === 'done'
        ? badge(
            'ok',
            'circle-check',
            ticketWord('taskDone', { name: task.doneBy ?? '', at: time.momentText(task.doneAtMs ?? 0) }),
          )
        : badge('neutral', 'minus', ticketWord('taskCancelled'))
    return html`<li class="task ${isOpen ? '' : 'is-over'}">
      <p class="row wrap">
        ${task.step === null ? nothing : html`<b class="number">${task.step}</b>`}
        <span class="grow">${choose(task.text)}</span>
        ${badge('neutral', 'user', ticketWord(`audience.${task.audience}`))} ${look}
      </p>
      ${
        this.isOnTicket
          ? nothing
          : html`<p class="row wrap small soft">
            ${this.#ticketName(task)}
            ${task.cabinetName ? html`<a href="${BASE}/cabinets/${task.cabinetId}">${choose(task.cabinetName)}</a>` : nothing}
          </p>`
      }
      ${task.state === 'taken' && task.takenBy ? html`<p class="small soft">${ticketWord('taskTaken', { name: task.takenBy })}</p>` : nothing}
      ${task.result ? html`<p class="small">${task.result}</p>` : nothing}
      ${task.actions.length > 0 ? this.#buttons(task) : nothing}
      ${this.failed?.taskId === task.taskId ? html`<p class="strip tone-bad" role="alert">${icon('circle-alert')}<span>${this.#trouble(this.failed.error)}</span></p>` : nothing}
    </li>`
  }

  /** A technician does the work and does not read the conversation. */
  #ticketName(task: TaskView) {
    const name = html`#${task.ticketNumber} ${wordOr(`ticketType.${task.ticketType}`, task.ticketType)}`
    return this.services.me?.permissions.includes('ticket.read')
      ? html`<a href="${BASE}/tickets/${task.ticketId}">${name}</a>`
      : html`<span>${name}</span>`
  }
  #buttons(task: TaskView) {
    const isBusy = this.sending !== ''
    return html`<div class="row wrap">
      ${
        task.actions.includes('done')
          ? html`<label class="grow"><span class="aloud">${ticketWord('result')}</span><input id="result-${task.taskId}" maxlength="500" placeholder=${ticketWord('result')} autocomplete="off" /></label>`
          : nothing
      }
      ${task.actions.includes('take') ? html`<button class="button" ?disabled=${isBusy} @click=${() => void this.#step(task, 'take')}>${ticketWord('take')}</button>` : nothing}
      ${task.actions.includes('done') ? html`<button class="button primary" ?disabled=${isBusy} @click=${() => void this.#step(task, 'done')}>${icon('check')}${ticketWord('done')}</button>` : nothing}
      ${task.actions.includes('cancel') ? html`<button class="quiet" ?disabled=${isBusy} @click=${() => void this.#step(task, 'cancel')}>${ticketWord('notNeeded')}</button>` : nothing}
    </div>`
  }

  #trouble(error: unknown): string {
    const details = (error as { details?: Record<string, unknown> }).details ?? {}
    return isConflict(error) && (details['isOutOfService'] === true || details['isLockedOut'] === true)
      ? ticketWord('stillOut')
      : describeError(error)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'task-list': TaskListElement
  }
}
