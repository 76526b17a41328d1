import type { Move } from './states.ts'
import type { CabinetModel, ModelProduct } from './combinations.ts'

/** A sentence that a support agent can read aloud. */
export function explainMove(move: Move, model: CabinetModel, deltaGrams: number, sigmaGrams: number): string {
  const weighed = `${signed(deltaGrams)} ± ${sigmaGrams.toFixed(1)} g`
  switch (move.kind) {
    case 'nothing':
      return `Nothing left or came (${weighed}).`
    case 'resting_hand':
      return `A hand or an object rested on the shelf for a while; not counted (${weighed}).`
    case 'taken':
      return `Taken: ${names(move.items, model)} (${weighed}).`
    case 'put_back':
      return move.home
        ? `Put back: ${names(move.items, model)} (${weighed}).`
        : `Put back on another shelf: ${names(move.items, model)} (${weighed}).`
    case 'exchanged':
      return `Put back ${names(move.returned, model)} and took ${names(move.taken, model)} in one go (${weighed}).`
    case 'foreign_added':
      return `Something that is not sold here was put on the shelf (${weighed}).`
    case 'foreign_removed':
      return `What did not belong here was taken away again (${weighed}).`
    case 'unexplained_loss':
      return `Weight left that no product explains (${weighed}).`
    case 'opened_package':
      return `${names([move.item], model)} came back lighter than it left, perhaps opened (${weighed}).`
    case 'brought_in':
      return `${names([move.item], model)} was put in that was not taken in this session (${weighed}).`
  }
}

function names(items: readonly number[], model: CabinetModel): string {
  const counts = new Map<number, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return [...counts]
    .map(([item, count]) => `${count} × ${(model.products[item] as ModelProduct).sku}`)
    .join(', ')
}

function signed(grams: number): string {
  return `${grams < 0 ? '−' : '+'}${Math.abs(grams).toFixed(1)}`
}

/** Units by product that left (−) or came (+) in one move. */
export function changesOf(move: Move, model: CabinetModel): Array<{ sku: string; quantity: number }> {
  const counts = new Map<number, number>()
  const add = (items: readonly number[], sign: number): void => {
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + sign)
  }
  switch (move.kind) {
    case 'taken':
      add(move.items, -1)
      break
    case 'put_back':
      add(move.items, 1)
      break
    case 'brought_in':
      add([move.item], 1)
      break
    case 'exchanged':
      add(move.taken, -1)
      add(move.returned, 1)
      break
    case 'nothing':
    case 'resting_hand':
    case 'foreign_added':
    case 'foreign_removed':
    case 'unexplained_loss':
    case 'opened_package':
      break
  }
  return [...counts].map(([item, quantity]) => ({
    sku: (model.products[item] as ModelProduct).sku,
    quantity,
  }))
}
