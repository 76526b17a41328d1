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

/** The registers of one place as they came; null when they were not fetched. */
export function wordsAt(
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
  point: Pick<Point, 'width' | 'isSigned' | 'wordOrder' | 'mask'>,
): number {
  const [first = 0, second = 0] = words
  const [high, low] = point.wordOrder === 'low-first' ? [second, first] : [first, second]
  const raw = point.width === 16 ? first : high * 0x10000 + low
  const mask = point.mask ?? (point.width === 16 ? 0xffff : 0xffffffff)
  // Down to the lowest bit of the mask; unsigned throughout, because 32 bits do not fit a signed integer.
  const lowest = mask & -mask
  const value = ((raw & mask) >>> 0) / (lowest >>> 0)
  const span = (mask >>> 0) / (lowest >>> 0) + 1
  return point.isSigned && value >= span / 2 ? value - span : value
}

/** @returns the physical value, or null when it was not fetched or is one of the device's fault values */
export function decodePoint(fetched: readonly FetchedRange[], point: Point): number | null {
  const words = wordsAt(fetched, point, point.width / 16)
  if (words === null) return null
  const raw = decodeRaw(words, point)
  // A scale of 0.1 leaves binary dust (0.30000000000000004); a millionth is below every sensor.
  return point.faultValues.includes(raw) ? null : Math.round(raw * point.scale * 1e6) / 1e6
}

/** `activeValue` and `inactiveValue` are compared after the mask, where they stand. @returns null when it was not fetched or is neither of the two declared values (some boards answer 0xFF for an error) */
export function decodeFlag(fetched: readonly FetchedRange[], flag: Flag): boolean | null {
  const words = wordsAt(fetched, flag, 1)
  if (words === null) return null
  const value = (words[0] as number) & (flag.mask ?? 0xffff)
  if (value === flag.activeValue) return true
  return value === flag.inactiveValue ? false : null
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
    ...[profile, ...(profile.furtherDoors ?? [])].flatMap(({ lock, door }, index) => {
      const which = index === 0 ? '' : `door ${index} `
      return [
        { name: `${which}lock.isUnlocked`, unit: '', place: lock.isUnlocked },
        { name: `${which}lock.isBoltSeated`, unit: '', place: lock.isBoltSeated },
        { name: `${which}door.isOpen`, unit: '', place: door.isOpen },
        ...(lock.isKeyTurned
          ? [{ name: `${which}lock.isKeyTurned`, unit: '', place: lock.isKeyTurned }]
          : []),
      ]
    }),
    ...profile.scales.map((scale) => ({
      name: `scale ${scale.sensor} (shelf ${scale.shelf})`,
      unit: 'g',
      place: scale.netGrams,
    })),
  ]
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
