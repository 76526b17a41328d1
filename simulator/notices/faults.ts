import type { NoticeRequest } from './message.ts'

export const NOTICE_FAULT_KINDS = ['refuse', 'slow', 'http_500'] as const
export type NoticeFaultKind = (typeof NOTICE_FAULT_KINDS)[number]

export interface NoticeFault {
  readonly kind: NoticeFaultKind
  /** Null: until it is removed. */
  timesLeft: number | null
  readonly delayMs: number
  readonly match: Partial<Pick<NoticeRequest, 'channel' | 'to' | 'template'>>
}

export interface NoticeFaults {
  add(fault: NoticeFault): void
  /** The oldest fault of this kind that fits, counted down. */
  take(kind: NoticeFaultKind, request: NoticeRequest): NoticeFault | undefined
  clear(): void
  all(): readonly NoticeFault[]
}

export const NOTICE_FAULT_LIMIT = 100

export function createNoticeFaults(): NoticeFaults {
  let faults: NoticeFault[] = []
  return {
    add(fault) {
      if (faults.length >= NOTICE_FAULT_LIMIT)
        throw new RangeError(`there are ${NOTICE_FAULT_LIMIT} faults already; remove some first`)
      faults.push(fault)
    },
    take(kind, request) {
      const found = faults.find(
        (one) =>
          one.kind === kind &&
          Object.entries(one.match).every(([name, value]) => request[name as keyof NoticeRequest] === value),
      )
      if (found?.timesLeft !== null && found !== undefined) {
        found.timesLeft--
        if (found.timesLeft <= 0) faults = faults.filter((one) => one !== found)
      }
      return found
    },
    clear() {
      faults = []
    },
    all: () => faults,
  }
}
