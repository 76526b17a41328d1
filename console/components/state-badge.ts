import { css, html, LitElement } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { unsafeHTML } from 'lit/directives/unsafe-html.js'
import type { StateWord } from '#protocol/words/states.ts'
import { choose, onLanguage } from '../words/words.ts'
import { icon } from './icon.ts'

/** `<state-badge .state=${ORDER_STATE_WORDS[order.state]}>`: colour, icon and word, in or out of a shadow root. */
@customElement('state-badge')
export class StateBadge extends LitElement {
  static override styles = css`
    span {
      --tone: var(--neutral);
      --tone-soft: var(--neutral-soft);
      display: inline-flex;
      align-items: center;
      gap: 0.375em;
      padding: 0.1875em 0.625em 0.1875em 0.5em;
      border-radius: 99px;
      background: var(--tone-soft);
      color: var(--tone);
      font-size: var(--text-s);
      font-weight: 600;
      line-height: 1.4;
      white-space: nowrap;
    }
    svg {
      width: 1.15em;
      height: 1.15em;
    }
    .tone-info {
      --tone: var(--info);
      --tone-soft: var(--info-soft);
    }
    .tone-ok {
      --tone: var(--ok);
      --tone-soft: var(--ok-soft);
    }
    .tone-warn {
      --tone: var(--warn);
      --tone-soft: var(--warn-soft);
    }
    .tone-bad {
      --tone: var(--bad);
      --tone-soft: var(--bad-soft);
    }
  `

  @property({ attribute: false }) state: StateWord | undefined
  private forget: (() => void) | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    this.forget = onLanguage(() => this.requestUpdate())
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.forget?.()
  }
  protected override render() {
    if (this.state === undefined) return html``
    return html`<span class="tone-${this.state.tone}">${unsafeHTML(icon(this.state.icon))}${choose(this.state)}</span>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'state-badge': StateBadge
  }
}
