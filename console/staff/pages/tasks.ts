import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { TaskList } from '#protocol/api/tickets.ts'
import { word } from '../../words/staff.ts'
import { ticketWord } from '../../words/tickets.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { Resource } from '../resource.ts'
import { pageHead } from '../views.ts'
import '../parts/task-list.ts'

const VIEWS = ['open', 'done'] as const

/** What a role is asked to do for tickets, the earliest due first. */
@customElement('page-tasks')
export class TasksPage extends StaffPage {
  private readonly list = new Resource<TaskList, ['open' | 'done']>(this, {
    args: () => [this.#view],
    load: ([view], signal) => this.services.api.tasks(view, signal),
    isAffected: (change) => change.kind === 'task',
    onValue: (value) => this.services.time.learn(value.nowMs),
  })
  get #view(): 'open' | 'done' {
    return this.query.get('view') === 'done' ? 'done' : 'open'
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.time.onSecond(() => this.requestUpdate()))
  }

  protected override render() {
    return html`${pageHead(word('tasks'))}
      <div class="toolbar">
        <nav class="tabs" aria-label=${ticketWord('taskViews')}>
          ${VIEWS.map(
            (view) =>
              html`<a href="${BASE}/tasks?view=${view}" aria-current=${view === this.#view ? 'page' : nothing}>${ticketWord(`taskView.${view}`)}</a>`,
          )}
        </nav>
      </div>
      ${this.list.view(({ tasks }) =>
        tasks.length === 0
          ? html`<div class="blank">${icon('check')}<p>${ticketWord(this.#view === 'done' ? 'noDoneTasks' : 'noTasks')}</p></div>`
          : html`<section class="card"><task-list .tasks=${tasks} @changed=${() => this.list.reload()}></task-list></section>`,
      )}`
  }
}
