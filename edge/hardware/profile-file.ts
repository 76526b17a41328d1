import { readFileSync } from 'node:fs'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { Profile } from '#protocol/wire/profile.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'

/** @param file JSON of a profile; the reference board when not given. @throws profile_invalid naming the field */
export function loadProfile(file: string | undefined): Profile {
  if (file === undefined) return referenceProfile
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CabinetError(
      'profile_invalid',
      `The hardware profile ${file} cannot be read as JSON: ${messageOf(error)}.`,
      { cause: error },
    )
  }
  return parseProfile(value, file)
}

/** Shape first, then what a schema cannot say. @throws profile_invalid naming the field */
export function parseProfile(value: unknown, source: string): Profile {
  const parsed = parseValue(Profile, value)
  if (!parsed.ok)
    throw new CabinetError('profile_invalid', `The hardware profile ${source} is wrong: ${parsed.reason}.`)
  const profile = parsed.value
  const seen = new Set<string>()
  for (const [index, scale] of profile.scales.entries()) {
    if (seen.has(scale.sensor)) {
      throw new CabinetError(
        'profile_invalid',
        `The hardware profile ${source} is wrong: /scales/${index}/sensor ${scale.sensor} is there twice.`,
      )
    }
    seen.add(scale.sensor)
  }
  for (const [name, flag] of Object.entries({
    '/lock/isUnlocked': profile.lock.isUnlocked,
    '/lock/isBoltSeated': profile.lock.isBoltSeated,
    '/door/isOpen': profile.door.isOpen,
  })) {
    if (flag.activeValue === flag.inactiveValue) {
      throw new CabinetError(
        'profile_invalid',
        `The hardware profile ${source} is wrong: ${name} has the same value for both meanings.`,
      )
    }
  }
  return profile
}
