import { nothing, svg } from '/vendor/lit-html.js'

/** The cabinet as a picture. Drawing units are pixels of a 720 × 868 view. */
const WIDTH = 720
const HEIGHT = 868
const LEFT = 46
const RIGHT = 674
const TOP = 112
const PITCH = 142
const HISTORY = 60
/** A sparkline never shows less than this many grams from bottom to top: noise should look like noise. */
const SMALLEST_SPAN_GRAMS = 60

/** Remembers the last weights of each shelf. */
export function createHistory() {
  /** @type {Map<string, Array<number | null>>} */
  const series = new Map()
  return {
    add(shelves) {
      for (const shelf of shelves) {
        const values = series.get(shelf.id) ?? []
        values.push(shelf.grams)
        if (values.length > HISTORY) values.shift()
        series.set(shelf.id, values)
      }
    },
    of: (shelfId) => series.get(shelfId) ?? [],
  }
}

/** Drawings of goods as symbols that the picture refers to. */
export function defineArts(setup) {
  const parser = new DOMParser()
  const arts = [...setup.products.map(({ sku, art }) => [sku, art]), ['', setup.foreign]]
  const symbols = arts.map(
    ([sku, art]) =>
      `<symbol id="art-${sku || 'foreign'}" viewBox="-2 ${-art.height - 6} ${art.width + 4} ${art.height + 8}">${art.svg}</symbol>`,
  )
  const parsed = parser.parseFromString(
    `<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" aria-hidden="true"><defs>${symbols.join('')}</defs></svg>`,
    'image/svg+xml',
  )
  document.body.append(document.importNode(parsed.documentElement, true))
}

export function artSize(setup, sku) {
  return setup.arts.get(sku ?? '') ?? setup.foreign
}

/**
 * @param {{ state: any, setup: any, t: (key: string) => string, language: 'zh' | 'en', history: any, selected: string,
 *   onTake: (shelf: string, item: any) => void, onShelf: (shelf: string) => void }} view
 */
export function cabinetView(view) {
  const { state, t } = view
  return svg`
  <svg class="cabinet" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${t('title')}>
    <defs>
      <linearGradient id="body" x1="0" y1="0" x2="1" y2="0">
        <stop offset="0" class="body-edge"/><stop offset=".06" class="body-face"/>
        <stop offset=".94" class="body-face"/><stop offset="1" class="body-edge"/>
      </linearGradient>
      <linearGradient id="inside" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" class="inside-top"/><stop offset="1" class="inside-bottom"/>
      </linearGradient>
      <linearGradient id="glass" x1="0" y1="0" x2="1" y2="1">
        <stop offset="0" stop-color="#dff1f5" stop-opacity=".30"/><stop offset=".42" stop-color="#cfe6ee" stop-opacity=".06"/>
        <stop offset=".5" stop-color="#ffffff" stop-opacity=".22"/><stop offset=".58" stop-color="#cfe6ee" stop-opacity=".05"/>
        <stop offset="1" stop-color="#bcd8e2" stop-opacity=".2"/>
      </linearGradient>
    </defs>
    <ellipse cx=${WIDTH / 2} cy=${HEIGHT - 8} rx="330" ry="8" class="floor-shadow"/>
    <rect x="14" y="6" width=${WIDTH - 28} height=${HEIGHT - 24} rx="22" fill="url(#body)" class="body"/>
    ${headerView(view)}
    <rect x=${LEFT - 8} y=${TOP - 12} width=${RIGHT - LEFT + 16} height=${PITCH * 5 + 18} rx="10" class="frame"/>
    <rect x=${LEFT} y=${TOP - 6} width=${RIGHT - LEFT} height=${PITCH * 5 + 6} rx="5" fill="url(#inside)"/>
    <rect x=${LEFT} y=${TOP - 6} width=${RIGHT - LEFT} height="5" rx="2.5" class=${state.power.isMainsOn ? 'lamp' : 'lamp off'}/>
    ${state.shelves.map((shelf, index) => shelfView(shelf, index, view))}
    ${state.doors.map((own) => doorView(own, state))}
  </svg>`
}

