import { locale } from '#protocol/words/format.ts'
import { hasWord, word } from '../words/staff.ts'
import { language } from '../words/words.ts'

/** 35 → `3.5 °C`. @param deciCelsius tenths of a degree Celsius */
export function formatCelsius(deciCelsius: number): string {
  const text = (Math.abs(deciCelsius) / 10).toFixed(1)
  return `${deciCelsius < 0 ? '−' : ''}${text} °C`
}

/** 0.9834 → `98.3 %`. Certainty is never rounded up to 100. */
export function formatProbability(probability: number): string {
  const percent = Math.floor(probability * 1000) / 10
  return `${percent.toFixed(percent >= 99.95 ? 0 : 1)} %`
}

/** `330 g`, `−18 g`; whole grams, because the scales are no better. */
export function formatGrams(grams: number): string {
  const rounded = Math.round(grams)
  return `${rounded < 0 ? '−' : ''}${Math.abs(rounded).toLocaleString(locale(language()))} g`
}

/**
 * The length of a wait as a person says it: seconds under a minute, minutes under two hours, then hours, then days.
 * @param ms milliseconds, never negative
 */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `< ${formatSpan(1000)}`
  const [value, unit] = spanOf(ms)
  return new Intl.NumberFormat(locale(language()), { style: 'unit', unit, unitDisplay: 'short' }).format(
    value,
  )
}
function spanOf(ms: number): [number, 'second' | 'minute' | 'hour' | 'day'] {
  if (ms < 60_000) return [Math.floor(ms / 1000), 'second']
  if (ms < 7_200_000) return [Math.floor(ms / 60_000), 'minute']
  if (ms < 172_800_000) return [Math.floor(ms / 3_600_000), 'hour']
  return [Math.floor(ms / 86_400_000), 'day']
}

/** Ids are 32 characters; people compare the last six. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-6)}` : id
}

/** Installers name cameras by where they hang; a name that we have no words for is shown as a name. */
export function cameraName(camera: string): string {
  const key = `cameraName.${camera}`
  return hasWord(key) ? word(key) : word('cameraNamed', { camera })
}

/** Shelves are called s1, s2 … in profiles; people say 1, 2 … Any other name stays as it is. */
export function shelfName(shelf: string): string {
  return /^s\d+$/.test(shelf) ? shelf.slice(1) : shelf
}
