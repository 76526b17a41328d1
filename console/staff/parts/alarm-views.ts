import { html, nothing } from 'lit'
import type { AlarmList } from '#protocol/api/staff/cabinets.ts'
import type { SensorFaultKind } from '#protocol/weighing/types.ts'
import type { Tone } from '#protocol/words/states.ts'
import { knowsSentence, sentence } from '../../data/staff-evidence.ts'
import { cameraName, formatGrams, shelfName } from '../../data/staff-format.ts'
import { coldWord, coldWordOr } from '../../words/cold.ts'
import { doorWord, hasDoorWord } from '../../words/doors.ts'
import { choose } from '../../words/words.ts'
import { type StaffWord, word, wordOr } from '../../words/staff.ts'
import type { IconName } from '../icons.ts'
import { badge } from '../views.ts'

type AlarmState = AlarmList['alarms'][number]['state']
const LOOK: Record<AlarmState, { tone: Tone; icon: IconName }> = {
  raised: { tone: 'bad', icon: 'bell' },
  acknowledged: { tone: 'warn', icon: 'user' },
  cleared: { tone: 'ok', icon: 'circle-check' },
  shelved: { tone: 'neutral', icon: 'hourglass' },
}
export function alarmBadge(state: AlarmState) {
  return badge(LOOK[state].tone, LOOK[state].icon, word(`alarmState.${state}`))
}

/** What the engine finds, and what the edge says of a scale that is silent: a new kind without a sentence fails the type check. */
const SCALE_FAULTS: Record<SensorFaultKind | 'stale', StaffWord> = {
  absent: 'scaleFault.absent',
  stuck: 'scaleFault.stuck',
  overload: 'scaleFault.overload',
  bit_slips: 'scaleFault.bit_slips',
  drift: 'scaleFault.drift',
  gain: 'scaleFault.gain',
  stale: 'scaleFault.stale',
}
function isScaleFault(kind: unknown): kind is keyof typeof SCALE_FAULTS {
  return typeof kind === 'string' && Object.hasOwn(SCALE_FAULTS, kind)
}

/** Which scale it is, what it does, and what to do about it. */
function scaleSentence({ kind, values }: Pick<AlarmList['alarms'][number], 'kind' | 'values'>) {
  if (kind !== 'sensor_fault') return undefined
  const fault = values['kind']
  const shelf = shelfName(String(values['shelf'] ?? ''))
  const sensor = String(values['sensor'] ?? '')
  const what = word(isScaleFault(fault) ? SCALE_FAULTS[fault] : 'scaleFault.other')
  return word('scaleFault', { shelf, sensor, what })
}

/** Which camera, and what is before it. */
function cameraSentence({ kind, values }: Pick<AlarmList['alarms'][number], 'kind' | 'values'>) {
  if (!kind.startsWith('camera_')) return undefined
  const trouble = values['kind'] ?? kind.slice('camera_'.length)
  return `${cameraName(String(values['camera'] ?? ''))}: ${coldWordOr('trouble', String(trouble))}`
}

/** Which probe and what is wrong with it; why sales were stopped. */
function coldSentence({ kind, values }: Pick<AlarmList['alarms'][number], 'kind' | 'values'>) {
  if (kind === 'probe_fault') {
    const fault = coldWordOr('fault', String(values['fault'] ?? 'silent'))
    return `${coldWordOr('probe', String(values['probe'] ?? 'air'))}: ${fault}`
  }
  if (kind === 'goods_expired')
    return coldWord('expired', {
      shelf: shelfName(String(values['shelf'] ?? '')),
      name: choose({ zh: String(values['nameZh'] ?? ''), en: String(values['nameEn'] ?? '') }),
      date: String(values['expiresOn'] ?? ''),
    })
  if (kind === 'goods_blocked')
    return coldWord('blocked', {
      shelf: shelfName(String(values['shelf'] ?? '')),
      name: choose({ zh: String(values['nameZh'] ?? ''), en: String(values['nameEn'] ?? '') }),
      batch: String(values['batch'] || values['expiresOn'] || ''),
    })
  return kind === 'food_safety_lockout' && values['cause'] !== undefined
    ? coldWordOr('cause', String(values['cause']))
    : undefined
}

/** `s3 -660, s4 12` as a person reads it. */
function changesText(shelves: string): string {
  return shelves.replace(
    /(\S+) (-?\d+)/g,
    (_whole, shelf: string, grams: string) =>
      `${word('shelf', { shelf: shelfName(shelf) })} ${formatGrams(Number(grams))}`,
  )
}

/** Which door, what of it, and what to do; the line to its board. */
function doorSentence({ kind, values }: Pick<AlarmList['alarms'][number], 'kind' | 'values'>) {
  const detail =
    kind === 'door_left_open'
      ? `.${values['level']}`
      : kind === 'stock_unattended'
        ? `.${values['cause']}`
        : kind === 'bus_fault'
          ? `.${values['reason']}`
          : ''
  const key = `${kind}${detail}`
  if (!hasDoorWord(key)) return undefined
  const what = doorWord(key, {
    minutes: Math.max(1, Number(values['minutes'] ?? 1)),
    shelves: changesText(String(values['shelves'] ?? '')),
  })
  return values['door'] === undefined ? what : doorWord('door', { door: values['door'], what })
}

/** What happened, where the name of the alarm alone does not say it. */
export function alarmSentence(alarm: Pick<AlarmList['alarms'][number], 'kind' | 'key' | 'values'>) {
  const known = scaleSentence(alarm) ?? cameraSentence(alarm) ?? coldSentence(alarm) ?? doorSentence(alarm)
  if (known !== undefined) return html`<p class="soft small">${known}</p>`
  if (!knowsSentence(alarm.key)) return nothing
  const text = sentence(alarm.key, alarm.values)
  return text === wordOr(`alarm.${alarm.kind}`, alarm.kind)
    ? nothing
    : html`<p class="soft small">${text}</p>`
}
