import type { Point, Profile } from '#protocol/wire/profile.ts'
import { type Asked, covers, type Place } from './probe-answers.ts'
import { decodeFlag, decodePoint, decodeRaw, type FetchedRange, wordsAt } from './registers.ts'

/** One thing that the technician should know, with what to do about it. */
export interface Finding {
  /** error: it cannot run like this. warning: it runs, look again. note: nothing to do. */
  readonly level: 'error' | 'warning' | 'note'
  /** The point, or the unit, that it is about. */
  readonly about: string
  readonly says: string
  readonly advice: string
}

/** Air that no cabinet has: the scale or the sign is wrong. */
const AIR = { least: -500, most: 800 }
/** More than any shelf carries. */
const GRAMS_MOST = 60_000
/** An answer this near to the limit will be late when the line is busy. */
const SLOW_SHARE = 0.7

export function findings(
  profile: Profile,
  places: readonly Place[],
  fetched: readonly FetchedRange[],
  requests: readonly Asked[],
): Finding[] {
  const { serial } = profile
  const line = `${serial.baudRate} baud, ${serial.dataBits} data bits, parity ${serial.parity}, ${serial.stopBits} stop bit${serial.stopBits === 1 ? '' : 's'}`
  if (requests.every(({ words, exception }) => words === null && exception === undefined)) {
    const isNoisy = requests.some(({ code }) => code === 'bus_bad_crc')
    return [
      {
        level: 'error',
        about: 'the line',
        says: isNoisy
          ? `Something came back, but nothing that makes sense at ${line}.`
          : `Nobody answered at ${line}.`,
        advice: isNoisy
          ? 'Try another speed or parity ("serial"), exchange the two wires A and B, and make sure that nothing else asks on this line.'
          : 'Check the power of the boards, exchange the two wires A and B, and compare speed and parity ("serial") with the manual. --scan asks every address.',
      },
    ]
  }
  return [
    ...requests.flatMap((one) => findingsOfRequest(profile, places, one)),
    ...places.flatMap((place) => findingsOfPlace(place, fetched)),
    ...findingsOfDoors(profile, fetched),
    ...findingsOfProfile(profile),
  ]
}

function namesIn(places: readonly Place[], { range }: Asked): string {
  return places
    .filter(({ place }) => place.unit === range.unit && covers(range, place))
    .map(({ name }) => name)
    .join(', ')
}

function findingsOfRequest(profile: Profile, places: readonly Place[], asked: Asked): Finding[] {
  const { range, words, tookMs, exception, code } = asked
  const last = range.start + range.count - 1
  const about = `unit ${range.unit}, registers ${range.start} to ${last} (${namesIn(places, asked)})`
  if (words !== null) {
    const framed = profile.framed?.some(({ unit }) => unit === range.unit) === true
    if (framed || tookMs === null || tookMs < SLOW_SHARE * profile.timeoutMs) return []
    return [
      {
        level: 'warning',
        about,
        says: `It took ${tookMs} ms, and the profile gives ${profile.timeoutMs} ms.`,
        advice: `Set "timeoutMs" to ${Math.ceil((tookMs * 3) / 10) * 10}, so that a busy line does not look like a dead one.`,
      },
    ]
  }
  if (exception !== undefined) return [refusal(about, asked, exception)]
  return [
    {
      level: 'error',
      about,
      says: code === 'bus_bad_crc' ? 'Only noise came back.' : 'It did not answer, while others do.',
      advice:
        code === 'bus_bad_crc'
          ? 'Two units may have the same address, or a wire is loose.'
          : `Compare the address of the device (its switches or its register) with ${range.unit}; --scan asks every address.`,
    },
  ]
}

function refusal(about: string, { range, answersOtherKind }: Asked, exception: number): Finding {
  const other = range.kind === 'holding' ? 'input' : 'holding'
  if (answersOtherKind === true)
    return {
      level: 'error',
      about,
      says: `It refuses these as ${range.kind} registers (exception ${exception}) and answers them as ${other} registers.`,
      advice: `Add "kind": "${other}" to these points and to their block.`,
    }
  return {
    level: 'error',
    about,
    says: `It refuses with exception ${exception}${exception === 2 ? ': it has no such registers' : ''}.`,
    advice:
      range.count > 2
        ? 'Some devices want a block whole, others not at all: compare "blocks" with the manual. Manuals that count from 1 need one less here.'
        : 'Manuals that count from 1, or from 40001, need one less here: numbers count from 0.',
  }
}

