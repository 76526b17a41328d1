import type { Fridge, FridgeSnapshot } from './fridge.ts'
import type { Product } from './goods-file.ts'
import type { Item } from './goods.ts'
import type { CellCharacter, CellFault } from './load-cell.ts'
import type { Lock, LockSnapshot } from './lock.ts'

/** Where an item is: on a shelf, or with the shopper (in the hand, and later at home). */
export type Place = { readonly shelf: string } | 'hand'

export interface ShelfSnapshot {
  readonly id: string
  /** What the transmitter answers as net weight now; undefined while it reports a fault. */
  readonly netGrams: number | undefined
  readonly fault: CellFault
  /** How many times what lies on it the cell reads. */
  readonly gain: number
  /** A technician's weight on the shelf; 0: none. */
  readonly weightGrams: number
  readonly items: readonly Item[]
  /** A hand is in the shelf. */
  readonly isTouched: boolean
}
export interface CabinetSnapshot {
  /** Of the first door. */
  readonly lock: LockSnapshot
  /** Of every door, the first one included. */
  readonly doors: readonly LockSnapshot[]
  readonly climate: FridgeSnapshot
  readonly isMainsOn: boolean
  /** Four digits on the display instead of the temperature. */
  readonly digits: number | null
  readonly shelves: readonly ShelfSnapshot[]
  readonly hand: readonly Item[]
}

/** What a restart must bring back; JSON. */
export interface SavedCabinet {
  readonly version: 1
  readonly nextNumber: number
  readonly setpointDeciCelsius: number
  readonly items: ReadonlyArray<Item & { place: Place }>
  readonly cells: Readonly<Record<string, { character: CellCharacter; tareGrams: number }>>
}

export type TakeStyle = 'normal' | 'quick' | 'hold'
/** A gesture that has begun; the goods have changed hands at once, the scale follows until `doneAtMs`. */
export interface Gesture {
  readonly item: Item
  readonly doneAtMs: number
}

export interface ScaleReading {
  readonly status: 'ok' | 'fault' | 'overload'
  readonly grossGrams: number
  readonly tareGrams: number
}

export interface Cabinet {
  /** The cabinet's own time: where the last `advance` brought it. */
  readonly nowMs: number
  readonly shelfIds: readonly string[]
  readonly products: ReadonlyMap<string, Product>
  /** What is planned on a shelf, from left to right. */
  lanesOf(shelfId: string): ReadonlyArray<{ readonly sku: string; readonly stock: number }>
  readonly lock: Lock
  /** Every door, the first one included. */
  readonly doors: readonly Lock[]
  /** The door that a shelf is behind. */
  doorOf(shelfId: string): number
  readonly fridge: Fridge
  readonly isMainsOn: boolean
  readonly digits: number | null
  showDigits(digits: number | null): void
  /** Grows whenever something changes that a restart must keep. */
  readonly revision: number
  /** Lets time pass: timers, conversions, heat, in order. Never goes back. */
  advance(toMs: number): void
  snapshot(): CabinetSnapshot
  scale(shelfId: string): ScaleReading
  /** Sets the tare of a transmitter; without a value it takes the present weight. */
  tare(shelfId: string, grams?: number): void
  setSetpoint(deciCelsius: number): boolean
  /** @param door  from 0 */
  openDoor(door?: number): void
  closeDoor(options?: { isSoft?: boolean; door?: number }): void
  forceDoor(door?: number): void
  setMains(isOn: boolean): void
  take(options: { shelf: string; sku?: string; itemId?: string; style?: TakeStyle; holdMs?: number }): Gesture
  putBack(options: { shelf: string; sku?: string; itemId?: string }): Gesture
  lean(options: { shelf: string; grams: number; durationMs: number }): void
  touch(options: { shelf: string; durationMs: number }): void
  addForeign(options: { shelf: string; grams: number }): Gesture
  restock(options: { shelf: string; sku: string; quantity: number }): readonly Item[]
  /** The shopper leaves with what they hold. */
  emptyHand(): readonly Item[]
  setCellFault(shelfId: string, fault: CellFault): void
  /** Wears a cell: from now on it reads so many times what lies on it. */
  setCellGain(shelfId: string, gain: number): void
  /** All that lies on a shelf goes into the hands of whoever stands there. */
  unload(shelfId: string): readonly Item[]
  /** What belongs on a shelf goes back from the hands to it. */
  reload(shelfId: string): readonly Item[]
  /** Puts a weight of exactly so many grams on a shelf; 0 takes it away again. */
  putWeight(shelfId: string, grams: number): void
  /** Goods as in the goods file, doors closed, faults off. */
  reset(): void
  save(): SavedCabinet
}
