import type { ReactiveController } from 'lit'
import type { PresenceReport, TicketViewer } from '#protocol/api/tickets.ts'
import { every, type Timer } from '#protocol/base/clock.ts'
import type { StaffElement } from '../element.ts'

const REPORT_EVERY_MS = 20_000
type Doing = PresenceReport['doing']

/** Tells the core that this page looks at a ticket and what its reader does, and knows who else does. */
export class TicketPresence implements ReactiveController {
  readonly #host: StaffElement
  readonly #ticketId: () => string
  readonly #doing: () => Exclude<Doing, 'left'>
  #timer: Timer | undefined
  #stopHearing: (() => void) | undefined
  #tab = ''
  #told: Doing | undefined
  others: readonly TicketViewer[] = []

  constructor(host: StaffElement, options: { ticketId: () => string; doing: () => Exclude<Doing, 'left'> }) {
    this.#host = host
    this.#ticketId = options.ticketId
    this.#doing = options.doing
    host.addController(this)
  }

  hostConnected(): void {
    const { clock, ids, live } = this.#host.services
    this.#tab = ids.next('request')
    this.#timer = every(clock, 'presence', REPORT_EVERY_MS, () => void this.#report(this.#doing()))
    this.#stopHearing = live.onChange((change) => {
      if (change.kind !== 'desk' || change.subjectId !== this.#ticketId()) return
      this.#take((change.data?.['viewers'] ?? []) as TicketViewer[])
    })
    void this.#report(this.#doing())
  }
  /** What the reader does may have changed with what they typed. */
  hostUpdated(): void {
    const doing = this.#doing()
    if (this.#told !== undefined && doing !== this.#told) void this.#report(doing)
  }
  hostDisconnected(): void {
    this.#timer?.cancel()
    this.#stopHearing?.()
    void this.#report('left')
  }

  #take(viewers: readonly TicketViewer[]): void {
    const me = this.#host.services.me?.staffId
    this.others = viewers.filter(({ staffId }) => staffId !== me)
    this.#host.requestUpdate()
  }
  async #report(doing: Doing): Promise<void> {
    this.#told = doing
    try {
      const { others } = await this.#host.services.api.reportPresence(this.#ticketId(), {
        tab: this.#tab,
        doing,
      })
      if (doing !== 'left') this.#take(others)
    } catch {
      // The connection is told of elsewhere; who looks is then not known.
      this.others = []
    }
  }
}
