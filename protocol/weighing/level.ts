/** The readings of a shelf on its way from one level to the next. */
export type Passage = { fromMs: number; tMs: Float64Array; grams: Float64Array; noiseGrams: number }

export type DoorPhase = 'before' | 'during' | 'after'

/** A stretch in which a shelf was quiet. Head and tail are its mean near its beginning and near its end, in grams. */
export type Level = {
  startMs: number
  endMs: number
  phase: DoorPhase
  headGrams: number
  headSigmaGrams: number
  tailGrams: number
  tailSigmaGrams: number
  /** Spread of the readings in the level against the noise that this shelf has when it is left alone. */
  roughness: number
  quietMs: number
  /** The level was taken because time was up, not because the shelf was quiet. */
  forced: boolean
  /** The longest stretch without readings between the level before and this one. */
  gapMs: number
  /** The level before ended because the door moved, not because goods or hands did. */
  followsDoor: boolean
  /** Seen only for a moment between two moves, among trembling and the next hand's push. */
  brief: boolean
  /** How far the shelf went above and below the level before, on the way to this one. */
  highGrams: number
  lowGrams: number
  /** The readings on the way from the last level that was not brief, when the way was short enough to be looked at. */
  passage: Passage | null
}
