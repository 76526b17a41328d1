import type { OrderView } from '#protocol/api/consumer.ts'
import { choose, exactClock, type PageContext, shelfNumber } from '../context.ts'
import { html, type Markup } from '../html.ts'
import { icon } from '../icons.ts'
import { isWordKey } from '../words/words.ts'

/** Weight curves as inline SVG, one shelf below the other on one time axis, with the steps numbered as in the list below. */
const WIDTH = 340
const HEIGHT = 94
const LEFT = 8
const RIGHT = 8
const TOP = 24
const BOTTOM = 10
/** A shelf without a step that ends this close to where it began shows no curve: nothing happened there. */
const STILL_GRAMS = 15
/** Noise of a few grams is drawn flat, not as a mountain range. */
const SPAN_LEAST_GRAMS = 80

type Curve = OrderView['weights'][number]
type Step = OrderView['steps'][number]

export function proof(page: PageContext, order: OrderView): Markup {
  const { t } = page
  const known = order.weights.filter((curve) => curve.points.length > 0)
  const silent = order.weights.filter((curve) => curve.points.length === 0)
  const moved = known.filter(
    (curve) => changeOf(curve) >= STILL_GRAMS || order.steps.some((step) => step.shelf === curve.shelf),
  )
  const still = known.filter((curve) => !moved.includes(curve))
  const times = known.flatMap((curve) => curve.points.map(([tMs]) => tMs))
  const span = { fromMs: Math.min(...times, 0), toMs: Math.max(...times, 1) }
  // Times of curves and steps count from the start of the session, which is when the weight trace begins.
  const startMs = order.evidence.find((item) => item.kind === 'weight-trace')?.atMs ?? order.openedAtMs ?? 0
  const snapshots = order.evidence.filter((item) => item.kind === 'snapshot')
  const shown = snapshots.filter((item) => item.isUploaded).sort((a, b) => a.atMs - b.atMs)
  const waiting = snapshots.length - shown.length
  return html`<section class="card" aria-labelledby="evidence"><h2 id="evidence">${t('order.proof')}</h2>
${
  order.weights.length === 0
    ? html`<p class="soft">${t('order.proof.none')}</p>`
    : html`<p class="soft small">${t('order.proof.text')}</p>
  ${moved.map((curve) => chart(page, order, curve, span))}
  ${moved.length === 0 ? false : html`<p class="axis soft small number" aria-hidden="true"><span>${exactClock(page, startMs + span.fromMs)}</span><span>${exactClock(page, startMs + span.toMs)}</span></p>`}
  ${still.length === 0 ? false : html`<p class="soft small">${t('order.proof.unchanged', { shelves: shelfList(page, still) })}</p>`}
  ${silent.length === 0 ? false : html`<p class="soft small">${t('order.proof.silent', { shelves: shelfList(page, silent) })}</p>`}
  ${
    order.steps.length === 0
      ? false
      : html`<ol class="marks">${order.steps.map(
          (step, i) =>
            html`<li><span class="mark ${step.grams < 0 ? 'out' : 'in'}">${i + 1}</span><div><time class="soft small number">${exactClock(page, startMs + step.tMs)}</time> <span class="soft small">${t('shelf.name', { shelf: shelfNumber(step.shelf) })}</span><br>${choose(page, step.explanation)}</div></li>`,
        )}</ol>`
  }`
}
${
  snapshots.length === 0
    ? false
    : html`<h3>${t('order.snapshots')}</h3>
  ${
    shown.length === 0
      ? false
      : html`<ul class="snapshots" tabindex="0" aria-label="${t('order.snapshots')}">${shown.map((item) => {
          const words = { moment: momentWord(page, item.moment), at: exactClock(page, item.atMs) }
          return html`<li><a href="${item.url}"><img src="${item.url}" width="320" height="240" loading="lazy" alt="${t('order.snapshot', words)}"></a><span class="small soft number">${words.at} ${words.moment}</span></li>`
        })}</ul>`
  }
  ${waiting === 0 ? false : html`<p class="soft small">${icon('clock')} ${t('order.snapshot.waiting', { count: waiting })}</p>`}`
}
</section>`
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}
function chart(page: PageContext, order: OrderView, curve: Curve, { fromMs, toMs }: Span): Markup {
  const grams = curve.points.map(([, value]) => value)
  const low = Math.min(...grams)
  const high = Math.max(...grams)
  const span = Math.max(high - low, SPAN_LEAST_GRAMS)
  const x = (tMs: number) => LEFT + ((tMs - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => HEIGHT - BOTTOM - ((value - low) / span) * (HEIGHT - TOP - BOTTOM)
  const line = curve.points
    .map(([tMs, value], i) => `${i === 0 ? 'M' : 'L'}${round(x(tMs))} ${round(y(value))}`)
    .join('')
  const area = `${line}V${HEIGHT - BOTTOM}H${round(x(curve.points[0]?.[0] ?? fromMs))}Z`
  const words = {
    shelf: shelfNumber(curve.shelf),
    from: Math.round(restAtStart(grams)),
    to: Math.round(restAtEnd(grams)),
  }
  const own = order.steps
    .map((step, i) => ({ step, number: i + 1 }))
    .filter(({ step }) => step.shelf === curve.shelf)
  const labels = spread(
    own.map(({ step }) => x(step.tMs)),
    { gap: 17, low: LEFT + 8, high: WIDTH - RIGHT - 8 },
  )
  return html`<figure class="curve">
  <figcaption class="small"><strong>${page.t('shelf.name', { shelf: words.shelf })}</strong> <span class="soft number">${words.from} g → ${words.to} g</span></figcaption>
  <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${page.t('order.proof.chart', words)}">
    <path class="ground" d="M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - RIGHT}"/><path class="area" d="${area}"/><path class="line" d="${line}"/>
    ${own.map(({ step, number }, i) => marker(step, number, { x: x(step.tMs), y: y(weightAt(curve, step.tMs)), labelX: labels[i] ?? 0 }))}
  </svg>
</figure>`
}

function marker(step: Step, number: number, at: { x: number; y: number; labelX: number }): Markup {
  const [x, labelX] = [round(at.x), round(at.labelX)]
  return html`<g class="step ${step.grams < 0 ? 'out' : 'in'}"><path d="M${labelX} 19L${x} 24V${HEIGHT - BOTTOM}"/><circle class="on" cx="${x}" cy="${round(at.y)}" r="2.6"/><circle cx="${labelX}" cy="11" r="8"/><text x="${labelX}" y="14.6" text-anchor="middle">${number}</text></g>`
}

/** Moves labels apart as little as needed, in their order. @param at  sorted wishes */
function spread(at: readonly number[], room: { gap: number; low: number; high: number }): number[] {
  const gap = Math.min(room.gap, (room.high - room.low) / Math.max(1, at.length - 1))
  const placed: number[] = []
  for (const wish of at)
    placed.push(Math.max(wish, room.low, (placed.at(-1) ?? Number.NEGATIVE_INFINITY) + gap))
  let limit = room.high
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.min(placed[i] ?? limit, limit)
    limit = (placed[i] ?? limit) - gap
  }
  return placed
}

function weightAt(curve: Curve, tMs: number): number {
  let grams = curve.points[0]?.[1] ?? 0
  for (const [at, value] of curve.points) {
    if (at > tMs) break
    grams = value
  }
  return grams
}
/** Grams between the rest before and the rest after; a hand that leans in between does not count. */
function changeOf(curve: Curve): number {
  const grams = curve.points.map(([, value]) => value)
  return Math.abs(restAtEnd(grams) - restAtStart(grams))
}
const REST_POINTS = 5
function restAtStart(grams: readonly number[]): number {
  return middle(grams.slice(0, REST_POINTS))
}
function restAtEnd(grams: readonly number[]): number {
  return middle(grams.slice(-REST_POINTS))
}
function middle(grams: readonly number[]): number {
  return grams.toSorted((a, b) => a - b)[Math.floor(grams.length / 2)] ?? 0
}
function shelfList(page: PageContext, curves: readonly Curve[]): string {
  return curves.map((curve) => shelfNumber(curve.shelf)).join(page.language === 'zh' ? '、' : ', ')
}
function momentWord(page: PageContext, name: string): string {
  const key = `order.snapshot.${name}`
  return isWordKey(key) ? page.t(key) : page.t('order.snapshot.step')
}
function round(value: number): number {
  return Math.round(value * 10) / 10
}
