import type { Flag, Point, Profile } from '#protocol/wire/profile.ts'
import type { RegisterKind, RegisterRange } from './register-bus.ts'

/** What one request fetched. null: it failed, and everything that lies in it is stale. */
export interface FetchedRange {
  readonly range: RegisterRange
  readonly words: readonly number[] | null
}

function kindOf(place: { kind?: RegisterKind }): RegisterKind {
  return place.kind ?? 'holding'
}

/**
 * The requests that fetch these places: a place inside a block of the profile is fetched with the block, any other
 * alone. A block is read as it is declared, because some devices refuse to be read in other pieces.
 */
export function planReads(
  profile: Pick<Profile, 'blocks'>,
  places: ReadonlyArray<Point | Flag>,
): RegisterRange[] {
  const plan = new Map<string, RegisterRange>()
  for (const place of places) {
    const count = 'width' in place && place.width === 32 ? 2 : 1
    const block = profile.blocks.find(
      (one) =>
        one.unit === place.unit &&
        kindOf(one) === kindOf(place) &&
        one.start <= place.register &&
        place.register + count <= one.start + one.count,
    )
    const range: RegisterRange = block
      ? { unit: block.unit, start: block.start, count: block.count, kind: kindOf(block) }
      : { unit: place.unit, start: place.register, count, kind: kindOf(place) }
    plan.set(`${range.unit} ${range.kind} ${range.start} ${range.count}`, range)
  }
  return [...plan.values()]
}

function wordsAt(
  fetched: readonly FetchedRange[],
  place: { unit: number; register: number; kind?: RegisterKind },
  count: number,
): readonly number[] | null {
  for (const { range, words } of fetched) {
    if (words === null || range.unit !== place.unit || range.kind !== kindOf(place)) continue
    const offset = place.register - range.start
    if (offset >= 0 && offset + count <= words.length) return words.slice(offset, offset + count)
  }
  return null
}

/** Raw registers to the integer that the device means. */
export function decodeRaw(
  words: readonly number[],
  point: Pick<Point, 'width' | 'isSigned' | 'wordOrder'>,
): number {
  if (point.width === 16) {
    const raw = words[0] as number
    return point.isSigned && raw >= 0x8000 ? raw - 0x10000 : raw
  }
  const [first, second] = words as [number, number]
  const [high, low] = point.wordOrder === 'low-first' ? [second, first] : [first, second]
  const raw = high * 0x10000 + low
  return point.isSigned && raw >= 0x80000000 ? raw - 0x100000000 : raw
}

/** @returns the physical value, or null when it was not fetched or is one of the device's fault values */
export function decodePoint(fetched: readonly FetchedRange[], point: Point): number | null {
  const words = wordsAt(fetched, point, point.width / 16)
  if (words === null) return null
  const raw = decodeRaw(words, point)
  // A scale of 0.1 leaves binary dust (0.30000000000000004); a millionth is below every sensor.
  return point.faultValues.includes(raw) ? null : Math.round(raw * point.scale * 1e6) / 1e6
}

/** @returns null when it was not fetched or is neither of the two declared values (some boards answer 0xFF for an error) */
export function decodeFlag(fetched: readonly FetchedRange[], flag: Flag): boolean | null {
  const words = wordsAt(fetched, flag, 1)
  if (words === null) return null
  if (words[0] === flag.activeValue) return true
  return words[0] === flag.inactiveValue ? false : null
}

/** The raw register value for a physical one. @throws RangeError when it does not fit */
export function encodePoint(value: number, point: Pick<Point, 'scale' | 'isSigned' | 'width'>): number {
  const raw = Math.round(value / point.scale)
  const lowest = point.isSigned ? -0x8000 : 0
  const highest = point.isSigned ? 0x7fff : 0xffff
  if (raw < lowest || raw > highest) throw new RangeError(`${value} does not fit a 16-bit register`)
  return raw & 0xffff
}

/** Every place of a profile by a readable name, for `probe`. */
export function namedPlaces(profile: Profile): Array<{ name: string; unit: string; place: Point | Flag }> {
  const places: Array<{ name: string; unit: string; place: Point | Flag }> = [
    { name: 'lock.isUnlocked', unit: '', place: profile.lock.isUnlocked },
    { name: 'lock.isBoltSeated', unit: '', place: profile.lock.isBoltSeated },
    { name: 'door.isOpen', unit: '', place: profile.door.isOpen },
    ...profile.scales.map((scale) => ({
      name: `scale ${scale.sensor} (shelf ${scale.shelf})`,
      unit: 'g',
      place: scale.netGrams,
    })),
  ]
  if (profile.lock.isKeyTurned)
    places.push({ name: 'lock.isKeyTurned', unit: '', place: profile.lock.isKeyTurned })
  const climate = profile.climate
  if (climate) {
    places.push({ name: 'climate.air', unit: '0.1 °C', place: climate.airDeciCelsius })
    if (climate.secondAirDeciCelsius)
      places.push({ name: 'climate.second-air', unit: '0.1 °C', place: climate.secondAirDeciCelsius })
    if (climate.evaporatorDeciCelsius)
      places.push({ name: 'climate.evaporator', unit: '0.1 °C', place: climate.evaporatorDeciCelsius })
    places.push({ name: 'climate.setpoint', unit: '0.1 °C', place: climate.setpointDeciCelsius })
    if (climate.isCompressorOn)
      places.push({ name: 'climate.isCompressorOn', unit: '', place: climate.isCompressorOn })
    if (climate.isDefrosting)
      places.push({ name: 'climate.isDefrosting', unit: '', place: climate.isDefrosting })
  }
  if (profile.power) places.push({ name: 'power.isMainsOn', unit: '', place: profile.power.isMainsOn })
  return places
}
