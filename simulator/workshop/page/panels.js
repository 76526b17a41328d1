import { html, nothing, svg } from '/vendor/lit-html.js'
import { artSize } from './cabinet-view.js'

const CAMERA_MODES = ['clear', 'covered', 'dark', 'frozen', 'moved', 'blurred', 'unreachable', 'wrong-type']
const PROBE_MODES = ['ok', 'fault', 'short', 'stuck', 'jumping', 'apart']
const NETWORK_MODES = ['ok', 'cut', 'half-open', 'hold-downstream']
const SERIAL_MODES = ['ok', 'unplugged', 'silent', 'noise', 'bad-crc', 'slow']
const LOCK_FAULTS = ['none', 'jammed', 'refuses', 'undone']
const SCALE_FAULTS = ['none', 'stuck', 'drift', 'fault']
/** The weight that a technician carries, and how wrong a worn cell reads. */
const KNOWN_GRAMS = 2000
const WORN_GAIN = 0.97
const DELAYS_MS = [0, 300, 1500, 6000]

/** One of several, the present one marked. The first is the healthy one, unless all are alike. */
function choice(label, values, present, text, onPick, areAlike = false) {
  return html`<div class="choice" role="radiogroup" aria-label=${label}>
    ${values.map(
      (value, index) => html`<button type="button" role="radio" aria-checked=${String(value === present)}
        class=${value === present ? (index === 0 || areAlike ? 'on' : 'on fault') : ''} @click=${() => onPick(value)}>${text(value)}</button>`,
    )}
  </div>`
}

function card(title, note, contents, name) {
  return html`<section class="card ${name}"><header><h2>${title}</h2><span class="note">${note}</span></header>${contents}</section>`
}

/** One card a door; a cabinet with several says which is which, and what is behind it. */
export function doorCard({ state, t, act }) {
  return state.doors.map((own, door) => {
    const title = state.doors.length === 1 ? t('door') : `${t('door')} ${door + 1} · ${own.shelves.join(' ')}`
    return oneDoor({ own, title, t, act: (path, body) => act(path, door === 0 ? body : { ...body, door }) })
  })
}
function oneDoor({ own, title, t, act }) {
  const { lock } = own
  const isOpen = own.door === 'open'
  const isReady = !isOpen && !lock.isBoltSeated
  const word = { locked: 'locked', unlocked: 'unlocked', fault: 'lockFault' }[lock.state]
  return card(
    title,
    html`<span class="pill ${isOpen ? 'busy' : isReady ? 'ready' : ''}">${t(isOpen ? 'doorOpen' : 'doorClosed')}</span>
      <span class="pill ${lock.state === 'fault' ? 'bad' : lock.state === 'unlocked' ? 'ready' : ''}">${t(word)}</span>
      <span class="pill ${lock.isBoltSeated ? '' : 'busy'}">${t(lock.isBoltSeated ? 'boltSeated' : 'boltFree')}</span>`,
    html`<div class="row">
        <button type="button" class="big ${isReady || isOpen ? 'primary' : ''}" @click=${() => act('door', { action: isOpen ? 'close' : 'open' })}>
          ${t(isOpen ? 'closeDoor' : 'openDoor')}
        </button>
        <button type="button" @click=${() => act('key', { action: lock.isKeyTurned ? 'remove' : 'turn' })}>
          ${t(lock.isKeyTurned ? 'removeKey' : 'turnKey')}
        </button>
        <button type="button" class="danger" @click=${() => act('door-force', {})} ?disabled=${isOpen}>${t('forceDoor')}</button>
      </div>
      <div class="row labelled"><span>${t('lock')}</span>
        ${choice(`${title}: ${t('lock')}`, LOCK_FAULTS, lock.fault, (value) => t(`lock.${value}`), (fault) => act('lock', { fault }))}
      </div>
      ${lock.fault === 'none' ? nothing : html`<p class="hint">${t(`lockHint.${lock.fault}`)}</p>`}
      ${lock.isKeyTurned ? html`<p class="hint">${t('keyHint')}</p>` : nothing}`,
    'door-card',
  )
}