function headerView({ state, t, setup }) {
  const { climate } = state
  const isFault = climate.probe === 'fault'
  const isCode = state.display !== null
  const celsius = isFault ? '--.-' : (climate.airDeciCelsius / 10).toFixed(1)
  const isWarm = !isFault && climate.airDeciCelsius > 80
  return svg`
    <text x="52" y="56" class="brand">VC · 01</text>
    <text x="52" y="78" class="brand-small">${t('door')} ${t(state.doors.some(({ door }) => door === 'open') ? 'doorOpen' : 'doorClosed')}</text>
    ${codeLink(setup.links.consumer, t)}
    <g transform="translate(500 24)">
      <rect width="174" height="60" rx="10" class="display"/>
      <text x="102" y="42" class=${isFault || isWarm || isCode ? 'led warm' : 'led'} text-anchor="end">${isCode ? state.display : celsius}</text>
      ${isCode ? svg`<title>${t('onSiteCode')}</title>` : svg`<text x="110" y="30" class="led-unit">°C</text>`}
      <text x="110" y="47" class="led-small">${t('setpoint')} ${(climate.setpointDeciCelsius / 10).toFixed(1)}</text>
      <circle cx="158" cy="17" r="4" class=${climate.isCompressorOn ? 'led-dot on' : 'led-dot'}>
        <title>${t(climate.isCompressorOn ? 'compressorOn' : 'compressorOff')}</title>
      </circle>
    </g>`
}

/** The sticker that a consumer scans; here a click does. */
function codeLink(href, t) {
  return svg`
    <a href=${href} target="_blank" rel="noopener" class="code">
      <rect x="268" y="24" width="176" height="60" rx="10" class="code-face"/>
      <g transform="translate(280 33)" class="code-dots">
        <path d="M0,0h14v14h-14z M4,4v6h6v-6z M28,0h14v14h-14z M32,4v6h6v-6z M0,28h14v14h-14z M4,32v6h6v-6z" fill-rule="evenodd"/>
        <path d="M18,0h4v6h-4z M18,10h6v4h-6z M0,18h6v4h-6z M10,18h8v6h-8z M22,18h4v4h-4z M30,18h12v4h-12z M18,28h4v4h-4z M26,26h6v6h-6z M36,26h6v8h-6z M18,36h8v6h-8z M30,36h4v6h-4z M38,38h4v4h-4z"/>
      </g>
      <text x="334" y="60" class="code-text">${t('scan')}</text>
    </a>`
}

function shelfView(shelf, index, view) {
  const floorY = TOP + PITCH * (index + 1) - 34
  const isSelected = view.selected === shelf.id
  return svg`
    <g class=${shelf.isTouched ? 'shelf touched' : 'shelf'}>
      ${goodsView(shelf, floorY, view)}
      <rect x=${LEFT} y=${floorY} width=${RIGHT - LEFT} height="4" class="board"/>
      <g class=${isSelected ? 'rail selected' : 'rail'} tabindex="0" role="button"
        @click=${() => view.onShelf(shelf.id)} @keydown=${onEnter(() => view.onShelf(shelf.id))}>
        <rect x=${LEFT} y=${floorY + 4} width=${RIGHT - LEFT} height="26" class="rail-face"/>
        <text x=${LEFT + 12} y=${floorY + 22} class="rail-id">${shelf.id.toUpperCase()}</text>
        ${sparkline(view.history.of(shelf.id), RIGHT - 262, floorY + 8, 140, 18)}
        <text x=${RIGHT - 12} y=${floorY + 22} text-anchor="end" class=${shelf.fault === 'none' ? 'rail-grams' : 'rail-grams bad'}>
          ${shelf.grams === null ? view.t('scale.fault') : `${shelf.grams.toFixed(1)} g`}
        </text>
      </g>
    </g>`
}

/** Lanes as planned, two rows each; the front row empties first. What has no lane here stands in front. */
function goodsView(shelf, floorY, view) {
  const { setup } = view
  const lanes = setup.lanes.get(shelf.id) ?? []
  const planned = new Set(lanes.map((lane) => lane.sku))
  const strays = shelf.items.filter((item) => !planned.has(item.sku))
  const laid = lanes.map((lane) => {
    const items = shelf.items.filter((item) => item.sku === lane.sku)
    const perRow = Math.max(1, Math.ceil(Math.max(lane.stock, items.length) / 2))
    return { items, perRow, art: artSize(setup, lane.sku) }
  })
  const gap = 22
  const room = RIGHT - LEFT - 30 - gap * Math.max(0, lanes.length - 1)
  const natural = laid.reduce((sum, lane) => sum + lane.perRow * (lane.art.width + 3), 0)
  const scale = Math.min(1.38, room / Math.max(1, natural))
  const stretch = Math.min(1.35, room / Math.max(1, natural * scale))
  const behind = []
  const front = []
  let x = LEFT + 15
  for (const { items, perRow, art } of laid) {
    const step = (art.width + 3) * scale * stretch
    const behindCount = Math.min(items.length, perRow)
    for (const [i, item] of items.entries()) {
      const isBehind = i < behindCount
      const at = x + (isBehind ? i : i - behindCount) * step + (isBehind ? 4 : 0)
      const good = goodView(item, at, floorY - (isBehind ? 9 : 0), isBehind ? scale * 0.92 : scale, isBehind, shelf, view)
      ;(isBehind ? behind : front).push(good)
    }
    x += perRow * step + gap
  }
  for (const [i, item] of strays.entries()) {
    const at = LEFT + 90 + ((i * 197) % (RIGHT - LEFT - 200))
    front.push(goodView(item, at, floorY + 2, scale * 1.06, false, shelf, view))
  }
  return [behind, front]
}

