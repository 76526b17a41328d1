import { CAMERA_MODES } from '#simulator/camera/modes.ts'
import { SERIAL_MODES } from '#simulator/bus/bus.ts'
import { PROBE_MODES } from '#simulator/cabinet/fridge.ts'
import { NETWORK_MODES } from '#simulator/link/proxy.ts'
import { TAKE_STYLES } from '#simulator/shoppers/steps.ts'
import { visits } from '#simulator/shoppers/visits.ts'

/** One HTTP request to a running simulator. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST'
  /** Below `/control`. */
  readonly path: string
  readonly body?: unknown
}
export interface ControlCommand {
  readonly usage: string
  readonly help: string
  /** @throws CommandLineError when the words do not fit the usage */
  request(words: Words): ControlRequest
}

/** Says what is wrong with the words that a person typed. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError'
}

/** The words after the command, taken one by one. */
export class Words {
  readonly #words: string[]
  constructor(words: readonly string[]) {
    this.#words = [...words]
  }
  word(what: string): string {
    const word = this.#words.shift()
    if (word === undefined) throw new CommandLineError(`${what} is missing`)
    return word
  }
  oneOf<T extends string>(what: string, allowed: readonly T[]): T {
    const word = this.word(what)
    const found = allowed.find((candidate) => candidate === word)
    if (found === undefined)
      throw new CommandLineError(`${what} is one of ${allowed.join(', ')}, not ${word}`)
    return found
  }
  number(what: string): number {
    const word = this.word(what)
    const value = Number(word)
    if (!Number.isFinite(value)) throw new CommandLineError(`${what} is a number, not ${word}`)
    return value
  }
  get isEmpty(): boolean {
    return this.#words.length === 0
  }
  finish() {
    if (!this.isEmpty) throw new CommandLineError(`too many words: ${this.#words.join(' ')}`)
  }
}

function post(path: string, body?: unknown): ControlRequest {
  return { method: 'POST', path, body }
}
/** The first door when it is left out. */
function door(words: Words): { door?: number } {
  return words.isEmpty ? {} : { door: words.number('door') }
}
/** An item id ends in its number: cola-330-0012; a sku alone is cola-330. */
function goods(word: string): { itemId: string } | { sku: string } {
  return /-\d{4,}$/.test(word) ? { itemId: word } : { sku: word }
}

