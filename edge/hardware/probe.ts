import { messageOf } from '#protocol/base/errors.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import type { RegisterBus } from './register-bus.ts'
import { decodeFlag, decodePoint, type FetchedRange, namedPlaces, planReads } from './registers.ts'

export interface ProbeRow {
  name: string
  unit: number
  register: number
  /** The decoded value; null when it was not answered or is a fault value. */
  value: number | boolean | null
  unitOfMeasure: string
  /** Why there is no value. */
  problem?: string
}

/** Reads every place of the profile once and says what each device answered. */
export async function probe(bus: RegisterBus, profile: Profile): Promise<ProbeRow[]> {
  const places = namedPlaces(profile)
  const fetched: FetchedRange[] = []
  const problems = new Map<number, string>()
  for (const range of planReads(
    profile,
    places.map((one) => one.place),
  )) {
    try {
      fetched.push({ range, words: await bus.read(range) })
    } catch (error) {
      problems.set(range.unit, messageOf(error))
    }
  }
  return places.map(({ name, unit, place }) => {
    const value = 'width' in place ? decodePoint(fetched, place) : decodeFlag(fetched, place)
    const row: ProbeRow = { name, unit: place.unit, register: place.register, value, unitOfMeasure: unit }
    if (value === null)
      row.problem = problems.get(place.unit) ?? 'the device answered a value that the profile calls a fault'
    return row
  })
}
