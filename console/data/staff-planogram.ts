import type { PlanogramLint, PlanogramShelves } from '#protocol/api/staff/planogram.ts'

/** What a person changed in a draft, one entry a decision; amounts in fen, capacity in pieces. */
export type PlanogramChange =
  | { readonly kind: 'moved'; readonly sku: string; readonly from: string; readonly to: string }
  | { readonly kind: 'added' | 'removed'; readonly sku: string; readonly shelf: string }
  | {
      readonly kind: 'price' | 'capacity'
      readonly sku: string
      readonly shelf: string
      readonly before: number
      readonly after: number
    }
  | { readonly kind: 'shelf_added' | 'shelf_removed'; readonly shelf: string }
type Place = PlanogramShelves[number]['products'][number]

/** Scales are named `s1`, `s2` … from the hardware profile; a new shelf takes the lowest number that is free. */
export function addShelf(draft: PlanogramShelves): PlanogramShelves {
  const taken = new Set(draft.map(({ id }) => id))
  let number = 1
  while (taken.has(`s${number}`)) number++
  return [...draft, { id: `s${number}`, products: [] }]
}
export function addShelves(draft: PlanogramShelves, count: number): PlanogramShelves {
  let more = draft
  for (let i = 0; i < count; i++) more = addShelf(more)
  return more
}
/** @returns the same draft while something lies on the shelf, or when it is the last one */
export function removeShelf(draft: PlanogramShelves, shelf: string): PlanogramShelves {
  const one = draft.find(({ id }) => id === shelf)
  if (one === undefined || one.products.length > 0 || draft.length === 1) return draft
  return draft.filter(({ id }) => id !== shelf)
}

/** @returns the same draft when the other shelf already has it */
export function moveProduct(
  draft: PlanogramShelves,
  move: { sku: string; from: string; to: string },
): PlanogramShelves {
  const { sku, from, to } = move
  const place = placeOf(draft, from, sku)
  if (place === undefined || placeOf(draft, to, sku) !== undefined) return draft
  return addProduct(removeProduct(draft, from, sku), to, place)
}
export function addProduct(draft: PlanogramShelves, shelf: string, place: Place): PlanogramShelves {
  return draft.map((one) => (one.id === shelf ? { ...one, products: [...one.products, place] } : one))
}
export function removeProduct(draft: PlanogramShelves, shelf: string, sku: string): PlanogramShelves {
  return draft.map((one) =>
    one.id === shelf ? { ...one, products: one.products.filter((place) => place.sku !== sku) } : one,
  )
}
export function changePlace(
  draft: PlanogramShelves,
  shelf: string,
  sku: string,
  more: Partial<Pick<Place, 'priceFen' | 'capacity'>>,
): PlanogramShelves {
  return draft.map((one) =>
    one.id === shelf
      ? {
          ...one,
          products: one.products.map((place) => (place.sku === sku ? { ...place, ...more } : place)),
        }
      : one,
  )
}

/** The goods of the draft on the shelves of the proposal; price and capacity go along. What the proposal does not name stays. */
export function adoptDealing(
  draft: PlanogramShelves,
  better: NonNullable<PlanogramLint['better']>,
): PlanogramShelves {
  return movesOf(draft, better).reduce(moveProduct, draft)
}
export function movesOf(
  draft: PlanogramShelves,
  better: NonNullable<PlanogramLint['better']>,
): Array<{ sku: string; from: string; to: string }> {
  const target = new Map(better.shelves.flatMap(({ id, skus }) => skus.map((sku) => [sku, id] as const)))
  return draft.flatMap(({ id, products }) =>
    products.flatMap(({ sku }) => {
      const to = target.get(sku)
      return to === undefined || to === id ? [] : [{ sku, from: id, to }]
    }),
  )
}

/** What saving would change. A product that left one shelf and came to another was moved. */
export function changesOf(before: PlanogramShelves, after: PlanogramShelves): PlanogramChange[] {
  const removed: Array<{ sku: string; shelf: string; place: Place }> = []
  const added: Array<{ sku: string; shelf: string; place: Place }> = []
  const changes: PlanogramChange[] = [
    ...shelvesOnlyIn(after, before).map((shelf) => ({ kind: 'shelf_added', shelf }) as const),
    ...shelvesOnlyIn(before, after).map((shelf) => ({ kind: 'shelf_removed', shelf }) as const),
  ]
  const compare = (sku: string, shelf: string, was: Place, is: Place) => {
    if (was.priceFen !== is.priceFen)
      changes.push({ kind: 'price', sku, shelf, before: was.priceFen, after: is.priceFen })
    if (was.capacity !== is.capacity)
      changes.push({ kind: 'capacity', sku, shelf, before: was.capacity, after: is.capacity })
  }
  for (const { id, products } of before) {
    for (const place of products) {
      const now = placeOf(after, id, place.sku)
      if (now === undefined) removed.push({ sku: place.sku, shelf: id, place })
      else compare(place.sku, id, place, now)
    }
  }
  for (const { id, products } of after) {
    for (const place of products) {
      if (placeOf(before, id, place.sku) === undefined) added.push({ sku: place.sku, shelf: id, place })
    }
  }
  for (const { sku, shelf, place } of added) {
    const from = removed.findIndex((one) => one.sku === sku)
    const old = removed[from]
    if (old === undefined) {
      changes.push({ kind: 'added', sku, shelf })
      continue
    }
    removed.splice(from, 1)
    changes.push({ kind: 'moved', sku, from: old.shelf, to: shelf })
    compare(sku, shelf, old.place, place)
  }
  for (const { sku, shelf } of removed) changes.push({ kind: 'removed', sku, shelf })
  return changes
}

function shelvesOnlyIn(one: PlanogramShelves, other: PlanogramShelves): string[] {
  return one.filter(({ id }) => !other.some((shelf) => shelf.id === id)).map(({ id }) => id)
}

function placeOf(shelves: PlanogramShelves, shelf: string, sku: string): Place | undefined {
  return shelves.find((one) => one.id === shelf)?.products.find((place) => place.sku === sku)
}

/** Below one in a hundred nobody notices; above one in twenty every day has a wrong receipt. */
export function toneOfError(share: number): 'ok' | 'warn' | 'bad' {
  return share < 0.01 ? 'ok' : share < 0.05 ? 'warn' : 'bad'
}

/** 0.126 → `12.6 %`; what would read as nothing is said to be less than that. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %'
  return `${(100 * share).toFixed(share === 0 ? 0 : 1)} %`
}
