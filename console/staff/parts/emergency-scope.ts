import { html } from 'lit'
import type { EmergencyChoices, EmergencyScope } from '#protocol/api/emergencies.ts'
import { fromLocalInput, localInput } from '../../data/staff-days.ts'
import { qualityWord as word } from '../../words/quality.ts'
import { choose } from '../../words/words.ts'
import { fieldText } from '../forms.ts'

const MINUTE_MS = 60_000

/** Whom a serious incident concerns: cabinets, goods and time, as fields of a form. `scopeIn` reads them. */
export function scopeFields({ cabinets, products }: EmergencyChoices, scope: EmergencyScope) {
  const at = (name: 'from' | 'to', ms: number) =>
    html`<label class="field"><span class="label">${word(name)}</span><input name=${name} type="datetime-local" required .defaultValue=${localInput(ms)} /></label>`
  return html`<fieldset class="scope stack tight"><legend class="label">${word('scope')}</legend>
    <div class="field-grid">${at('from', scope.fromMs)}${at('to', scope.toMs)}
      <label class="field wide"><span class="label">${word('goods')}</span><select name="sku">
        <option value="">${word('allGoods')}</option>
        ${products.map(({ sku, name }) => html`<option value=${sku} ?selected=${sku === scope.sku}>${choose(name)}</option>`)}
      </select></label></div>
    <div role="group" aria-labelledby="scope-cabinets"><p class="label" id="scope-cabinets">${word('cabinets')} <span class="soft small">${word('allCabinets')}</span></p>
      <div class="checks">${cabinets.map(({ cabinetId, name }) => html`<label class="check"><input type="checkbox" name="cabinet" value=${cabinetId} ?checked=${scope.cabinetIds.includes(cabinetId)} /><span>${choose(name)}</span></label>`)}</div></div>
  </fieldset>`
}

/** The minute that is typed as the end belongs to it. */
export function scopeIn(form: HTMLFormElement): EmergencyScope {
  const sku = fieldText(form, 'sku')
  return {
    cabinetIds: new FormData(form).getAll('cabinet').map(String),
    sku: sku === '' ? null : sku,
    fromMs: fromLocalInput(fieldText(form, 'from')) ?? 0,
    toMs: (fromLocalInput(fieldText(form, 'to')) ?? 0) + MINUTE_MS - 1,
  }
}
