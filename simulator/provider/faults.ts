import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Books } from './books.ts'
import type { Fault, FaultKind, FaultMatch } from './records.ts'

/** What a fault is matched against; absent facts match only faults that do not ask for them. */
export interface FaultFacts {
  /** `METHOD /path` of a request, or the event type of a callback. */
  readonly path?: string
  readonly outOrderNo?: string | null
  readonly openid?: string | null
}

export interface Faults {
  set(fault: { kind: FaultKind; times?: number | null; match?: FaultMatch; delayMs?: number | null }): Fault
  /** The oldest fault of this kind that fits, counted down; undefined when everything goes well. */
  take(kind: FaultKind, facts: FaultFacts): Fault | undefined
  clear(faultId?: string): void
}

/** A bill may be fetched several times and must stay the same, so its faults last until they are removed. */
const LASTING: ReadonlySet<FaultKind> = new Set([
  'bill_missing_row',
  'bill_extra_row',
  'bill_amount_differs',
  'bill_missing_refund',
  'bill_extra_refund',
  'bill_duplicate_row',
  'bill_other_currency',
  'bill_damaged',
])
const FAULT_LIMIT = 200

export function fits(match: FaultMatch, facts: FaultFacts): boolean {
  if (match.path !== undefined && !(facts.path ?? '').includes(match.path)) return false
  if (match.outOrderNo !== undefined && match.outOrderNo !== facts.outOrderNo) return false
  if (match.openid !== undefined && match.openid !== facts.openid) return false
  return true
}

export function createFaults(books: Books, clock: Clock, ids: Ids): Faults {
  return {
    set({ kind, times, match = {}, delayMs = null }) {
      if (books.faults.all().length >= FAULT_LIMIT) {
        throw new RangeError(`there are ${FAULT_LIMIT} faults already; remove some first`)
      }
      const fault: Fault = {
        faultId: ids.next('incident'),
        kind,
        timesLeft: times === undefined ? (LASTING.has(kind) ? null : 1) : times,
        match,
        delayMs,
        usedCount: 0,
        createdAtMs: clock.now(),
      }
      books.faults.put(fault)
      return fault
    },
    take(kind, facts) {
      const fault = books.faults.all().find((one) => one.kind === kind && fits(one.match, facts))
      if (!fault) return undefined
      const timesLeft = fault.timesLeft === null ? null : fault.timesLeft - 1
      if (timesLeft !== null && timesLeft <= 0) books.faults.delete(fault.faultId)
      else books.faults.put({ ...fault, timesLeft, usedCount: fault.usedCount + 1 })
      return fault
    },
    clear(faultId) {
      books.write(() => {
        for (const fault of books.faults.all()) {
          if (faultId === undefined || fault.faultId === faultId) books.faults.delete(fault.faultId)
        }
      })
    },
  }
}
