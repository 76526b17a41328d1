import type { Generated } from 'kysely'

export type MovementKind = 'sale' | 'return' | 'restock' | 'count' | 'shrinkage' | 'spoilage'

export interface CatalogTables {
  product: {
    sku: string
    nameZh: string
    nameEn: string
    unitGrams: number
    sigmaGrams: number
    priceFen: number
    /** JSON of `Picture`. */
    picture: string
    foodClass: string
    shelfLifeDays: number
    createdAtMs: number
  }
  planogram: {
    cabinetId: string
    version: number
    /** JSON of `PlanogramShelf[]`. */
    shelves: string
    createdAtMs: number
    createdBy: string
  }
  stockMovement: {
    id: Generated<number>
    cabinetId: string
    shelf: string
    sku: string
    /** Signed pieces: negative leaves the cabinet. */
    quantity: number
    kind: MovementKind
    sessionId: string | null
    orderId: string | null
    reason: string | null
    atMs: number
  }
}
