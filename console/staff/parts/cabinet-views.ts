import { html, nothing } from 'lit'
import type { CabinetRow } from '#protocol/api/staff/cabinets.ts'
import type { Tone } from '#protocol/words/states.ts'
import { formatCelsius, formatSpan } from '../../data/staff-format.ts'
import { word, wordOr } from '../../words/staff.ts'
import type { IconName } from '../icons.ts'
import type { Services } from '../services.ts'
import { badge, moment } from '../views.ts'

const PRESENCE_LOOK: Record<CabinetRow['presence'], { tone: Tone; icon: IconName }> = {
  online: { tone: 'ok', icon: 'network' },
  suspect: { tone: 'warn', icon: 'help' },
  offline: { tone: 'bad', icon: 'offline' },
  unknown: { tone: 'neutral', icon: 'help' },
}
export function presenceBadge(cabinet: CabinetRow) {
  const look = PRESENCE_LOOK[cabinet.presence]
  return badge(look.tone, look.icon, word(`presence.${cabinet.presence}`))
}

/** Connection first, then what stops sales, then the door: the order in which it matters. */
export function cabinetBadges(services: Services, cabinet: CabinetRow) {
  return html`${presenceBadge(cabinet)}
    ${cabinet.isLockedOut ? badge('bad', 'snowflake', word('lockedOut')) : nothing}
    ${cabinet.isOutOfService ? badge('bad', 'circle-x', word('outOfService')) : nothing}
    ${doorBadge(cabinet)}
    ${cabinet.camera && cabinet.camera !== 'clear' ? badge('warn', 'camera', wordOr(`camera.${cabinet.camera}`, cabinet.camera)) : nothing}
    ${cabinet.alarms > 0 ? badge('warn', 'bell', word('alarmCount', { count: cabinet.alarms })) : nothing}
    <span class="soft small">${dataAsOf(services, cabinet)}</span>`
}
export function doorBadge(cabinet: CabinetRow) {
  if (cabinet.isDoorOpen === null) return badge('neutral', 'help', word('doorUnknown'))
  return cabinet.isDoorOpen
    ? badge('info', 'door-open', word('doorOpen'))
    : badge('neutral', 'door-closed', word('doorClosed'))
}
/** Old values are shown with their age, never as if they were fresh. */
export function dataAsOf(services: Services, cabinet: CabinetRow) {
  if (cabinet.lastHeardMs === null) return word('neverHeard')
  const ageMs = services.time.now() - cabinet.lastHeardMs
  return ageMs < 90_000
    ? html`${word('dataAsOf')} ${moment(services.time, cabinet.lastHeardMs)}`
    : word('dataOld', { span: formatSpan(ageMs), time: services.time.momentText(cabinet.lastHeardMs) })
}
export function cabinetFacts(_services: Services, cabinet: CabinetRow) {
  return html`<dl class="facts">
    <dt>${word('airTemperature')}</dt>
    <dd class="number">${cabinet.airDeciCelsius === null ? html`<span class="soft">${word('notKnown')}</span>` : formatCelsius(cabinet.airDeciCelsius)}</dd>
    <dt>${word('setpoint')}</dt>
    <dd class="number">${formatCelsius(cabinet.setpoint.desired)} <span class="soft small">${word(`setpointShort.${cabinet.setpoint.state}`)}</span></dd>
    <dt>${word('openTickets')}</dt><dd class="number">${cabinet.openTickets}</dd>
  </dl>`
}