export function handCard({ state, setup, t, language, act, putBackTo, onPutBackTo }) {
  const shelves = state.shelves.map((shelf) => shelf.id)
  return card(
    t('hand'),
    state.hand.length === 0
      ? nothing
      : html`<button type="button" class="quiet" @click=${() => act('empty-hand')}>${t('leave')}</button>`,
    state.hand.length === 0
      ? html`<p class="hint">${t('handEmpty')}</p>`
      : html`<ul class="tray">
          ${state.hand.map((item) => {
            const art = artSize(setup, item.sku)
            const to = putBackTo.get(item.itemId) ?? item.homeShelf ?? shelves[0]
            return html`<li>
              <button type="button" class="tray-good" title="${t('putBack')} → ${to}" @click=${() => act('put-back', { itemId: item.itemId, shelf: to })}>
                <svg width=${art.width * 0.72} height=${(art.height + 8) * 0.72} aria-hidden="true">
                  ${svg`<use href="#art-${item.sku ?? 'foreign'}" width="100%" height="100%"/>`}
                </svg>
                <span><b>${setup.nameOf(item.sku, language)}</b><small>${item.grams.toFixed(1)} g</small></span>
              </button>
              <label>${t('putBack')}
                <select @change=${(event) => onPutBackTo(item.itemId, event.target.value)}>
                  ${shelves.map((id) => html`<option value=${id} ?selected=${id === to}>${id}</option>`)}
                </select>
              </label>
            </li>`
          })}
        </ul>`,
    'hand-card',
  )
}

export function cameraCard({ state, t, act, picture, camera, onCamera }) {
  const shown = state.cameras.find(({ id }) => id === camera) ?? state.cameras[0]
  return card(
    t('camera'),
    choice(t('camera'), state.cameras.map(({ id }) => id), shown.id, (id) => t(`cameraName.${id}`), onCamera, true),
    html`<div class="picture">
        ${
          picture.url === undefined
            ? html`<p>${t('noPicture')}</p>`
            : html`<img src=${picture.url} width="640" height="480" alt=${t('camera')}>`
        }
      </div>
      ${choice(t('camera'), CAMERA_MODES, shown.mode, (value) => t(`camera.${value}`), (mode) => act('camera', { mode, camera: shown.id }))}`,
    'camera-card',
  )
}

export function networkCard({ state, t, act }) {
  const { network } = state
  const note = network.heldBytes > 0 ? `${t('held')} ${network.heldBytes} B` : `${network.connections} ${t('connections')}`
  return card(
    t('network'),
    note,
    html`${choice(t('network'), NETWORK_MODES, network.mode, (value) => t(`network.${value}`), (mode) => act('network', { mode }))}
      <div class="row labelled"><span>${t('delay')}</span>
        ${choice(t('delay'), DELAYS_MS, network.delayMs, (value) => `${value / 1000} s`, (delayMs) => act('network', { mode: network.mode, delayMs }))}
      </div>`,
    'network-card',
  )
}

export function serialCard({ state, t, act }) {
  const { serial } = state
  return card(
    t('serial'),
    `${serial.requests} ${t('requests')}`,
    html`${choice(t('serial'), SERIAL_MODES, serial.mode, (value) => t(`serial.${value}`), (mode) => act('serial', { mode }))}
      ${serial.mode === 'ok' ? nothing : html`<p class="hint">${t(`serialHint.${serial.mode}`)}</p>`}
      <code class="path">${serial.path}</code>`,
    'serial-card',
  )
}

export function fridgeCard({ state, t, act }) {
  const { climate, power } = state
  const running = climate.isDefrosting ? 'defrosting' : climate.isCompressorOn ? 'compressorOn' : 'compressorOff'
  return card(
    t('fridge'),
    `${(climate.airDeciCelsius / 10).toFixed(1)} °C · ${t(running)}`,
    html`<div class="row">
      ${
        climate.isHeld
          ? html`<button type="button" class="active" @click=${() => act('climate', { hold: false, airDeciCelsius: climate.setpointDeciCelsius })}>${t('release')}</button>`
          : html`<button type="button" @click=${() => act('climate', { airDeciCelsius: 90, hold: true })}>${t('warm')}</button>
            <button type="button" @click=${() => act('climate', { airDeciCelsius: 30 })}>${t('cold')}</button>`
      }
      <button type="button" class=${climate.isDefrosting ? 'active' : ''}
        @click=${() => act('climate', { defrost: !climate.isDefrosting })}>${t(climate.isDefrosting ? 'defrostEnd' : 'defrostStart')}</button>
      <button type="button" class=${power.isMainsOn ? '' : 'active'}
        @click=${() => act('power', { mains: power.isMainsOn ? 'off' : 'on' })}>${t(power.isMainsOn ? 'mainsOff' : 'mainsOn')}</button>
    </div>
    <div class="row labelled"><span>${t('probe')}</span>
      ${choice(t('probe'), PROBE_MODES, climate.probe, (value) => t(`probe.${value}`), (probe) => act('climate', { probe }))}
    </div>`,
    'fridge-card',
  )
}

