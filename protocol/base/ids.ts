import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** Two letters that tell a reader of a log line what an id names. */
export const ID_PREFIX = {
  session: 'se',
  order: 'or',
  charge: 'ch',
  payment: 'pa',
  refund: 'rf',
  anomaly: 'an',
  ticket: 'tk',
  task: 'ts',
  message: 'ms',
  command: 'cm',
  consumer: 'co',
  staff: 'st',
  signIn: 'si',
  notice: 'no',
  planogram: 'pl',
  link: 'ln',
  epoch: 'ep',
  token: 'to',
  incident: 'in',
  alarm: 'al',
  audit: 'au',
  call: 'ca',
  request: 'rq',
  enrolment: 'en',
  credential: 'cr',
  batch: 'ba',
  billRun: 'br',
  difference: 'df',
  priceList: 'pr',
  promotion: 'pm',
  coupon: 'cp',
  writeOff: 'wo',
  compensation: 'cn',
  refundCase: 'rc',
  restriction: 'rs',
  knowledge: 'kn',
  improvement: 'im',
  callBack: 'cb',
  picture: 'pc',
  recheck: 'rk',
  emergency: 'em',
  shift: 'sh',
  assessment: 'as',
  callerCheck: 'ck',
  batchBlock: 'bb',
} as const
export type IdKind = keyof typeof ID_PREFIX

/** Ids are made by whoever starts a thing, saved before they are sent, and sent again unchanged. */
export interface Ids {
  /** 32 characters of `[0-9a-z]`: kind (2), time (9), chance (21 × 5 = 105 bits). Sorts by time within a kind. */
  next(kind: IdKind): string
}

/** Crockford's base 32, lower case: no i, l, o, u, so that an id can be read over the telephone. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARACTERS = 9
const CHANCE_CHARACTERS = 21
const FORM_OF_ID = new RegExp(`^[a-z]{2}[${ALPHABET}]+$`)

/** Whether a text has the form of an id of this kind; only such a one has a time. */
export function isIdOf(kind: IdKind, text: string): boolean {
  return (
    text.length === 2 + TIME_CHARACTERS + CHANCE_CHARACTERS &&
    text.startsWith(ID_PREFIX[kind]) &&
    FORM_OF_ID.test(text)
  )
}

/** When an id was made, in milliseconds since 1970 UTC. */
export function timeOfId(id: string): number {
  let time = 0
  for (const character of id.slice(2, 2 + TIME_CHARACTERS)) time = time * 32 + ALPHABET.indexOf(character)
  return time
}

/** The id of another kind that was made with this one: whoever knows one knows the other. */
export function twinOfId(id: string, kind: IdKind): string {
  return `${ID_PREFIX[kind]}${id.slice(2)}`
}

/** The part of ids that were made at a time, in milliseconds since 1970 UTC; it sorts as the times do. */
export function timePartOf(atMs: number): string {
  let time = Math.max(0, Math.floor(atMs))
  let part = ''
  for (let i = 0; i < TIME_CHARACTERS; i++) {
    part = ALPHABET[time % 32] + part
    time = Math.floor(time / 32)
  }
  return part
}

export function createIds(clock: Pick<Clock, 'now'>, random: Random): Ids {
  return {
    next(kind) {
      let chancePart = ''
      for (const byte of random.bytes(CHANCE_CHARACTERS)) chancePart += ALPHABET[byte & 31]
      return `${ID_PREFIX[kind]}${timePartOf(clock.now())}${chancePart}`
    },
  }
}

/** What may stand in a topic, a file name and the provider's order number. */
export const ID_PATTERN = '^[a-z0-9-]{1,32}$'
const ID_EXPRESSION = new RegExp(ID_PATTERN)
export function isId(text: string): boolean {
  return ID_EXPRESSION.test(text)
}
