import { html, LitElement, type PropertyValues } from 'lit'
import { customElement, property, query, state } from 'lit/decorators.js'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface ChartLine {
  readonly label: string
  readonly values: ReadonlyArray<number | null>
  /** Name of a custom property, `--chart-1` for example. */
  readonly colour: string
  readonly isStep?: boolean
  readonly isDashed?: boolean
  readonly isFaint?: boolean
}
/** An interval shaded over the whole height, or between two values. */
export interface ChartBand {
  readonly label: string
  readonly colour: string
  readonly fromMs?: number
  readonly toMs?: number
  readonly fromValue?: number
  readonly toValue?: number
}
export interface ChartData {
  readonly atMs: readonly number[]
  readonly lines: readonly ChartLine[]
  readonly bands: readonly ChartBand[]
  readonly fromMs: number
  readonly toMs: number
  /** Values that the axis must show even when no line reaches them. */
  readonly keepInView: readonly number[]
  /** Counts: the axis begins at nothing and names whole numbers only. */
  readonly isCount?: boolean
}
export interface ChartWords {
  readonly name: string
  readonly formatTime: (atMs: number) => string
  readonly formatTick: (atMs: number) => string
  readonly formatValue: (value: number) => string
  readonly nothing: string
  /** Of the axis; degrees when left out. */
  readonly formatAxis?: (value: number) => string
}

const HEIGHT = 240

/** uPlot with a cursor that the arrow keys move and a sentence that says what is under it. */
@customElement('time-chart')
export class TimeChart extends LitElement {
  @property({ attribute: false }) data!: ChartData
  @property({ attribute: false }) words!: ChartWords
  @state() private cursor = -1
  @query('.plot') private plotBox!: HTMLElement
  #plot: uPlot | undefined
  #observer = new ResizeObserver(([entry]) => {
    if (entry && this.#plot)
      this.#plot.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT })
  })
  #scheme = matchMedia('(prefers-color-scheme: dark)')
  #themes = new MutationObserver(() => this.#draw())
  readonly #redraw = () => this.#draw()

  protected override createRenderRoot(): HTMLElement {
    return this
  }
  override connectedCallback(): void {
    super.connectedCallback()
    this.#scheme.addEventListener('change', this.#redraw)
    this.#themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#scheme.removeEventListener('change', this.#redraw)
    this.#themes.disconnect()
    this.#observer.disconnect()
    this.#plot?.destroy()
    this.#plot = undefined
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed)
    if (changed.has('data') || changed.has('words')) this.#draw()
  }

  protected override render() {
    const last = this.data.atMs.length - 1
    return html`<div
        class="plot"
        role="slider"
        tabindex="0"
        aria-label=${this.words.name}
        aria-valuemin="0"
        aria-valuemax=${Math.max(0, last)}
        aria-valuenow=${Math.max(0, this.cursor)}
        aria-valuetext=${this.#sentence()}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      ></div>
      <p class="readout">${this.#sentence()}</p>`
  }

  #sentence(): string {
    const { atMs, lines } = this.data
    const index = this.cursor < 0 ? lastWithValue(this.data) : this.cursor
    const at = atMs[index]
    if (at === undefined) return this.words.nothing
    const values = lines.flatMap((line) => {
      const value = line.values[index]
      return value === null || value === undefined ? [] : [`${line.label} ${this.words.formatValue(value)}`]
    })
    return [this.words.formatTime(at), ...values].join(' · ')
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.data.atMs.length - 1
    const step = event.shiftKey ? 10 : 1
    const from = this.cursor < 0 ? lastWithValue(this.data) : this.cursor
    let next: number
    switch (event.key) {
      case 'ArrowLeft':
        next = Math.max(0, from - step)
        break
      case 'ArrowRight':
        next = Math.min(last, from + step)
        break
      case 'Home':
        next = 0
        break
      case 'End':
        next = last
        break
      default:
        return
    }
    event.preventDefault()
    this.cursor = next
    const at = this.data.atMs[next]
    if (this.#plot && at !== undefined)
      this.#plot.setCursor({ left: this.#plot.valToPos(at / 1000, 'x'), top: 20 })
  }

  #draw(): void {
    if (!this.isConnected || !this.data) return
    this.#plot?.destroy()
    const { data, words } = this
    const colours = getComputedStyle(this)
    const colour = (name: string) => resolveColour(this, colours.getPropertyValue(name))
    const ink = colour('--ink-soft')
    const grid = colour('--line-soft')
    const options: uPlot.Options = {
      width: Math.max(200, this.plotBox.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: [data.fromMs / 1000, data.toMs / 1000] },
        y: {
          range: (_plot, low, high) =>
            data.isCount === true
              ? [0, Math.max(4, Math.ceil((high ?? 0) * 1.1))]
              : rangeWith(low, high, data.keepInView),
        },
      },
      axes: [
        {
          stroke: ink,
          grid: { stroke: grid, width: 1 },
          ticks: { show: false },
          size: 28,
          space: 80,
          values: (_plot, splits) => splits.map((split) => words.formatTick(split * 1000)),
        },
        {
          stroke: ink,
          grid: { stroke: grid, width: 1 },
          ticks: { show: false },
          size: 44,
          values: (_plot, splits) => splits.map(this.words.formatAxis ?? ((split) => `${split}°`)),
        },
      ],
      series: [
        {},
        ...data.lines.map(
          (line): uPlot.Series => ({
            label: line.label,
            stroke: colour(line.colour),
            width: line.isFaint ? 1 : 2,
            alpha: line.isFaint ? 0.45 : 1,
            points: { show: false },
            spanGaps: Boolean(line.isStep),
            ...(line.isDashed ? { dash: [6, 4] } : {}),
            ...(line.isStep ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
          }),
        ),
      ],
      hooks: {
        drawClear: [(plot) => drawBands(plot, data, colour)],
        setCursor: [
          (plot) => {
            if (typeof plot.cursor.idx === 'number' && plot.cursor.idx !== this.cursor)
              this.cursor = plot.cursor.idx
          },
        ],
      },
    }
    const columns: uPlot.AlignedData = [
      data.atMs.map((atMs) => atMs / 1000),
      ...data.lines.map((line) => [...line.values]),
    ]
    this.#plot = new uPlot(options, columns, this.plotBox)
    this.#observer.observe(this.plotBox)
  }
}

