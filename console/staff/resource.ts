import { Task, TaskStatus } from '@lit/task'
import { html, nothing, type ReactiveController, type TemplateResult } from 'lit'
import type { LiveChange } from '#protocol/api/staff/desk.ts'
import { ApiError } from '../data/api.ts'
import { describeError } from '../data/staff-errors.ts'
import { callerWord } from '../words/callers.ts'
import { word } from '../words/staff.ts'
import type { StaffElement } from './element.ts'
import { BASE } from './doors.ts'
import { icon } from './icons.ts'
import { pageHead } from './views.ts'

/** Sooner than this a spinner is only a flicker. */
const LOADING_AFTER_MS = 400
/** Several changes of one transaction arrive together; one load answers them all. */
const GATHER_MS = 150

/**
 * Something loaded from the core, kept on the screen while it is loaded again, reloaded when the live feed says so.
 * Every page shows the same four states: loading (after 400 ms), error with retry, no permission, and the thing itself.
 */
export class Resource<T, A extends readonly unknown[] = readonly unknown[]> implements ReactiveController {
  readonly #host: StaffElement
  readonly #task: Task<readonly unknown[], T>
  readonly #isAffected: (change: LiveChange, value: T | undefined) => boolean
  #round = 0
  #isSlow = false
  #cleanups: Array<() => void> = []
  #gathering = false
  value: T | undefined
  error: unknown

  constructor(
    host: StaffElement,
    options: {
      load: (args: A, signal: AbortSignal) => Promise<T>
      args: () => A
      /** Which changes make this out of date. */
      isAffected?: (change: LiveChange, value: T | undefined) => boolean
      onValue?: (value: T) => void
      /** A load that began before a change was answered may end after it, and shows what no longer holds. */
      isOlder?: (loaded: T, shown: T) => boolean
    },
  ) {
    this.#host = host
    this.#isAffected = options.isAffected ?? (() => false)
    this.#task = new Task(host, {
      args: () => [this.#round, ...options.args()],
      task: async ([, ...args], { signal }) => {
        this.#isSlow = false
        const slow = host.services.clock.setTimer('loading', LOADING_AFTER_MS, () => {
          this.#isSlow = true
          host.requestUpdate()
        })
        try {
          return await options.load(args as unknown as A, signal)
        } finally {
          slow.cancel()
        }
      },
      onComplete: (value) => {
        this.error = undefined
        if (this.value !== undefined && options.isOlder?.(value, this.value) === true) return
        this.value = value
        options.onValue?.(value)
      },
      onError: (error) => {
        this.error = error
      },
    })
    host.addController(this)
  }

  hostConnected(): void {
    const { live } = this.#host.services
    this.#cleanups.push(
      live.onChange((change) => {
        if (change.kind === 'reset' || this.#isAffected(change, this.value)) this.#gather()
      }),
    )
    // What was missed during a cut is loaded afterwards, whether or not the feed could be resumed.
    let wasStale = live.state === 'stale'
    this.#cleanups.push(
      live.onState(() => {
        if (live.state === 'live' && wasStale) this.reload()
        wasStale = live.state === 'stale'
      }),
    )
  }
  hostDisconnected(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
  }
  reload(): void {
    this.#round += 1
    this.#host.requestUpdate()
  }
  /** Resolves with the freshly loaded value, or the old one when loading fails. */
  async reloaded(): Promise<T | undefined> {
    this.reload()
    await this.#host.updateComplete
    try {
      return await this.#task.taskComplete
    } catch (error) {
      this.error = error
      return this.value
    }
  }
  /** Puts in what an answer already contained. */
  replace(value: T): void {
    this.value = value
    this.#host.requestUpdate()
  }

  /**
   * A page whose heading is in what it loads: until that is there, and when it does not come, it says what it is about.
   * Without a heading nothing tells a reader who cannot see the page where they have come to.
   */
  page(title: string, render: (value: T) => unknown): unknown {
    return this.value === undefined ? html`${pageHead(title)}${this.view(render)}` : this.view(render)
  }

  view(render: (value: T) => unknown): unknown {
    if (this.value !== undefined) return html`${this.error ? this.#strip() : nothing}${render(this.value)}`
    if (this.error !== undefined) return this.#failure()
    // Said to programs at once, to eyes only when it takes long.
    if (this.#task.status === TaskStatus.PENDING)
      return html`<div aria-busy="true">${this.#isSlow ? loadingView() : nothing}</div>`
    return nothing
  }

  #gather(): void {
    if (this.#gathering) return
    this.#gathering = true
    this.#host.services.clock.setTimer('gather-changes', GATHER_MS, () => {
      this.#gathering = false
      if (this.#host.isConnected) this.reload()
    })
  }
  #strip(): TemplateResult {
    return html`<p class="strip tone-warn" role="status">
      ${icon('triangle-alert')}<span>${word('couldNotRefresh')} ${describeError(this.error)}</span>
      <button class="quiet" @click=${() => this.reload()}>${word('retry')}</button>
    </p>`
  }
  #failure(): TemplateResult {
    const isForbidden = this.error instanceof ApiError && this.error.status === 403
    const isMissing = this.error instanceof ApiError && this.error.status === 404
    const requestId = this.error instanceof ApiError ? this.error.requestId : undefined
    return html`<div class="blank" role="alert">
      ${icon(isForbidden ? 'lock' : isMissing ? 'search' : 'circle-alert')}
      <p>${describeError(this.error)}</p>
      ${isTicketNamed(this.error) ? html`<a class="button" href="${BASE}/tickets/${this.error.details.ticketId}">${icon('inbox')}${callerWord('openTicket')}</a>` : nothing}
      ${requestId ? html`<p class="soft small">${word('requestId')} <code>${requestId}</code></p>` : nothing}
      ${
        isForbidden || isMissing
          ? nothing
          : html`<button class="button" @click=${() => this.reload()}>${icon('refresh')}${word('retry')}</button>`
      }
    </div>`
  }
}

export function loadingView(): TemplateResult {
  return html`<div class="blank" role="status"><span class="spinner" aria-hidden="true"></span><p>${word('loading')}</p></div>`
}

/** Somebody calls about it: where to find out who. */
function isTicketNamed(error: unknown): error is ApiError & { details: { ticketId: string } } {
  return (
    error instanceof ApiError &&
    error.code === 'caller_not_verified' &&
    typeof error.details['ticketId'] === 'string'
  )
}
