import { html, nothing, render } from '/vendor/lit-html.js'
import { cabinetView, createHistory, defineArts } from './cabinet-view.js'
import { act as post, follow, load } from './far-end.js'
import { cameraCard, doorCard, fridgeCard, handCard, networkCard, serialCard, shelfCard, visitsCard } from './panels.js'
import { faultText, LANGUAGES, wordsOf } from './words.js'

/** Composition of the workshop page: keeps what the views need, draws on each state. */
const LOG_LINES = 6
const PICTURE_PERIOD_MS = 900
const TOAST_MS = 6000

const query = new URLSearchParams(location.search)
const history = createHistory()
const page = {
  state: undefined,
  setup: undefined,
  visits: [],
  isConnected: true,
  language: chooseLanguage(),
  theme: query.get('theme') ?? localStorage.getItem('workshop-theme') ?? 'auto',
  selected: 's3',
  camera: 'inside',
  putBackTo: new Map(),
  picture: { url: undefined },
  playing: undefined,
  log: [],
  toast: undefined,
}

function chooseLanguage() {
  const wanted = query.get('lang') ?? localStorage.getItem('workshop-language') ?? navigator.language.slice(0, 2)
  return LANGUAGES.includes(wanted) ? wanted : 'en'
}

/** Acts, and shows the simulator's sentence when it refuses. */
async function act(path, body) {
  try {
    return await post(path, body)
  } catch (error) {
    const key = `refused.${error.cause}`
    const known = wordsOf(page.language)(key)
    showToast(known === key ? error.message : known)
    return undefined
  }
}
function showToast(text) {
  page.toast = text
  note({ kind: 'refused', text })
  draw()
  setTimeout(() => {
    if (page.toast === text) page.toast = undefined
    draw()
  }, TOAST_MS)
}
function note(line) {
  const time = new Date().toLocaleTimeString(page.language, { hour12: false })
  page.log = [{ time, ...line }, ...page.log].slice(0, LOG_LINES)
}
async function play(visit) {
  page.playing = visit.title[page.language]
  draw()
  const truth = await act('visit', { name: visit.name })
  page.playing = undefined
  if (truth !== undefined) note({ kind: 'truth', truth })
  draw()
}

/** Fetches one picture after the other; a camera that gives none leaves an empty frame. */
async function watchCamera() {
  for (;;) {
    const next = await fetch(`/camera/${page.camera}/snapshot.jpg`, { cache: 'no-store' })
      .then((answer) => (answer.headers.get('content-type') === 'image/jpeg' ? answer.blob() : undefined))
      .catch(() => undefined)
    if (page.picture.url !== undefined) URL.revokeObjectURL(page.picture.url)
    page.picture = { url: next === undefined ? undefined : URL.createObjectURL(next) }
    draw()
    await new Promise((resolve) => {
      setTimeout(resolve, PICTURE_PERIOD_MS)
    })
  }
}

function header(t) {
  const { state, setup } = page
  const other = page.language === 'zh' ? 'en' : 'zh'
  const { links } = setup
  return html`<header class="top">
    <img src="/favicon.svg" width="34" height="34" alt="">
    <div class="titles"><h1>${t('title')}</h1><p>${t('subtitle')}</p></div>
    <div class="faults ${state.faults.length > 0 ? 'some' : ''}" role="status">
      ${state.faults.length === 0 ? html`<span class="dot"></span>${t('noFaults')}` : state.faults.map((fault) => html`<span class="pill bad">${faultText(fault, t)}</span>`)}
    </div>
    <nav>
      ${links.consumer ? html`<a href=${links.consumer} target="_blank" rel="noopener">${t('consumerPage')}</a>` : nothing}
      <a href=${links.provider} target="_blank" rel="noopener">${t('books')}</a>
      <a href=${links.notices} target="_blank" rel="noopener">${t('messages')}</a>
      <button type="button" class="quiet" @click=${() => act('reset')}>${t('reset')}</button>
      <button type="button" class="quiet" lang=${other} @click=${() => setLanguage(other)}>${other === 'zh' ? '中文' : 'English'}</button>
      <button type="button" class="quiet" aria-label=${t('theme')} title=${t('theme')} @click=${nextTheme}>◐</button>
    </nav>
  </header>`
}

function draw() {
  const { state, setup } = page
  if (state === undefined || setup === undefined) return
  const t = wordsOf(page.language)
  const view = {
    ...page,
    t,
    act,
    play,
    history,
    onTake: (shelf, item) => act('take', { shelf, itemId: item.itemId }),
    onCamera: (camera) => {
      page.camera = camera
      draw()
    },
    onShelf: (shelf) => {
      page.selected = shelf
      draw()
    },
    onPutBackTo: (itemId, shelf) => {
      page.putBackTo.set(itemId, shelf)
      draw()
    },
  }
  render(
    html`${header(t)}
      ${page.isConnected ? nothing : html`<p class="offline" role="alert">${t('offline')}</p>`}
      <main>
        <div class="stage">${cabinetView(view)}</div>
        <div class="side">
          ${doorCard(view)} ${handCard(view)} ${cameraCard(view)} ${shelfCard(view)}
        </div>
        <div class="side">
          ${visitsCard(view)} ${networkCard(view)} ${serialCard(view)} ${fridgeCard(view)}
        </div>
      </main>
      ${page.toast === undefined ? nothing : html`<p class="toast" role="alert">${page.toast}</p>`}`,
    document.getElementById('app'),
  )
}

function setLanguage(language) {
  page.language = language
  localStorage.setItem('workshop-language', language)
  document.documentElement.lang = language
  document.title = wordsOf(language)('title')
  draw()
}
function nextTheme() {
  const isDark = getComputedStyle(document.documentElement).colorScheme.includes('dark')
  page.theme = isDark ? 'light' : 'dark'
  localStorage.setItem('workshop-theme', page.theme)
  document.documentElement.dataset.theme = page.theme
}

async function start() {
  document.documentElement.dataset.theme = page.theme
  document.documentElement.lang = page.language
  document.title = wordsOf(page.language)('title')
  const [setup, visits] = await Promise.all([load('/workshop/setup.json'), load('/control/visits')])
  defineArts(setup)
  const names = new Map(setup.products.map(({ sku, name }) => [sku, name]))
  page.setup = {
    ...setup,
    arts: new Map(setup.products.map(({ sku, art }) => [sku, art])),
    lanes: new Map(setup.shelves.map(({ id, lanes }) => [id, lanes])),
    nameOf: (sku, language) => names.get(sku)?.[language] ?? '?',
  }
  page.visits = visits
  follow(
    (state) => {
      page.state = state
      history.add(state.shelves)
      draw()
    },
    (isConnected) => {
      page.isConnected = isConnected
      draw()
    },
  )
  await watchCamera()
}

await start()
