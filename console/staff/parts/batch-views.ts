import { html, nothing, type TemplateResult } from 'lit'
import type { BatchBlockView } from '#protocol/api/batch-blocks.ts'
import { batchWord as word } from '../../words/batches.ts'
import { choose } from '../../words/words.ts'
import { BASE } from '../doors.ts'

type Goods = Pick<BatchBlockView, 'name' | 'batch' | 'expiresOn'>

/** "Orange juice · J-0711 · good until 2026-12-01". */
export function goodsOfBatch({ name, batch, expiresOn }: Goods): TemplateResult {
  return html`<b>${choose(name)}</b> · ${batch ?? word('unnamed')}${expiresOn === null ? nothing : html` · <span class="soft">${word('goodUntil', { date: expiresOn })}</span>`}`
}

export function placesOfBatch(places: BatchBlockView['places']): TemplateResult {
  return html`<ul class="plain">
    ${places.map(
      ({ cabinetId, name, pieces }) => html`<li class="split">
        <a href="${BASE}/cabinets/${cabinetId}">${choose(name)}</a>
        <span class="soft small">${pieces === 1 ? word('piece') : word('pieces', { count: pieces })}</span>
      </li>`,
    )}
  </ul>`
}
