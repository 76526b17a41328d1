import type { SessionView } from '#protocol/api/consumer.ts'
import type { PageContext } from '../context.ts'
import { html, type Markup, raw } from '../html.ts'
import { icon } from '../icons.ts'
import { live, note } from '../parts.ts'
import { refusalWords } from '../refusals.ts'
import { isErrorCode } from '#protocol/words/errors.ts'
import type { WordKey } from '../words/words.ts'

/** Where the reader stands: the four steps of a visit, or an end without an order. */
const STEPS = ['unlock', 'take', 'weigh', 'order'] as const
interface Phase {
  readonly title: WordKey
  readonly text: WordKey | undefined
  /** Index of the current step; undefined when the visit ended without an order. */
  readonly step: number | undefined
  readonly door: 'closed' | 'open' | 'weighing' | 'done'
}
const PHASES: Record<SessionView['state'], Phase> = {
  requested: { title: 'live.unlocking', text: 'live.unlocking.text', step: 0, door: 'closed' },
  authorised: { title: 'live.unlocking', text: 'live.unlocking.text', step: 0, door: 'closed' },
  unlocking: { title: 'live.unlocking', text: 'live.unlocking.text', step: 0, door: 'closed' },
  opened: { title: 'live.opened', text: 'live.opened.text', step: 1, door: 'open' },
  closed: { title: 'live.closed', text: 'live.closed.text', step: 2, door: 'weighing' },
  reconciled: { title: 'live.reconciled', text: 'live.reconciled.text', step: 3, door: 'weighing' },
  settled: { title: 'live.settled', text: undefined, step: 4, door: 'done' },
  overdue: { title: 'live.overdue', text: 'live.overdue.text', step: 2, door: 'weighing' },
  denied: { title: 'live.denied', text: undefined, step: undefined, door: 'closed' },
  not_opened: { title: 'live.not_opened', text: 'live.not_opened.text', step: undefined, door: 'closed' },
  abandoned: { title: 'live.abandoned', text: 'live.abandoned.text', step: undefined, door: 'closed' },
}
const LIVE_STATES: ReadonlySet<SessionView['state']> = new Set([
  'requested',
  'authorised',
  'unlocking',
  'opened',
  'closed',
  'reconciled',
  'overdue',
])

/** Is something still going to happen by itself? Then the page keeps asking. */
export function isLive(session: Pick<SessionView, 'state'>): boolean {
  return LIVE_STATES.has(session.state)
}

/** The address of the order as soon as it says something. */
export function orderAddress(session: SessionView): string | undefined {
  if (session.orderId === null) return undefined
  const isWorkedOut =
    session.state === 'reconciled' || session.state === 'settled' || session.state === 'overdue'
  return isWorkedOut && session.orderState !== 'open' ? `/o/${session.orderId}` : undefined
}

/** The state of the visit, large. The script asks for news at `data-session` and exchanges this part. */
export function sessionPanel(page: PageContext, session: SessionView): Markup {
  const { t } = page
  const phase = PHASES[session.state]
  const order = orderAddress(session)
  if (order !== undefined && !isLive(session))
    return live(
      'session',
      [session.state, order],
      html`<a class="card link" href="${order}" data-next>${icon('receipt-text')}<span><strong>${t('live.settled')}</strong><br><span class="soft small">${t('live.settled.button')}</span></span>${icon('chevron-right')}</a>`,
      t('live.settled'),
    )
  const denied = session.state === 'denied' ? deniedWords(page, session.deniedReason) : undefined
  const text = denied?.text ?? (phase.text === undefined ? undefined : t(phase.text))
  return live(
    'session',
    [session.state, session.isCabinetOffline, order, session.deniedReason],
    html`<section class="card visit" aria-labelledby="visit"${isLive(session) ? html` data-session="${session.sessionId}"` : false}>
  ${doorDrawing(phase.door)}
  <div class="say">
    <h2 id="visit">${t(phase.title)}</h2>
    ${text === undefined ? false : html`<p>${text}</p>`}
  </div>
  ${phase.step === undefined ? false : steps(page, phase.step)}
  ${session.isCabinetOffline ? note('warn', 'wifi-off', html`<p>${t('live.offline')}</p>`) : false}
  ${denied?.action === undefined ? false : html`<a class="button quiet" href="${denied.action.href}">${denied.action.label}</a>`}
  ${order === undefined ? false : html`<a class="button big" href="${order}" data-next>${t('live.settled.button')}</a>`}
</section>`,
    [t(phase.title), text].filter((part) => part !== undefined).join('. '),
  )
}

function deniedWords(page: PageContext, reason: string | undefined) {
  const code = reason !== undefined && isErrorCode(reason) ? reason : 'internal'
  return refusalWords(page, { code, details: {} })
}

function steps(page: PageContext, current: number): Markup {
  return html`<ol class="steps">${STEPS.map(
    (name, i) =>
      html`<li class="${i < current ? 'done' : i === current ? 'now' : 'next'}"${i === current ? html` aria-current="step"` : false}><span class="dot">${i < current ? icon('check') : false}</span><span>${page.t(`live.step.${name}`)}</span></li>`,
  )}</ol>`
}

/** A cabinet whose door is shut, open, or whose shelves are being weighed. Decoration: the words say the same. */
function doorDrawing(door: Phase['door']): Markup {
  return raw(`<svg class="door door-${door}" viewBox="0 0 120 120" aria-hidden="true" focusable="false">
<rect x="26" y="10" width="68" height="100" rx="9" class="body"/><rect x="33" y="18" width="54" height="78" rx="4" class="inside"/>
<path d="M33 44h54M33 70h54" class="board"/>
<g class="items"><rect x="39" y="29" width="8" height="15" rx="2"/><rect x="50" y="32" width="9" height="12" rx="2"/><rect x="64" y="27" width="7" height="17" rx="3"/><rect x="40" y="55" width="10" height="15" rx="2"/><rect x="66" y="57" width="12" height="13" rx="2"/><rect x="41" y="82" width="14" height="14" rx="2"/><rect x="60" y="79" width="8" height="17" rx="3"/><rect x="72" y="83" width="9" height="13" rx="2"/></g>
<path d="M38 104h12" class="foot"/><path class="leaf" d="${door === 'open' ? 'M33 18l-22-7v92l22-7z' : 'M33 18h54v78H33z'}"/>
${door === 'open' ? '' : '<path class="handle" d="M81 50v16"/>'}
${door === 'weighing' ? '<path class="pulse" d="M37 57h9l4-9 6 18 5-13 3 4h19"/>' : ''}
${door === 'done' ? '<circle class="ok" cx="60" cy="57" r="17"/><path class="tick" d="M52 57.500l6 6 11-12"/>' : ''}
</svg>`)
}
