import type { WriteOffCreate, WriteOffView } from '#protocol/api/arrears.ts'

export interface ArrearsTables {
  /** One for each order that was not paid in time; it stays as the record of what was said when. */
  arrears: {
    orderId: string
    chargeId: string
    sinceMs: number
    reminders: number
    remindedAtMs: number | null
    /** The next reminder; null after the last one. */
    nextAtMs: number | null
    endedAtMs: number | null
  }
  writeOff: {
    writeOffId: string
    orderId: string
    state: WriteOffView['state']
    amountFen: number
    reason: WriteOffCreate['reason']
    note: string
    requestedBy: string
    requestedAtMs: number
    decidedBy: string | null
    decidedAtMs: number | null
    decisionNote: string | null
    endedAtMs: number | null
  }
}