function lastWithValue(data: ChartData): number {
  const first = data.lines[0]
  return first ? first.values.findLastIndex((value) => value !== null) : -1
}

function rangeWith(low: number | null, high: number | null, keep: readonly number[]): [number, number] {
  const values = [...keep, ...(low === null ? [] : [low]), ...(high === null ? [] : [high])]
  if (values.length === 0) return [0, 10]
  return [Math.floor(Math.min(...values) - 1), Math.ceil(Math.max(...values) + 1)]
}

/** The canvas does not know `light-dark()` or custom properties: the browser resolves them on an element. */
function resolveColour(host: HTMLElement, value: string): string {
  const probe = document.createElement('i')
  probe.style.color = value
  host.append(probe)
  const resolved = getComputedStyle(probe).color
  probe.remove()
  return resolved
}

function drawBands(plot: uPlot, data: ChartData, colour: (name: string) => string): void {
  const { ctx, bbox } = plot
  ctx.save()
  for (const band of data.bands) {
    const left =
      band.fromMs === undefined
        ? bbox.left
        : plot.valToPos(Math.max(band.fromMs, data.fromMs) / 1000, 'x', true)
    const right =
      band.toMs === undefined
        ? bbox.left + bbox.width
        : plot.valToPos(Math.min(band.toMs, data.toMs) / 1000, 'x', true)
    const top =
      band.toValue === undefined ? bbox.top : Math.max(bbox.top, plot.valToPos(band.toValue, 'y', true))
    const bottom =
      band.fromValue === undefined
        ? bbox.top + bbox.height
        : Math.min(bbox.top + bbox.height, plot.valToPos(band.fromValue, 'y', true))
    if (right <= bbox.left || left >= bbox.left + bbox.width || bottom <= top) continue
    ctx.fillStyle = colour(band.colour)
    ctx.fillRect(left, top, Math.max(2, right - left), bottom - top)
  }
  ctx.restore()
}

declare global {
  interface HTMLElementTagNameMap {
    'time-chart': TimeChart
  }
}
