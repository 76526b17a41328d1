import type { Flag, Point } from '#protocol/wire/profile.ts'
import type { RegisterRange } from './register-bus.ts'

/** What became of one request. */
export interface Asked {
  readonly range: RegisterRange
  /** Milliseconds until the answer; null without one. */
  readonly tookMs: number | null
  readonly words: readonly number[] | null
  /** Of the error, such as bus_timeout. */
  readonly code?: string
  /** The device answered that it refuses; the Modbus exception. */
  readonly exception?: number
  readonly problem?: string
  /** The same registers by the other function (3 or 4), where the device refused the one of the profile. */
  readonly answersOtherKind?: boolean
}

/** A place of the profile with its name and what it is measured in. */
export type Place = { name: string; unit: string; place: Point | Flag }

/** The request asked for this place too. */
export function covers(range: RegisterRange, place: Point | Flag): boolean {
  return (
    range.kind === (place.kind ?? 'holding') &&
    range.start <= place.register &&
    place.register < range.start + range.count
  )
}