export function shelfCard({ state, setup, t, language, act, selected, onShelf }) {
  const shelf = state.shelves.find((candidate) => candidate.id === selected) ?? state.shelves[0]
  const lanes = setup.lanes.get(shelf.id) ?? []
  const isWorn = Math.abs(shelf.gain - 1) > 0.01
  return card(
    t('shelfTools'),
    choice(t('shelfTools'), state.shelves.map(({ id }) => id), shelf.id, (id) => id.toUpperCase(), onShelf, true),
    html`<div class="row">
        <button type="button" @click=${() => act('lean', { shelf: shelf.id, grams: 1200, durationMs: 1800 })}>${t('lean')}</button>
        <button type="button" @click=${() => act('touch', { shelf: shelf.id, durationMs: 2000 })}>${t('touch')}</button>
        <button type="button" @click=${() => act('foreign', { shelf: shelf.id, grams: 215 })}>${t('foreign')}</button>
      </div>
      <div class="row labelled"><span>${t('restock')}</span>
        <div class="row">${lanes.map(
          ({ sku }) => html`<button type="button" class="quiet" @click=${() => act('restock', { shelf: shelf.id, sku, quantity: 2 })}>${setup.nameOf(sku, language)}</button>`,
        )}</div>
      </div>
      <div class="row labelled"><span>${t('service')}</span>
        <div class="row">
          <button type="button" @click=${() => act('load', { shelf: shelf.id, action: 'unload' })} ?disabled=${shelf.items.length === 0}>${t('unload')}</button>
          <button type="button" @click=${() => act('load', { shelf: shelf.id, action: 'reload' })} ?disabled=${!state.hand.some((item) => item.homeShelf === shelf.id)}>${t('reload')}</button>
          <button type="button" class=${shelf.weightGrams > 0 ? 'active' : ''} @click=${() => act('weight', { shelf: shelf.id, grams: shelf.weightGrams > 0 ? 0 : KNOWN_GRAMS })}>${t(shelf.weightGrams > 0 ? 'weightOff' : 'weightOn')}</button>
          <button type="button" class=${isWorn ? 'active' : ''} @click=${() => act('cell', { shelf: shelf.id, gain: isWorn ? 1 : WORN_GAIN })}>${t(isWorn ? 'cellRenew' : 'cellWear')}</button>
        </div>
      </div>
      <div class="row labelled"><span>${t('scale')}</span>
        ${choice(t('scale'), SCALE_FAULTS, shelf.fault, (value) => t(`scale.${value}`), (fault) => act('shelf', { shelf: shelf.id, fault }))}
      </div>`,
    'shelf-card',
  )
}

export function visitsCard({ state, visits, t, language, play, playing, log, setup }) {
  return card(
    t('visits'),
    playing === undefined ? t('visitsHint') : html`<span class="pill busy">${t('playing')}${playing}</span>`,
    html`<div class="visits">
        ${visits.map(
          (visit) => html`<button type="button" class="visit" ?disabled=${state.isVisiting} @click=${() => play(visit)}>
            ${visit.title[language]}</button>`,
        )}
      </div>
      ${
        log.length === 0
          ? nothing
          : html`<ol class="log" aria-live="polite">${log.map((line) => html`<li class=${line.kind}><time>${line.time}</time> ${line.truth === undefined ? line.text : truthText(line.truth, t, setup, language)}</li>`)}</ol>`
      }`,
    'visits-card',
  )
}

function truthText(truth, t, setup, language) {
  const goods = Object.entries(truth.taken).map(([sku, count]) => `${setup.nameOf(sku, language)} ×${count}`)
  return `${t('truth')}: ${goods.join(', ') || t('nothing')}`
}
