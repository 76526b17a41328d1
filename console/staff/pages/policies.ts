import { html, nothing } from 'lit'
import { customElement } from 'lit/decorators.js'
import type { PolicyLimit, PolicyList, PolicyRow } from '#protocol/api/policies.ts'
import { policyWord as word } from '../../words/policies.ts'
import { BASE } from '../doors.ts'
import { StaffPage } from '../element.ts'
import { icon } from '../icons.ts'
import { limitText } from '../parts/policy-views.ts'
import { Resource } from '../resource.ts'
import { moment, pageHead } from '../views.ts'

/** Every rule that decides without a person: what it is about, its limits in words, and how much it leaves to people. */
@customElement('page-policies')
export class PoliciesPage extends StaffPage {
  private readonly list = new Resource<PolicyList>(this, {
    args: () => [],
    load: (_, signal) => this.services.api.policies(signal),
    isAffected: (change) => change.kind === 'policy',
  })

  protected override render() {
    return html`${pageHead(word('policies'), { lead: html`<p class="soft">${word('policiesLead')}</p>` })}
      ${this.list.view(
        ({ policies }) => html`<ul class="cards wide-cards">${policies.map((row) => this.#card(row))}</ul>`,
      )}`
  }

  #card(row: PolicyRow) {
    const name = word(`name.${row.policy}`)
    return html`<li class="card stack">
      <div class="split"><h2>${name}</h2><span class="soft small">${row.version === 0 ? word('versionStarted') : word('versionNow', { version: row.version })}</span></div>
      <p>${word(`lead.${row.policy}`)}</p>
      ${
        row.limits.length === 0
          ? nothing
          : html`<dl class="limits-list">${row.limits.map((limit) => this.#limit(limit))}</dl>`
      }
      <p class="soft small">${word('decidedLately', { decisions: row.decisions, persons: row.persons })}${row.savedBy === null ? nothing : html` · ${word('changedBy', { name: row.savedBy })}, ${moment(this.services.time, row.savedAtMs)}`}</p>
      <p><a class="button" href="${BASE}/policies/${row.policy}">${row.limits.length === 0 ? word('look') : word('change')}<span class="aloud">: ${name}</span>${icon('chevron-right')}</a></p>
    </li>`
  }
  #limit(limit: PolicyLimit) {
    return html`<dt>${word(`limit.${limit.name as 'clearProbability'}`)}</dt><dd class="number">${limitText(limit, limit.value)}</dd>`
  }
}
