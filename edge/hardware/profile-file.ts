import { existsSync, readFileSync } from 'node:fs'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { type Flag, type Point, Profile, type WriteAction } from '#protocol/wire/profile.ts'
import { PROFILES } from '#protocol/wire/profiles/index.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'
import { framedReadOf, framedUnitOf, framedWriteOf } from './framed-exchange.ts'
import { namedPlaces } from './registers.ts'

/**
 * @param source  a file with a profile as JSON, or the name of one that comes with the agent; the reference board when
 *   not given
 * @throws profile_invalid naming the field
 */
export function loadProfile(source: string | undefined): Profile {
  if (source === undefined) return referenceProfile
  const shipped = PROFILES[source]
  if (shipped !== undefined && !existsSync(source)) return shipped
  let value: unknown
  try {
    value = JSON.parse(readFileSync(source, 'utf8'))
  } catch (error) {
    throw new CabinetError(
      'profile_invalid',
      `The hardware profile ${source} cannot be read as JSON: ${messageOf(error)}. Give a file, or one of ${Object.keys(PROFILES).join(', ')}.`,
      { cause: error },
    )
  }
  return parseProfile(value, source)
}

/** Shape first, then what a schema cannot say. @throws profile_invalid naming the field */
export function parseProfile(value: unknown, source: string): Profile {
  const parsed = parseValue(Profile, value)
  const problem = parsed.ok ? findProblem(parsed.value) : parsed.reason
  if (!parsed.ok || problem !== undefined)
    throw new CabinetError('profile_invalid', `The hardware profile ${source} is wrong: ${problem}.`)
  return parsed.value
}

function findProblem(profile: Profile): string | undefined {
  return (
    findDoubleSensor(profile) ??
    findUnknownDoor(profile) ??
    namedPlaces(profile)
      .map(({ name, place }) => findPlaceProblem(profile, name, place))
      .find((one) => one !== undefined) ??
    findWriteProblem(profile)
  )
}

function findDoubleSensor({ scales }: Profile): string | undefined {
  const seen = new Set<string>()
  for (const [index, { sensor }] of scales.entries()) {
    if (seen.has(sensor)) return `/scales/${index}/sensor ${sensor} is there twice`
    seen.add(sensor)
  }
  return undefined
}

function findUnknownDoor({ scales, furtherDoors = [] }: Profile): string | undefined {
  const index = scales.findIndex(({ door = 0 }) => door > furtherDoors.length)
  if (index < 0) return undefined
  return `/scales/${index}/door ${scales[index]?.door} is not there; the doors are 0 to ${furtherDoors.length}`
}

function findPlaceProblem(profile: Profile, name: string, place: Point | Flag): string | undefined {
  if (!('width' in place)) {
    if (place.activeValue === place.inactiveValue) return `${name} has the same value for both meanings`
    const { mask } = place
    const outside = [place.activeValue, place.inactiveValue].find(
      (one) => mask !== undefined && (one & mask) !== one,
    )
    if (outside !== undefined) return `${name}: the mask never leaves the value ${outside}`
  }
  const device = framedUnitOf(profile, place.unit)
  const count = 'width' in place && place.width === 32 ? 2 : 1
  if (device !== undefined && framedReadOf(device, { start: place.register, count }) === undefined)
    return `${name}: unit ${place.unit} speaks frames, and none of its reads has register ${place.register}`
  return undefined
}

function findWriteProblem(profile: Profile): string | undefined {
  const writes: Array<[string, WriteAction | undefined]> = [profile, ...(profile.furtherDoors ?? [])].flatMap(
    ({ lock }, index): Array<[string, WriteAction | undefined]> => [
      [`lock.unlock of door ${index}`, lock.unlock],
      [`lock.lock of door ${index}`, lock.lock],
    ],
  )
  for (const { sensor, tare } of profile.scales)
    for (const write of tare ?? []) writes.push([`tare of ${sensor}`, write])
  writes.push(['climate.defrost', profile.climate?.defrost])
  for (const [name, write] of writes) {
    const device = write === undefined ? undefined : framedUnitOf(profile, write.unit)
    if (
      write !== undefined &&
      device !== undefined &&
      framedWriteOf(device, write.register, write.value) === undefined
    )
      return `${name}: unit ${write.unit} speaks frames, and none of its writes has register ${write.register} with the value ${write.value}`
  }
  return undefined
}

/** @param name  of a profile that comes with the agent, to begin a file of one's own with; all of them in short when absent */
export function profileText(name: string | undefined): string {
  if (name === undefined)
    return Object.values(PROFILES)
      .map(
        (one) =>
          `${one.name} (version ${one.version})\n${(one.notes ?? []).map((note) => `  ${note}\n`).join('')}`,
      )
      .join('')
  const profile = PROFILES[name]
  if (profile === undefined)
    throw new CabinetError(
      'config_invalid',
      `There is no profile ${name}; known: ${Object.keys(PROFILES).join(', ')}.`,
    )
  return `${JSON.stringify(profile, null, 2)}\n`
}
