import { consume } from '@lit/context'
import { LitElement } from 'lit'
import { property } from 'lit/decorators.js'
import { onLanguage } from '../words/words.ts'
import { labelRows } from './row-labels.ts'
import { servicesContext, type Services } from './services.ts'

/**
 * The one base of pages and parts. They render into the document itself: labels, ids, one style sheet and assistive
 * technology then work across parts, and nothing here is used outside of these pages.
 */
export abstract class StaffElement extends LitElement {
  @consume({ context: servicesContext })
  @property({ attribute: false })
  services!: Services

  readonly #cleanups: Array<() => void> = []

  constructor() {
    super()
    this.addController({ hostUpdated: () => labelRows(this) })
  }
  protected override createRenderRoot(): HTMLElement {
    return this
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(onLanguage(() => this.requestUpdate()))
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
  }
  /** @param cleanup runs when the element leaves the page */
  protected whileConnected(cleanup: () => void): void {
    this.#cleanups.push(cleanup)
  }
}

/** A page: the router sets these. */
export abstract class StaffPage extends StaffElement {
  @property({ attribute: false }) params: Readonly<Record<string, string>> = {}
  @property({ attribute: false }) query: URLSearchParams = new URLSearchParams()
}
