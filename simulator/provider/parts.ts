import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Agenda } from './agenda.ts'
import type { Books } from './books.ts'
import type { Callbacks } from './callbacks.ts'
import type { Faults } from './faults.ts'
import type { ProviderKeys } from './keys.ts'
import type { ProviderBehaviour, StandInLog } from './options.ts'
import { billDay } from './wire-time.ts'

/** What each desk of the stand-in works with. */
export interface Parts {
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly books: Books
  readonly keys: ProviderKeys
  readonly faults: Faults
  readonly agenda: Agenda
  readonly callbacks: Callbacks
  readonly behaviour: ProviderBehaviour
  readonly log: StandInLog
}

/** Numbers in the shape of the real ones: a fixed head, some chance, the day, a serial that never repeats. */
export function providerNumber(
  parts: Pick<Parts, 'clock' | 'random' | 'books'>,
  kind: 'order' | 'transaction' | 'refund' | 'trade' | 'flow',
): string {
  const head = { order: '3008', transaction: '4200', refund: '5030', trade: '1000', flow: '1900' }[kind]
  const serialDigits = kind === 'refund' ? 11 : 10
  const chance = [...parts.random.bytes(6)].map((byte) => byte % 10).join('')
  const day = billDay(parts.clock.now()).replaceAll('-', '')
  return `${head}${chance}${day}${String(parts.books.nextNumber()).padStart(serialDigits, '0')}`
}
