import type { BatchLine, ShelfDifference, VisitLine } from '#protocol/api/restock.ts'

/** What one piece weighs, and how much that varies. */
export interface Unit {
  readonly unitGrams: number
  readonly sigmaGrams: number
}
/** What a line means for the books. */
export interface StockEffect {
  readonly line: VisitLine
  /** Signed pieces; 0: nothing to book. */
  readonly quantity: number
  readonly kind: 'restock' | 'spoilage' | 'count'
}
export interface StockLine {
  readonly shelf: string
  readonly sku: string
  readonly quantity: number
}

/** A scale that drifts in a long visit, hands and frost: this much is never a piece. */
const DRIFT_GRAMS = 8
/** Standard deviations. */
const SURELY = 4

const sameGoods = (line: { shelf: string; sku: string }) => (other: { shelf: string; sku: string }) =>
  other.shelf === line.shelf && other.sku === line.sku

/** Pieces that the lines move, in order: a count stands on what the lines before it left. Pure. */
export function decideEffects(lines: readonly VisitLine[], stock: readonly StockLine[]): StockEffect[] {
  const present = new Map(stock.map((one) => [`${one.shelf}/${one.sku}`, one.quantity]))
  return lines.map((line) => {
    const key = `${line.shelf}/${line.sku}`
    const before = present.get(key) ?? 0
    const effect: StockEffect =
      line.action === 'put_in'
        ? { line, quantity: line.quantity, kind: 'restock' }
        : line.action === 'taken_out'
          ? // What is carried to another shelf is not lost.
            { line, quantity: -line.quantity, kind: line.reason === 'moved' ? 'count' : 'spoilage' }
          : { line, quantity: line.quantity - before, kind: 'count' }
    present.set(key, before + effect.quantity)
    return effect
  })
}

/**
 * What the scales say beside what people say. A count moves nothing, so it should weigh nothing.
 * @param deltas  what each shelf gained, in grams, as the cabinet weighed it; null: its scale said nothing
 */
export function decideDifferences(
  lines: readonly VisitLine[],
  deltas: ReadonlyArray<{ shelf: string; deltaGrams: number | null; sigmaGrams: number }>,
  unitOf: (sku: string) => Unit | undefined,
  productsOf: (shelf: string) => readonly string[],
): ShelfDifference[] {
  return deltas.map(({ shelf, deltaGrams, sigmaGrams }) => {
    const moved = lines.filter((line) => line.shelf === shelf && line.action !== 'counted')
    let saidGrams = 0
    let variance = sigmaGrams ** 2
    for (const { sku, quantity, action } of moved) {
      const unit = unitOf(sku)
      saidGrams += (action === 'put_in' ? 1 : -1) * quantity * (unit?.unitGrams ?? 0)
      // A batch may be off as a whole, by about one sigma of a piece.
      variance += quantity * (unit?.sigmaGrams ?? 0) ** 2 + (quantity * (unit?.sigmaGrams ?? 0)) ** 2 / 4
    }
    const rounded = (grams: number) => Math.round(grams * 10) / 10
    if (deltaGrams === null)
      return {
        shelf,
        saidGrams: rounded(saidGrams),
        weighedGrams: null,
        differenceGrams: null,
        isOff: false,
        pieces: null,
      }
    const differenceGrams = rounded(deltaGrams - saidGrams)
    const skus = productsOf(shelf)
    const lightest = Math.min(...skus.map((sku) => unitOf(sku)?.unitGrams ?? Number.POSITIVE_INFINITY))
    // Half a piece is the least that anybody should look for, however steady the scale.
    const limit = Math.max(
      DRIFT_GRAMS,
      Math.min(lightest / 2, Number.MAX_VALUE),
      SURELY * Math.sqrt(variance),
    )
    const isOff = Math.abs(differenceGrams) > limit
    return {
      shelf,
      saidGrams: rounded(saidGrams),
      weighedGrams: rounded(deltaGrams),
      differenceGrams,
      isOff,
      pieces: isOff && skus.length === 1 ? Math.round(differenceGrams / lightest) : null,
    }
  })
}

/** What is wrong with a line, or undefined. The words are for who wrote it. */
export function findLineProblem(
  line: VisitLine,
  facts: {
    isPlanned: boolean
    needsDate: boolean
    /** Its batch may not be sold. */
    isBlocked: boolean
    today: string
    kind: 'restock' | 'count' | 'service'
  },
): string | undefined {
  const where = `${line.sku} on shelf ${line.shelf}`
  if (!facts.isPlanned && line.action === 'put_in')
    return `${where}: the planogram has no place for it there; change the planogram or put it elsewhere`
  if (line.action !== 'counted' && line.quantity === 0) return `${where}: say how many, or remove the line`
  if (line.action === 'put_in' && facts.needsDate && line.expiresOn === undefined)
    return `${where}: fresh goods need the last day on which they may be sold`
  if (line.action === 'put_in' && line.expiresOn !== undefined && line.expiresOn < facts.today)
    return `${where}: its last day of sale, ${line.expiresOn}, is over; it must not be put in`
  if (line.action === 'put_in' && facts.isBlocked)
    return `${where}: this batch is blocked and must not be put in; take it back with you`
  if (line.action === 'taken_out' && line.reason === undefined) return `${where}: say why it was taken out`
  if (line.expiresOn !== undefined && !isRealDate(line.expiresOn))
    return `${where}: there is no day ${line.expiresOn}`
  return undefined
}

function isRealDate(date: string): boolean {
  const atMs = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date)
}

/** One batch of the ledger, all its movements together. */
export interface Batch {
  readonly shelf: string
  readonly sku: string
  readonly batch: string | null
  readonly expiresOn: string | null
  readonly expiresAtMs: number | null
  readonly quantity: number
}

/**
 * How many of each batch may still lie there. By first expired, first out, what is left is of the newest; at most, it is
 * everything that could not have been another batch. Pure.
 */
export function decideBatchesLeft(batches: readonly Batch[], stock: readonly StockLine[]): BatchLine[] {
  const left: BatchLine[] = []
  const groups = Map.groupBy(batches, ({ shelf, sku }) => `${shelf}/${sku}`)
  for (const group of groups.values()) {
    const [first] = group
    const known = first === undefined ? undefined : stock.find(sameGoods(first))
    let unplaced = Math.max(0, known?.quantity ?? 0)
    const total = unplaced
    // Newest first; goods without a date are thought the newest, so that dated ones are never thought to be there longer.
    const newestFirst = group.toSorted(
      (a, b) => (b.expiresAtMs ?? Number.POSITIVE_INFINITY) - (a.expiresAtMs ?? Number.POSITIVE_INFINITY),
    )
    for (const { quantity, ...batch } of newestFirst) {
      const here = Math.min(Math.max(0, quantity), unplaced)
      unplaced -= here
      const leftMost = Math.min(Math.max(0, quantity), total)
      if (leftMost > 0) left.push({ ...batch, left: here, leftMost })
    }
  }
  return left.toSorted(
    (a, b) =>
      (a.expiresAtMs ?? Number.POSITIVE_INFINITY) - (b.expiresAtMs ?? Number.POSITIVE_INFINITY) ||
      a.shelf.localeCompare(b.shelf) ||
      a.sku.localeCompare(b.sku),
  )
}