function goodView(item, x, baseY, scale, isBehind, shelf, view) {
  const art = artSize(view.setup, item.sku)
  const width = (art.width + 4) * scale
  const height = (art.height + 8) * scale
  const name = view.setup.nameOf(item.sku, view.language)
  const take = () => view.onTake(shelf.id, item)
  return svg`
    <g class=${isBehind ? 'good behind' : 'good'} tabindex=${isBehind ? -1 : 0} role="button"
      aria-label="${view.t('take')} ${name}" @click=${take} @keydown=${onEnter(take)}>
      <title>${name} · ${item.grams.toFixed(1)} g</title>
      <use href="#art-${item.sku ?? 'foreign'}" x=${x - 2 * scale} y=${baseY + 2 * scale - height} width=${width} height=${height}/>
    </g>`
}

/** A door before its own shelves; they lie one below the other. */
function doorView(own, state) {
  const rows = own.shelves.map((id) => state.shelves.findIndex((shelf) => shelf.id === id))
  const first = state.doors.length === 1 ? 0 : Math.min(...rows)
  const count = state.doors.length === 1 ? 5 : rows.length
  const top = TOP - 10 + first * PITCH
  const height = PITCH * count + (first + count >= 5 ? 14 : 4)
  return own.door === 'open' ? openDoorView(top, height) : closedDoorView(own.lock, top, height)
}

function closedDoorView(lock, top, height) {
  const isReady = !lock.isBoltSeated
  const look = lock.state === 'fault' ? 'bad' : isReady ? 'ready' : 'locked'
  const middle = top + height / 2
  const grip = Math.min(150, height * 0.4)
  return svg`
    <g class="door" pointer-events="none">
      <rect x=${LEFT - 4} y=${top} width=${RIGHT - LEFT + 8} height=${height} rx="8" fill="url(#glass)" class="pane"/>
      <rect x="687" y=${middle} width="11" height=${grip} rx="5.5" class="handle"/>
      <g transform=${`translate(692 ${middle - 30})`} class="padlock ${look}">
        <circle r="16" class="padlock-plate"/>
        <path d=${isReady ? 'M-5,-3 v-4 a5,5 0 0 1 9.4,-2.4' : 'M-5,-3 v-4 a5,5 0 0 1 10,0 v4'} class="shackle"/>
        <rect x="-7.5" y="-3" width="15" height="11" rx="2.5" class="padlock-body"/>
      </g>
    </g>`
}

function openDoorView(top, height) {
  return svg`
    <g class="door open" pointer-events="none">
      <path d="M${RIGHT + 6},${top} L${WIDTH - 2},${top - 34} L${WIDTH - 2},${top + height + 30} L${RIGHT + 6},${top + height} Z" class="leaf"/>
      <path d="M${WIDTH - 12},${top + height / 2 - 20} v${Math.min(120, height * 0.35)}" class="leaf-handle"/>
    </g>`
}

function sparkline(values, x, y, width, height) {
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return nothing
  const middle = (Math.max(...known) + Math.min(...known)) / 2
  const span = Math.max(SMALLEST_SPAN_GRAMS, (Math.max(...known) - Math.min(...known)) * 1.1)
  const step = width / (HISTORY - 1)
  let path = ''
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    const px = x + width - (values.length - 1 - i) * step
    const py = y + height / 2 - ((value - middle) / span) * height
    path += `${path === '' || values[i - 1] === null ? 'M' : 'L'}${px.toFixed(1)},${py.toFixed(1)}`
  }
  return svg`<path d=${path} class="spark"/>`
}

function onEnter(run) {
  return (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    run()
  }
}
