import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Clock } from '#protocol/base/clock.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { framedUnitOf } from './framed-exchange.ts'
import { type Asked, covers, type Place } from './probe-answers.ts'
import { type Finding, findings } from './probe-findings.ts'
import type { RegisterBus, RegisterRange } from './register-bus.ts'
import { decodeFlag, decodePoint, type FetchedRange, namedPlaces, planReads, wordsAt } from './registers.ts'

export interface ProbeRow {
  name: string
  unit: number
  register: number
  /** The decoded value; null when it was not answered or is a fault value. */
  value: number | boolean | null
  unitOfMeasure: string
  /** The registers as they came, for who reads the manual beside it. */
  raw?: readonly number[]
  /** Why there is no value. */
  problem?: string
}

export interface ProbeResult {
  readonly points: ProbeRow[]
  readonly requests: readonly Asked[]
  readonly findings: readonly Finding[]
}

/** Reads every place of the profile once, and says what each device answered and what to change. Writes nothing. */
export async function probe(bus: RegisterBus, profile: Profile, clock: Clock): Promise<ProbeResult> {
  const places = namedPlaces(profile)
  const plan = planReads(
    profile,
    places.map((one) => one.place),
  )
  const requests: Asked[] = []
  for (const range of plan) requests.push(await ask(bus, profile, range, clock))
  const fetched: FetchedRange[] = requests.map(({ range, words }) => ({ range, words }))
  const points = places.map((one) => rowOf(one, fetched, requests))
  return { points, requests, findings: findings(profile, places, fetched, requests) }
}

async function ask(bus: RegisterBus, profile: Profile, range: RegisterRange, clock: Clock): Promise<Asked> {
  const startedMs = clock.monoMs()
  try {
    const words = await bus.read(range)
    return { range, words, tookMs: Math.round(clock.monoMs() - startedMs) }
  } catch (error) {
    if (!(error instanceof CabinetError)) throw error
    const exception = error.context?.exception
    const isRefused = typeof exception === 'number' && framedUnitOf(profile, range.unit) === undefined
    return {
      range,
      words: null,
      tookMs: null,
      code: error.code,
      problem: messageOf(error),
      ...(isRefused ? { exception, answersOtherKind: await answersOtherKind(bus, range) } : {}),
    }
  }
}

/** Manuals often do not say whether a register is a holding or an input one. */
async function answersOtherKind(bus: RegisterBus, range: RegisterRange): Promise<boolean> {
  try {
    await bus.read({ ...range, kind: range.kind === 'holding' ? 'input' : 'holding' }, 1)
    return true
  } catch (error) {
    if (error instanceof CabinetError) return false
    throw error
  }
}

function rowOf(
  { name, unit, place }: Place,
  fetched: readonly FetchedRange[],
  requests: readonly Asked[],
): ProbeRow {
  const isPoint = 'width' in place
  const value = isPoint ? decodePoint(fetched, place) : decodeFlag(fetched, place)
  const raw = wordsAt(fetched, place, isPoint ? place.width / 16 : 1)
  const asked = requests.find(({ range }) => range.unit === place.unit && covers(range, place))
  return {
    name,
    unit: place.unit,
    register: place.register,
    value,
    unitOfMeasure: unit,
    ...(raw === null ? {} : { raw }),
    ...(value === null
      ? {
          problem:
            asked?.problem ?? 'the device answered a value that the profile calls a fault or does not know',
        }
      : {}),
  }
}

/** Every unit from 1 to 247 is asked for one register. @returns those that answered, be it with a refusal */
export async function scanUnits(bus: RegisterBus, onUnit: (unit: number) => void): Promise<number[]> {
  const found: number[] = []
  for (let unit = 1; unit <= 247; unit++) {
    onUnit(unit)
    try {
      await bus.read({ unit, start: 0, count: 1, kind: 'holding' }, 1)
      found.push(unit)
    } catch (error) {
      if (!(error instanceof CabinetError)) throw error
      if (error.code === 'bus_exception') found.push(unit)
    }
  }
  return found
}

/** How one point moved while somebody opened doors and pressed on shelves. */
export interface WatchedPoint {
  readonly name: string
  readonly seen: ReadonlyArray<number | boolean | null>
}

/** Points that were seen with these values, oldest first, repeats left out; weights only when they moved by grams. */
export function watchedPoints(rounds: ReadonlyArray<readonly ProbeRow[]>): WatchedPoint[] {
  const first = rounds[0] ?? []
  return first.map(({ name }, index) => {
    const seen: Array<number | boolean | null> = []
    for (const round of rounds) {
      const value = round[index]?.value ?? null
      const last = seen.at(-1)
      const isSmall =
        typeof value === 'number' && typeof last === 'number' && Math.abs(value - last) < WATCHED_LEAST
      if (seen.length === 0 || (value !== last && !isSmall)) seen.push(value)
    }
    return { name, seen: seen.slice(0, WATCHED_MOST) }
  })
}
/** Grams, or tenths of a degree: noise moves a point by less. */
const WATCHED_LEAST = 10
const WATCHED_MOST = 40
