import { html, nothing, svg } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import {
  evidenceOf,
  gramsAt,
  LANES,
  type Evidence,
  type EvidenceCurve,
  type EvidenceMark,
  type EvidenceSnapshot,
  type Lane,
} from '../../data/staff-evidence.ts'
import { createTimeAxis, type TimeAxis } from '../../data/staff-time-axis.ts'
import { cameraName, formatGrams, formatSpan, shelfName } from '../../data/staff-format.ts'
import { word, wordOr } from '../../words/staff.ts'
import { StaffElement } from '../element.ts'
import { icon } from '../icons.ts'
import { exactTime, moment, tableFrame } from '../views.ts'

const LABEL_WIDTH = 76
const ROW = 26
const CURVE_ROW = 46
const AXIS_ROW = 22
const RIGHT_MARGIN = 10
/** The height of a curve stands for at least this. */
const LEAST_RANGE_GRAMS = 60
/** How near the cursor something must be to be named, milliseconds. */
const NEAR_MS = 700

interface Row {
  readonly lane: Lane
  readonly label: string
  readonly top: number
  readonly height: number
  readonly curve?: EvidenceCurve
  readonly colour: number
}

/** Everything that happened around an order on one time axis; the same beside a ticket and on the order's page. */
@customElement('evidence-axis')
export class EvidenceAxis extends StaffElement {
  @property({ attribute: false }) order!: StaffOrder
  @state() private width = 640
  @state() private cursorMs: number | undefined
  @state() private isTable = false
  @state() private shown: EvidenceSnapshot | undefined
  @query('dialog.viewer') private viewer!: HTMLDialogElement
  #observer = new ResizeObserver(([entry]) => {
    if (entry) this.width = Math.max(200, Math.floor(entry.contentRect.width))
  })

  override connectedCallback(): void {
    super.connectedCallback()
    this.#observer.observe(this)
    this.whileConnected(() => this.#observer.disconnect())
  }
  /** Moves the cursor, for example to the moment of a line. */
  pointAt(atMs: number): void {
    this.cursorMs = atMs
  }

  protected override render() {
    const evidence = evidenceOf(this.order)
    const hasAnything = evidence.marks.length > 0 || evidence.curves.length > 0
    return html`<section class="card evidence" aria-labelledby="evidence-title">
        <header class="card-head">
          <h2 id="evidence-title">${word('evidence')}</h2>
          <button class="quiet" aria-pressed=${this.isTable} @click=${() => (this.isTable = !this.isTable)}>
            ${icon(this.isTable ? 'activity' : 'table')}${word(this.isTable ? 'showChart' : 'showTable')}
          </button>
        </header>
        ${hasAnything ? (this.isTable ? this.#table(evidence) : this.#axis(evidence)) : html`<p class="soft">${word('noEvidence')}</p>`}
        ${this.#film(evidence)}
        ${
          evidence.quietShelves.length > 0
            ? html`<p class="soft small">${word('quietShelves', { shelves: evidence.quietShelves.map(shelfName).join(', ') })}</p>`
            : nothing
        }
      </section>
      ${this.#viewer(evidence)}`
  }

  #axis(evidence: Evidence) {
    const rows = rowsOf(evidence)
    const height = (rows.at(-1)?.top ?? 0) + (rows.at(-1)?.height ?? 0) + AXIS_ROW
    const times = evidence.marks.flatMap((mark) =>
      mark.toMs === null ? [mark.fromMs] : [mark.fromMs, mark.toMs],
    )
    for (const curve of evidence.curves) for (const [atMs] of curve.points) times.push(atMs)
    const axis = createTimeAxis(times, this.width - LABEL_WIDTH - RIGHT_MARGIN)
    const firstMs = Math.min(...times)
    const lastMs = Math.max(...times)
    const cursorMs = this.cursorMs ?? evidence.marks.find((mark) => mark.lane === 'weight')?.fromMs ?? firstMs
    return html`<div
        class="axis"
        role="slider"
        tabindex="0"
        aria-label=${word('evidenceCursor')}
        aria-valuemin=${firstMs}
        aria-valuemax=${lastMs}
        aria-valuenow=${Math.round(cursorMs)}
        aria-valuetext=${this.#cursorText(evidence, cursorMs)}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event, evidence, cursorMs, firstMs, lastMs)}
        @pointermove=${(event: PointerEvent) => this.#onPointer(event, axis)}
        @pointerdown=${(event: PointerEvent) => this.#onPointer(event, axis)}
      >
        <svg width=${this.width} height=${height} viewBox="0 0 ${this.width} ${height}" aria-hidden="true">
          ${rows.map((row) => this.#row(row, evidence, axis))} ${this.#ticks(axis, height)}
          ${svg`<line class="axis-cursor" x1=${LABEL_WIDTH + axis.x(cursorMs)} x2=${LABEL_WIDTH + axis.x(cursorMs)} y1="0" y2=${height - AXIS_ROW} />`}
        </svg>
      </div>
      ${this.#readout(evidence, cursorMs)}`
  }

  #row(row: Row, evidence: Evidence, axis: TimeAxis) {
    const middle = row.top + row.height / 2
    return svg`<g class="lane lane-${row.lane}">
      <text class="lane-label" x="0" y=${row.curve ? row.top + 16 : middle + 4}>${row.label}</text>
      <line class="lane-line" x1=${LABEL_WIDTH} x2=${this.width} y1=${row.top + row.height} y2=${row.top + row.height} />
      ${row.curve ? this.#curve(row, row.curve, axis) : nothing}
      ${
        row.curve
          ? nothing
          : evidence.marks
              .filter((mark) => mark.lane === row.lane)
              .map((mark) => this.#mark(mark, middle, axis))
      }
    </g>`
  }

  #curve(row: Row, curve: EvidenceCurve, axis: TimeAxis) {
    const grams = curve.points.map(([, value]) => value)
    const lowest = Math.min(...grams)
    // Never stretched so far that the noise of a scale looks like a hand.
    const spread = Math.max(...grams) - lowest
    const range = Math.max(LEAST_RANGE_GRAMS, spread)
    const bottom = lowest - (range - spread) / 2
    const y = (value: number) => row.top + row.height - 8 - ((value - bottom) / range) * (row.height - 16)
    let path = ''
    for (const [atMs, value] of curve.points) {
      const x = LABEL_WIDTH + axis.x(atMs)
      path +=
        path === '' ? `M${x.toFixed(1)} ${y(value).toFixed(1)}` : `H${x.toFixed(1)}V${y(value).toFixed(1)}`
    }
    const first = grams[0] ?? 0
    const last = grams.at(-1) ?? 0
    return svg`<path class="curve chart-${row.colour}" d=${path} />
      <text class="curve-delta chart-text-${row.colour}" x="0" y=${row.top + 32}>${formatGrams(last - first)}</text>`
  }

  #mark(mark: EvidenceMark, y: number, axis: TimeAxis) {
    const x = LABEL_WIDTH + axis.x(mark.fromMs)
    const tone = `mark tone-${mark.tone}`
    if (mark.toMs !== null) {
      const width = Math.max(3, LABEL_WIDTH + axis.x(mark.toMs) - x)
      return svg`<rect class=${tone} x=${x} y=${y - 6} width=${width} height="12" rx="3"><title>${mark.text}</title></rect>`
    }
    if (mark.lane === 'snapshot') {
      return svg`<g class=${`${tone} pin`} @click=${() => mark.snapshot && this.#show(mark.snapshot)}><title>${mark.text}</title>
        <path d="M${x} ${y + 8}l-5-7a6 6 0 1 1 10 0z" /><circle class="pin-eye" cx=${x} cy=${y - 3} r="2.2" /></g>`
    }
    if (mark.lane === 'charge' || mark.lane === 'refund') {
      return svg`<path class=${tone} d="M${x} ${y - 7}l7 7-7 7-7-7z"><title>${mark.text}</title></path>`
    }
    return svg`<circle class=${tone} cx=${x} cy=${y} r="5"><title>${mark.text}</title></circle>`
  }

  #ticks(axis: TimeAxis, height: number) {
    const y = height - AXIS_ROW
    const { time } = this.services
    return axis.segments.map((segment, index) => {
      const fromX = LABEL_WIDTH + segment.fromX
      const toX = LABEL_WIDTH + segment.toX
      const next = axis.segments[index + 1]
      const hasRoomForTwo = toX - fromX > 130
      return svg`
        <line class="axis-line" x1=${fromX} x2=${toX} y1=${y} y2=${y} />
        <text class="tick" x=${fromX} y=${y + 15}>${hasRoomForTwo ? time.exactText(segment.fromMs) : time.clockText((segment.fromMs + segment.toMs) / 2)}</text>
        ${hasRoomForTwo ? svg`<text class="tick" text-anchor="end" x=${toX} y=${y + 15}>${time.exactText(segment.toMs)}</text>` : nothing}
        ${
          next
            ? svg`<path class="axis-break" d="M${toX + 7} 0V${y + 4}M${toX + 27} 0V${y + 4}" />
              <text class="tick gap" text-anchor="middle" transform="rotate(-90 ${toX + 20} ${y / 2})" x=${toX + 20} y=${y / 2}>${word('axisGap', { span: formatSpan(next.fromMs - segment.toMs) })}</text>`
            : nothing
        }`
    })
  }

  #readout(evidence: Evidence, atMs: number) {
    const near = nearMarks(evidence, atMs)
    return html`<div class="readout">
      <b>${exactTime(this.services.time, atMs)}</b>
      ${evidence.curves.map((curve, index) => {
        const grams = gramsAt(curve, atMs)
        return grams === undefined
          ? nothing
          : html`<span class="readout-value"><i class="swatch chart-bg-${(index % 6) + 1}"></i>${word('shelf', { shelf: shelfName(curve.shelf) })} <span class="number">${formatGrams(grams)}</span></span>`
      })}
      ${near.map((mark) => html`<span class="readout-mark tone-text-${mark.tone}">${mark.text}</span>`)}
    </div>`
  }

  #cursorText(evidence: Evidence, atMs: number): string {
    // Some marks are sentences already.
    const near = nearMarks(evidence, atMs).map((mark) => mark.text.replace(/[.。]$/u, ''))
    return [this.services.time.exactText(atMs), ...near].join('. ')
  }

  #onKey(event: KeyboardEvent, evidence: Evidence, cursorMs: number, firstMs: number, lastMs: number): void {
    const moments = [
      ...new Set(evidence.marks.flatMap((mark) => [mark.fromMs, mark.toMs ?? mark.fromMs])),
    ].sort((a, b) => a - b)
    const stepMs = event.shiftKey ? 1000 : 0
    switch (event.key) {
      case 'ArrowRight':
        this.cursorMs = stepMs
          ? Math.min(lastMs, cursorMs + stepMs)
          : (moments.find((atMs) => atMs > cursorMs + 1) ?? lastMs)
        break
      case 'ArrowLeft':
        this.cursorMs = stepMs
          ? Math.max(firstMs, cursorMs - stepMs)
          : (moments.findLast((atMs) => atMs < cursorMs - 1) ?? firstMs)
        break
      case 'Home':
        this.cursorMs = firstMs
        break
      case 'End':
        this.cursorMs = lastMs
        break
      case 'Enter': {
        const pin = nearMarks(evidence, cursorMs).find((mark) => mark.snapshot)
        if (pin?.snapshot) this.#show(pin.snapshot)
        break
      }
      default:
        return
    }
    event.preventDefault()
  }

  #onPointer(event: PointerEvent, axis: TimeAxis): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const x = event.clientX - box.left - LABEL_WIDTH
    if (x >= 0) this.cursorMs = axis.at(x)
  }

  #table(evidence: Evidence) {
    return tableFrame(
      'evidence',
      html`<table class="table compact">
        <caption class="aloud">${word('evidence')}</caption>
        <thead><tr><th scope="col">${word('time')}</th><th scope="col">${word('lane')}</th><th scope="col">${word('what')}</th></tr></thead>
        <tbody>
          ${evidence.marks.map(
            (mark) => html`<tr>
              <td>${exactTime(this.services.time, mark.fromMs)}${mark.toMs === null ? nothing : html` – ${exactTime(this.services.time, mark.toMs)}`}</td>
              <td class="soft">${word(`lane.${mark.lane}`)}</td>
              <td>${mark.text}</td>
            </tr>`,
          )}
        </tbody>
      </table>`,
    )
  }

  #film(evidence: Evidence) {
    if (evidence.snapshots.length === 0) return nothing
    return html`<ul class="film" aria-label=${word('snapshots')}>
      ${evidence.snapshots.map(
        (snapshot) => html`<li>
          <button class="shot" @click=${() => this.#show(snapshot)} ?disabled=${!snapshot.isUploaded}>
            ${
              snapshot.isUploaded
                ? html`<img src=${snapshot.url} alt="" loading="lazy" width="86" height="64" />`
                : html`<span class="shot-missing">${icon('hourglass')}</span>`
            }
            <span class="shot-text"><span>${snapshot.isUploaded ? wordOr(`moment.${snapshot.moment}`, snapshot.moment) : word('stillAtCabinet')}</span>${exactTime(this.services.time, snapshot.atMs)}</span>
          </button>
        </li>`,
      )}
    </ul>`
  }

  #show(snapshot: EvidenceSnapshot): void {
    if (!snapshot.isUploaded) return
    this.shown = snapshot
    this.cursorMs = snapshot.atMs
    if (!this.viewer.open) this.viewer.showModal()
  }

  #viewer(evidence: Evidence) {
    const { shown } = this
    const ready = evidence.snapshots.filter((snapshot) => snapshot.isUploaded)
    const index = shown
      ? ready.findIndex((snapshot) => snapshot.sha256 === shown.sha256 && snapshot.atMs === shown.atMs)
      : -1
    const go = (step: number) => {
      const next = ready[index + step]
      if (next) this.#show(next)
    }
    return html`<dialog
      class="dialog viewer"
      aria-labelledby="viewer-title"
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'ArrowRight') go(1)
        else if (event.key === 'ArrowLeft') go(-1)
      }}
    >
      <header class="dialog-head">
        <h2 id="viewer-title">
          ${shown ? html`${wordOr(`moment.${shown.moment}`, shown.moment)} · ${moment(this.services.time, shown.atMs)} · ${cameraName(shown.camera)}` : word('snapshots')}
        </h2>
        <button class="icon-button" aria-label=${word('close')} @click=${() => this.viewer.close()}>${icon('x')}</button>
      </header>
      ${
        shown
          ? html`<img class="viewer-image" src=${shown.url} alt=${word('snapshotAlt', { moment: wordOr(`moment.${shown.moment}`, shown.moment), time: this.services.time.exactText(shown.atMs) })} />`
          : nothing
      }
      <footer class="dialog-foot">
        <span class="soft small grow">${word('viewAudited')}</span>
        <button class="button" ?disabled=${index <= 0} @click=${() => go(-1)}>${word('previous')}</button>
        <button class="button" ?disabled=${index < 0 || index >= ready.length - 1} @click=${() => go(1)}>${word('next')}</button>
      </footer>
    </dialog>`
  }
}

function rowsOf(evidence: Evidence): Row[] {
  const rows: Row[] = []
  let top = 4
  const add = (row: Omit<Row, 'top'>) => {
    rows.push({ ...row, top })
    top += row.height
  }
  for (const lane of LANES) {
    if (lane === 'weight') {
      evidence.curves.forEach((curve, index) =>
        add({
          lane,
          label: word('shelf', { shelf: shelfName(curve.shelf) }),
          height: CURVE_ROW,
          curve,
          colour: (index % 6) + 1,
        }),
      )
    } else if (evidence.marks.some((mark) => mark.lane === lane)) {
      add({ lane, label: word(`lane.${lane}`), height: ROW, colour: 1 })
    }
  }
  return rows
}

function nearMarks(evidence: Evidence, atMs: number): EvidenceMark[] {
  return evidence.marks.filter((mark) =>
    mark.toMs === null ? Math.abs(mark.fromMs - atMs) <= NEAR_MS : mark.fromMs <= atMs && atMs <= mark.toMs,
  )
}

declare global {
  interface HTMLElementTagNameMap {
    'evidence-axis': EvidenceAxis
  }
}
