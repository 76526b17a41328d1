import { html, nothing } from 'lit'
import type { PlanogramLint, PlanogramShelves } from '#protocol/api/staff/planogram.ts'
import { shelfName } from '../../data/staff-format.ts'
import { formatShare, movesOf, toneOfError } from '../../data/staff-planogram.ts'
import { word } from '../../words/staff.ts'
import { icon } from '../icons.ts'
import { badge, card } from '../views.ts'

/** Bars are drawn against this share at least, so that small errors look small. */
const SCALE_LEAST = 0.05
const PAIRS_SHOWN = 6

/** What the scales will make of a planogram: per shelf, per pair, and how the same goods would be read better. */
export function lintPanel(view: {
  lint: PlanogramLint | null
  draft: PlanogramShelves
  nameOf: (sku: string) => string
  isWorking: boolean
  adopt: (() => void) | undefined
}) {
  const { lint, isWorking } = view
  return card(
    'linter',
    lint === null
      ? html`<p class="soft">${word(isWorking ? 'working' : view.draft.length === 0 ? 'lintNothing' : 'lintMissing')}</p>`
      : html`<div class="stack lint">
          ${figures(lint)} ${dealing(view, lint)} ${pairs(view, lint)}
        </div>`,
    {
      actions: html`<span class="soft small" role="status">${isWorking && lint !== null ? word('working') : ''}</span>`,
    },
  )
}

function figures(lint: PlanogramLint) {
  const scale = Math.max(SCALE_LEAST, ...lint.shelves.map((shelf) => shelf.handfulErrorShare))
  return html`<div>
    <p class="split"><span>${word('predictedError')}</span><b class="figure number tone-text-${toneOfError(lint.errorShare)}">${formatShare(lint.errorShare)}</b></p>
    <ul class="lint-bars">
      ${lint.shelves.map((shelf) => {
        const tone = toneOfError(shelf.handfulErrorShare)
        return html`<li>
          <span>${word('shelfError', { shelf: shelfName(shelf.shelf) })}</span>
          <span class="lint-bar" aria-hidden="true"><span class="tone-${tone}" style="width: ${Math.max(1, (100 * shelf.handfulErrorShare) / scale).toFixed(1)}%"></span></span>
          <span class="number end"><b class="tone-text-${tone}">${formatShare(shelf.handfulErrorShare)}</b></span>
          <span class="number soft small end">${word('ofSingles', { share: formatShare(shelf.singleErrorShare) })}</span>
        </li>`
      })}
    </ul>
    <p class="soft small">${word('predictedErrorNote')} ${lint.learnedProducts === 0 ? word('lintByCatalogue') : word('lintByLearned', { count: lint.learnedProducts })}</p>
  </div>`
}

function dealing(
  {
    draft,
    nameOf,
    adopt,
  }: { draft: PlanogramShelves; nameOf: (sku: string) => string; adopt: (() => void) | undefined },
  { better, errorShare, isSearchWhole }: PlanogramLint,
) {
  if (better === null)
    return isSearchWhole
      ? html`<p class="soft small">${word('betterNone')}</p>`
      : html`<p class="strip tone-neutral">${icon('hourglass')}<span>${word('betterUnfinished')}</span></p>`
  const values = { now: formatShare(errorShare), after: formatShare(better.errorShare), count: better.moves }
  return html`<section class="lint-better" aria-labelledby="lint-better">
    <h3 id="lint-better">${word('better')}</h3>
    <p>${word('betterText', values)}${isSearchWhole ? nothing : html` <span class="soft">${word('betterSoFar')}</span>`}</p>
    <ul class="plain small">
      ${movesOf(draft, better).map(
        ({ sku, from, to }) =>
          html`<li>${word('change.moved', { name: nameOf(sku), from: shelfName(from), to: shelfName(to) })}</li>`,
      )}
    </ul>
    ${adopt ? html`<button class="button" id="adopt" type="button" @click=${adopt}>${icon('check')}${word('adopt')}</button>` : nothing}
  </section>`
}

function pairs({ nameOf }: { nameOf: (sku: string) => string }, lint: PlanogramLint) {
  if (lint.pairs.length === 0)
    return html`<p class="soft small">${icon('circle-check')}${word('noPairs')}</p>`
  const hidden = lint.pairs.length - PAIRS_SHOWN
  return html`<section aria-labelledby="lint-pairs">
    <h3 id="lint-pairs">${word('pairs')}</h3>
    <ul class="ledger">
      ${lint.pairs.slice(0, PAIRS_SHOWN).map((pair) => {
        const [a, b] = pair.skus
        const isBad = pair.verdict === 'indistinguishable'
        const values = {
          a: nameOf(a),
          b: nameOf(b),
          shelf: shelfName(pair.shelf),
          gap: pair.gapGrams.toFixed(1),
          needed: pair.neededGapGrams.toFixed(1),
          count: Math.max(2, Math.round(1 / pair.errorShare)),
        }
        return html`<li>
          <p>${badge(isBad ? 'bad' : 'warn', isBad ? 'circle-alert' : 'triangle-alert', word(`pair.${pair.verdict}`))}</p>
          <p>${word('pairText', values)}${pair.samePrice ? html` <span class="soft">${word('pairSamePrice')}</span>` : nothing}</p>
        </li>`
      })}
    </ul>
    ${hidden > 0 ? html`<p class="soft small">${word('morePairs', { count: hidden })}</p>` : nothing}
  </section>`
}