function findingsOfPlace({ name, place }: Place, fetched: readonly FetchedRange[]): Finding[] {
  const isPoint = 'width' in place
  const words = wordsAt(fetched, place, isPoint ? place.width / 16 : 1)
  if (words === null) return []
  if (!isPoint) {
    if (decodeFlag(fetched, place) !== null) return []
    return [
      {
        level: 'error',
        about: name,
        says: `It reads ${words[0]}, and the profile knows ${place.activeValue} and ${place.inactiveValue} only.`,
        advice:
          'Look at the door or lock now and put this value in "activeValue" or "inactiveValue"; a status word needs a "mask".',
      },
    ]
  }
  const value = decodePoint(fetched, place)
  if (value === null)
    return [
      {
        level: 'warning',
        about: name,
        says: `It reads ${decodeRaw(words, place)}, which the profile calls a fault.`,
        advice: 'Check the probe or the load cell and its cable.',
      },
    ]
  return name.startsWith('scale')
    ? findingsOfScale(name, place, words, value)
    : findingsOfAir(name, place, value)
}

function findingsOfScale(name: string, place: Point, words: readonly number[], grams: number): Finding[] {
  if (Math.abs(grams) <= GRAMS_MOST) return []
  const wordOrder = place.wordOrder === 'low-first' ? 'high-first' : 'low-first'
  const turned = decodeRaw(words, { ...place, wordOrder }) * place.scale
  const isTurned = place.width === 32 && Math.abs(turned) <= GRAMS_MOST
  const finer = [0.1, 0.01, 0.001].find((factor) => Math.abs(grams * factor) <= GRAMS_MOST)
  return [
    {
      level: 'error',
      about: name,
      says: `It weighs ${Math.round(grams)} g, which no shelf carries.`,
      advice: isTurned
        ? `With "wordOrder": "${wordOrder}" it would weigh ${Math.round(turned * 10) / 10} g.`
        : finer === undefined
          ? 'Compare "width", "isSigned" and the register with the manual.'
          : `Compare "scale" with the manual: with ${place.scale * finer} it would weigh ${Math.round(grams * finer * 10) / 10} g.`,
    },
  ]
}

function findingsOfAir(name: string, place: Point, deciCelsius: number): Finding[] {
  if (deciCelsius >= AIR.least && deciCelsius <= AIR.most) return []
  return [
    {
      level: 'error',
      about: name,
      says: `It reads ${deciCelsius / 10} °C.`,
      advice: `Points are in tenths of a degree: a device that sends tenths has "scale": 1, one that sends whole degrees 10. It has ${place.scale}${place.isSigned ? '' : ', and "isSigned" is false, so that degrees below zero come out huge'}.`,
    },
  ]
}

/** What lock, bolt and door say together. */
function findingsOfDoors(profile: Profile, fetched: readonly FetchedRange[]): Finding[] {
  return [profile, ...(profile.furtherDoors ?? [])].flatMap(({ lock, door }, index): Finding[] => {
    const about = `door ${index}`
    const isOpen = decodeFlag(fetched, door.isOpen)
    const isUnlocked = decodeFlag(fetched, lock.isUnlocked)
    const isBoltSeated = decodeFlag(fetched, lock.isBoltSeated)
    if (isOpen === true && isUnlocked === false && isBoltSeated === true)
      return [
        {
          level: 'error',
          about,
          says: 'It reads as open, with the lock engaged and the bolt seated.',
          advice:
            'When the door stands closed before you, its polarity is turned round: exchange "activeValue" and "inactiveValue" of door.isOpen.',
        },
      ]
    if (isUnlocked !== null && isUnlocked === isBoltSeated)
      return [
        {
          level: 'error',
          about,
          says: `The lock reads as ${isUnlocked ? 'released' : 'engaged'} and the bolt as ${isBoltSeated ? 'seated' : 'out'}.`,
          advice:
            'When the lock is sound, one of the two is turned round: exchange "activeValue" and "inactiveValue" of lock.isUnlocked or of lock.isBoltSeated.',
        },
      ]
    return []
  })
}

function findingsOfProfile(profile: Profile): Finding[] {
  const note = (about: string, says: string, advice: string): Finding => ({
    level: 'note',
    about,
    says,
    advice,
  })
  return [
    ...(profile.climate === undefined
      ? [
          note(
            'the cold',
            'The profile has no temperature.',
            'Sell nothing chilled: there is no food-safety lockout.',
          ),
        ]
      : []),
    ...(profile.lock.lock === undefined
      ? [note('the lock', 'No command engages it.', 'It must fall shut with the door; try it by hand.')]
      : []),
    ...(profile.lock.isKeyTurned === undefined
      ? [
          note(
            'the key',
            'The profile knows no contact of the manual key.',
            'A door that is opened with the key is reported as forced.',
          ),
        ]
      : []),
    ...(profile.power === undefined
      ? [
          note(
            'the mains',
            'The profile knows no contact of the mains.',
            'A power cut is only seen when the board falls silent.',
          ),
        ]
      : []),
  ]
}