/** The technician's commands: `npm run simulator -- control <command>`. */
export const controlCommands: Readonly<Record<string, ControlCommand>> = {
  state: {
    usage: '',
    help: 'doors, shelves, goods, wires and faults',
    request: () => ({ method: 'GET', path: 'state' }),
  },
  open: {
    usage: '[door]',
    help: 'open the door (refused while the bolt is seated)',
    request: (words) => post('door', { action: 'open', ...door(words) }),
  },
  close: {
    usage: '[door]',
    help: 'close the door',
    request: (words) => post('door', { action: 'close', ...door(words) }),
  },
  take: {
    usage: '<shelf> <sku|item> [quantity] [style]',
    help: `take goods; style: ${TAKE_STYLES.join(', ')}`,
    request: (words) =>
      post('take', {
        shelf: words.word('shelf'),
        ...goods(words.word('sku')),
        quantity: words.isEmpty ? undefined : words.number('quantity'),
        style: words.isEmpty ? undefined : words.oneOf('style', TAKE_STYLES),
      }),
  },
  'put-back': {
    usage: '<sku|item> [shelf]',
    help: 'put back, on its own shelf or on another',
    request: (words) =>
      post('put-back', {
        ...goods(words.word('sku')),
        shelf: words.isEmpty ? undefined : words.word('shelf'),
      }),
  },
  'empty-hand': {
    usage: '',
    help: 'the shopper leaves with what they took',
    request: () => post('empty-hand'),
  },
  lean: {
    usage: '<shelf> <grams> <ms>',
    help: 'lean on a shelf for a while',
    request: (words) =>
      post('lean', {
        shelf: words.word('shelf'),
        grams: words.number('grams'),
        durationMs: words.number('ms'),
      }),
  },
  touch: {
    usage: '<shelf> <ms>',
    help: 'search among the goods without taking any',
    request: (words) => post('touch', { shelf: words.word('shelf'), durationMs: words.number('ms') }),
  },
  foreign: {
    usage: '<shelf> <grams>',
    help: 'leave something that is not sold here',
    request: (words) => post('foreign', { shelf: words.word('shelf'), grams: words.number('grams') }),
  },
  restock: {
    usage: '<shelf> <sku> <quantity>',
    help: 'put new goods on a shelf',
    request: (words) =>
      post('restock', {
        shelf: words.word('shelf'),
        sku: words.word('sku'),
        quantity: words.number('quantity'),
      }),
  },
  camera: {
    usage: '<mode> [camera]',
    help: `${CAMERA_MODES.join(', ')}; of the first camera when none is named`,
    request: (words) =>
      post('camera', {
        mode: words.oneOf('mode', CAMERA_MODES),
        camera: words.isEmpty ? undefined : words.word('camera'),
      }),
  },
  network: {
    usage: '<mode> [delay ms]',
    help: NETWORK_MODES.join(', '),
    request: (words) =>
      post('network', {
        mode: words.oneOf('mode', NETWORK_MODES),
        delayMs: words.isEmpty ? undefined : words.number('delay'),
      }),
  },
  serial: {
    usage: '<mode>',
    help: SERIAL_MODES.join(', '),
    request: (words) => post('serial', { mode: words.oneOf('mode', SERIAL_MODES) }),
  },
  lock: {
    usage: '<fault> [door]',
    help: 'none, jammed, refuses, undone',
    request: (words) =>
      post('lock', { fault: words.oneOf('fault', ['none', 'jammed', 'refuses', 'undone']), ...door(words) }),
  },
  key: {
    usage: 'turn|remove [door]',
    help: 'the manual key',
    request: (words) => post('key', { action: words.oneOf('action', ['turn', 'remove']), ...door(words) }),
  },
  'door-force': {
    usage: '[door]',
    help: 'break the door open',
    request: (words) => post('door-force', door(words)),
  },
  shelf: {
    usage: '<shelf> <fault>',
    help: 'scale fault: none, stuck, drift, fault',
    request: (words) =>
      post('shelf', {
        shelf: words.word('shelf'),
        fault: words.oneOf('fault', ['none', 'stuck', 'drift', 'fault']),
      }),
  },
  load: {
    usage: '<shelf> unload|reload',
    help: 'take everything off a shelf into the hands, or put it back (door open)',
    request: (words) =>
      post('load', { shelf: words.word('shelf'), action: words.oneOf('action', ['unload', 'reload']) }),
  },
  weight: {
    usage: '<shelf> <grams>',
    help: 'put a known weight on a shelf; 0 takes it away (door open)',
    request: (words) => post('weight', { shelf: words.word('shelf'), grams: words.number('grams') }),
  },
  cell: {
    usage: '<shelf> <gain>',
    help: 'wear a load cell: it reads so many times what lies on it, for example 0.97',
    request: (words) => post('cell', { shelf: words.word('shelf'), gain: words.number('gain') }),
  },
  power: {
    usage: 'on|off',
    help: 'mains power',
    request: (words) => post('power', { mains: words.oneOf('mains', ['on', 'off']) }),
  },
  air: {
    usage: '<°C> [hold]',
    help: 'bring the air to a temperature, and keep it there',
    request: (words) =>
      post('climate', {
        airDeciCelsius: Math.round(words.number('°C') * 10),
        hold: words.isEmpty ? undefined : words.oneOf('hold', ['hold']) === 'hold',
      }),
  },
  'air-release': {
    usage: '',
    help: 'let physics have the air again',
    request: () => post('climate', { hold: false }),
  },
  ambient: {
    usage: '<°C>',
    help: 'the room around the cabinet',
    request: (words) => post('climate', { ambientDeciCelsius: Math.round(words.number('°C') * 10) }),
  },
  probe: {
    usage: '<mode>',
    help: `the temperature probes: ${PROBE_MODES.join(', ')}`,
    request: (words) => post('climate', { probe: words.oneOf('probe', PROBE_MODES) }),
  },
  defrost: {
    usage: 'on|off',
    help: 'start a defrost, or end the one that runs',
    request: (words) => post('climate', { defrost: words.oneOf('defrost', ['on', 'off']) === 'on' }),
  },
  shop: {
    usage: '<visit>',
    help: `play a visit and print what was really taken: ${Object.keys(visits).join(', ')}`,
    request: (words) => post('visit', { name: words.word('visit') }),
  },
  visits: {
    usage: '',
    help: 'the visits and their steps',
    request: () => ({ method: 'GET', path: 'visits' }),
  },
  reset: { usage: '', help: 'full shelves, door closed, faults off', request: () => post('reset') },
}
