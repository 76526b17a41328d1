import type { Generated } from 'kysely'
import type { BATCH_BLOCK_STATES } from '#protocol/api/batch-blocks.ts'
import type { VISIT_KINDS, VISIT_STATES } from '#protocol/api/restock.ts'

export interface RestockTables {
  /** A visit of staff; its id is that of the session at the cabinet. */
  staffVisit: {
    visitId: string
    cabinetId: string
    door: number
    kind: (typeof VISIT_KINDS)[number]
    state: (typeof VISIT_STATES)[number]
    endReason: string | null
    staffId: string
    byName: string
    reason: string
    commandId: string
    planogramVersion: number
    startedAtMs: number
    openedAtMs: number | null
    closedAtMs: number | null
    confirmedAtMs: number | null
    confirmedBy: string | null
    /** JSON of `VisitLine[]`. */
    lines: string
    note: string | null
    /** JSON of `SessionReconciled`, as the edge sent it; null also when its journal was lost. */
    reconciled: string | null
  }
  /** The ledger of batches: what came in with a date, and what was taken out of it again. */
  batchMovement: {
    id: Generated<number>
    cabinetId: string
    shelf: string
    sku: string
    batch: string | null
    expiresOn: string | null
    /** The first moment at which it may not be sold any more. */
    expiresAtMs: number | null
    /** Signed pieces. */
    quantity: number
    visitId: string
    atMs: number
  }
  /** What may not be sold. Without a batch or a day it is every batch or day; without an operator everybody's cabinets. */
  batchBlock: {
    blockId: string
    operator: string | null
    sku: string
    batch: string | null
    expiresOn: string | null
    state: (typeof BATCH_BLOCK_STATES)[number]
    reason: string
    ticketId: string | null
    blockedBy: string
    blockedAtMs: number
    liftedBy: string | null
    liftedAtMs: number | null
    liftReason: string | null
  }
}
