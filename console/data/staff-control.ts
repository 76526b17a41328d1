import type { CommandView, TwinPartView } from '#protocol/api/control.ts'
import { locale } from '#protocol/words/format.ts'
import type { SellingHours } from '#protocol/base/twin-parts.ts'
import { controlWord } from '../words/control.ts'
import { language } from '../words/words.ts'
import { describeCode } from './staff-errors.ts'
import { formatCelsius, formatGrams, formatSpan, shelfName } from './staff-format.ts'

/** Figures come as plain JSON from the cabinet; what is missing or odd is left out, never shown as NaN. */
function numberOf(result: Record<string, unknown> | null, name: string): number | undefined {
  const value = result?.[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
/** Tenths of a gram matter here, unlike for goods. */
function fineGrams(grams: number): string {
  return Math.abs(grams) >= 100
    ? formatGrams(grams)
    : `${grams < 0 ? '−' : ''}${Math.abs(grams).toFixed(1)} g`
}
function signedGrams(grams: number): string {
  return `${grams < 0 ? '−' : '+'}${fineGrams(Math.abs(grams))}`
}

/** The shelf or camera that a command is about, in words. */
export function describeTarget({ args }: Pick<CommandView, 'args'>): string {
  const { shelf } = args
  return typeof shelf === 'string' ? controlWord('shelfNumber', { shelf: shelfName(shelf) }) : ''
}

/** What came of a command that is done. */
export function describeResult({ name, result }: Pick<CommandView, 'name' | 'result'>): string {
  const figure = (key: string) => numberOf(result, key) ?? 0
  switch (name) {
    case 'door.unlock':
    case 'door.lock':
      return controlWord(`result.${name}`)
    case 'scale.tare':
      return controlWord('result.scale.tare', {
        before: fineGrams(figure('beforeGrams')),
        after: fineGrams(figure('afterGrams')),
        noise: fineGrams(figure('noiseGrams')),
      })
    case 'scale.calibrate-empty':
      return controlWord('result.scale.calibrate-empty', {
        empty: fineGrams(figure('emptyGrams')),
        noise: fineGrams(figure('noiseGrams')),
      })
    case 'scale.calibrate':
      return controlWord('result.scale.calibrate', {
        read: fineGrams(figure('readGrams')),
        known: formatGrams(figure('knownGrams')),
        error: signedGrams(figure('errorGrams')),
        gainBefore: figure('gainBefore').toFixed(4),
        gainAfter: figure('gainAfter').toFixed(4),
        zero: signedGrams(figure('zeroChangeGrams')),
      })
    case 'climate.defrost':
      return controlWord('result.climate.defrost', { air: formatCelsius(figure('airDeciCelsius')) })
    case 'lockout.clear':
      return controlWord('result.lockout.clear', {
        goods: controlWord(result?.['goods'] === 'discarded' ? 'goods.discarded' : 'goods.kept'),
      })
    case 'camera.snapshot':
      return controlWord('result.camera.snapshot', { count: picturesOf({ result }).length })
    case 'agent.restart':
      return controlWord('result.agent.restart', {
        before: figure('bootBefore'),
        after: figure('bootAfter'),
      })
    default:
      return ''
  }
}

/** Why a command was refused, failed or is not known, with the figures behind it. */
export function describeReason(command: Pick<CommandView, 'reason' | 'result'>): string {
  const { reason, result } = command
  if (reason === null) return ''
  const texts = [describeCode(reason), ...figuresOf(result)].filter((text) => text !== '')
  return texts.join(language() === 'zh' ? '' : ' ')
}

function figuresOf(result: Record<string, unknown> | null): string[] {
  const figure = (key: string) => numberOf(result, key)
  const texts: string[] = []
  const read = figure('readGrams')
  const most = figure('mostGrams')
  const known = figure('knownGrams')
  const percent = figure('mostPercent')
  if (read !== undefined && most !== undefined)
    texts.push(controlWord('why.readEmpty', { read: formatGrams(read), most: formatGrams(most) }))
  if (read !== undefined && known !== undefined && percent !== undefined)
    texts.push(controlWord('why.readWeight', { read: formatGrams(read), known: formatGrams(known), percent }))
  const noise = figure('noiseGrams')
  const creep = figure('creepGrams')
  if (noise !== undefined && creep !== undefined)
    texts.push(controlWord('why.unsteady', { noise: fineGrams(noise), creep: fineGrams(creep) }))
  const air = figure('airDeciCelsius')
  const warmest = figure('mostDeciCelsius')
  if (air !== undefined && warmest !== undefined)
    texts.push(controlWord('why.warm', { air: formatCelsius(air), most: formatCelsius(warmest) }))
  const waitMs = figure('waitMs')
  if (waitMs !== undefined) texts.push(controlWord('why.wait', { span: formatSpan(waitMs) }))
  const tries = figure('triesLeft')
  if (tries !== undefined) texts.push(controlWord('why.tries', { count: tries }))
  const after = figure('afterGrams')
  if (after !== undefined && read === undefined)
    texts.push(controlWord('why.after', { after: fineGrams(after) }))
  if (typeof result?.['isLocked'] === 'boolean')
    texts.push(controlWord(result['isLocked'] ? 'found.locked' : 'found.unlocked'))
  if (typeof result?.['isDoorOpen'] === 'boolean')
    texts.push(controlWord(result['isDoorOpen'] ? 'found.open' : 'found.closed'))
  if (typeof result?.['isDefrosting'] === 'boolean')
    texts.push(controlWord(result['isDefrosting'] ? 'found.defrosting' : 'found.notDefrosting'))
  return texts
}

export function picturesOf({
  result,
}: Pick<CommandView, 'result'>): Array<{ camera: string; sha256: string }> {
  const pictures = result?.['pictures']
  if (!Array.isArray(pictures)) return []
  return pictures.filter(
    (one): one is { camera: string; sha256: string } =>
      typeof one === 'object' && one !== null && 'camera' in one && 'sha256' in one,
  )
}

/** What is wanted of a part, or what the cabinet says of it, as one line. */
export function describePart(part: TwinPartView['part'], value: unknown): string {
  switch (part) {
    case 'service': {
      const isOut =
        value === true ||
        (typeof value === 'object' &&
          value !== null &&
          'isOutOfService' in value &&
          value.isOutOfService === true)
      return controlWord(isOut ? 'outOfService' : 'inService')
    }
    case 'hours':
      return describeHours(isHours(value) ? value : null)
    case 'camera': {
      const isNeeded =
        typeof value === 'object' &&
        value !== null &&
        'isNeededForSale' in value &&
        value.isNeededForSale === true
      return controlWord(isNeeded ? 'cameraNeeded' : 'cameraFree')
    }
    case 'planogram':
      return typeof value === 'number'
        ? controlWord('version', { version: value })
        : controlWord('noPlanogram')
    case 'lockout':
      return describeLockout(value)
  }
}

function describeLockout(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('isEnabled' in value) || value.isEnabled !== true)
    return controlWord('lockoutOff')
  const { limitDeciCelsius } = value as { limitDeciCelsius?: unknown }
  return controlWord('lockoutOn', {
    limit: typeof limitDeciCelsius === 'number' ? formatCelsius(limitDeciCelsius) : '–',
  })
}

export function isHours(value: unknown): value is SellingHours {
  return typeof value === 'object' && value !== null && 'intervals' in value && Array.isArray(value.intervals)
}

export function describeHours(hours: SellingHours | null): string {
  if (hours === null) return controlWord('always')
  if (hours.intervals.length === 0) return controlWord('never')
  return hours.intervals
    .map(({ days, fromMinute, toMinute }) =>
      controlWord('hoursLine', {
        days: daysText(days),
        from: clockText(fromMinute),
        to: clockText(toMinute),
      }),
    )
    .join('; ')
}

/** `08:30` of the minute 510. */
export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
/** @returns undefined when it is no time of the day */
export function clockMinute(text: string): number | undefined {
  const match = /^(\d{2}):(\d{2})$/.exec(text)
  if (match === null) return undefined
  const minute = Number(match[1]) * 60 + Number(match[2])
  return minute < 24 * 60 ? minute : undefined
}

/** ISO weekday, 1 is Monday, in the reader's language. */
export function dayName(day: number): string {
  // The fifth of January 1970 was a Monday.
  return new Intl.DateTimeFormat(locale(language()), { weekday: 'short', timeZone: 'UTC' }).format(
    Date.UTC(1970, 0, 4 + day),
  )
}
function daysText(days: readonly number[]): string {
  if (days.length === 7) return controlWord('everyDay')
  const sorted = days.toSorted((a, b) => a - b)
  const first = sorted[0] ?? 1
  const last = sorted.at(-1) ?? first
  const isRun = sorted.length > 2 && last - first === sorted.length - 1
  return isRun
    ? `${dayName(first)}–${dayName(last)}`
    : sorted.map(dayName).join(language() === 'zh' ? '、' : ', ')
}
