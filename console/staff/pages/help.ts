import { html } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { SetpointView } from '#protocol/api/staff/cabinets.ts'
import { ORDER_STATE_WORDS, REFUND_STATE_WORDS } from '#protocol/words/states.ts'
import { word, type StaffWord } from '../../words/staff.ts'
import { StaffPage } from '../element.ts'
import { shortcutTable, singleKeySwitch } from '../parts/shortcut-dialog.ts'
import { badge, card, pageHead, stateBadge } from '../views.ts'

/** In the order in which a change runs through them. */
const SETPOINT_STATES: ReadonlyArray<SetpointView['state']> = [
  'in_sync',
  'sending',
  'queued_offline',
  'delivered',
  'applied',
  'rejected',
  'timed_out',
  'superseded',
  'drift',
]

/** What keys do and what words on the screen mean. */
@customElement('page-help')
export class HelpPage extends StaffPage {
  override connectedCallback(): void {
    super.connectedCallback()
    this.whileConnected(this.services.preferences.onChange(() => this.requestUpdate()))
  }
  protected override render() {
    return html`${pageHead(word('help'))}
      <div class="help-grid">
        ${card('shortcuts', html`${shortcutTable()} ${singleKeySwitch(this)}`, { id: 'help-keys' })}
        ${card('setpointMeanings', this.#meanings(SETPOINT_STATES.map((state) => [badge('neutral', 'thermometer', word(`setpointShort.${state}`)), `setpointHelp.${state}`] as const)))}
        ${card('refundMeanings', this.#meanings(refundStates().map((state) => [stateBadge(REFUND_STATE_WORDS[state]), `refundMeaning.${state}`] as const)))}
        ${card('orderMeanings', this.#meanings(orderStates().map((state) => [stateBadge(ORDER_STATE_WORDS[state]), `orderMeaning.${state}`] as const)))}
        ${card(
          'slaMeanings',
          html`<ul class="plain stack tight"><li>${word('slaHelp.first_response')}</li><li>${word('slaHelp.resolution')}</li><li>${word('slaHelp.pause')}</li><li>${word('slaHelp.authority')}</li></ul>`,
        )}
      </div>`
  }
  #meanings(rows: ReadonlyArray<readonly [unknown, StaffWord]>) {
    return html`<dl class="meanings">${rows.map(([mark, text]) => html`<div><dt>${mark}</dt><dd>${word(text)}</dd></div>`)}</dl>`
  }
}

function refundStates() {
  return Object.keys(REFUND_STATE_WORDS) as Array<keyof typeof REFUND_STATE_WORDS>
}
function orderStates() {
  return Object.keys(ORDER_STATE_WORDS) as Array<keyof typeof ORDER_STATE_WORDS>
}
