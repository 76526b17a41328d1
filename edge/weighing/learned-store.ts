import type { EdgeDatabase } from '../database.ts'
import { type LearnedWeights, nothingLearned } from './learned-weights.ts'

const DOCUMENT = 'learned-weights'

/** What this cabinet has learned so far; nothing yet when it is new. */
export function readLearned(db: EdgeDatabase): LearnedWeights {
  const kept = db.readDocument<{ v: number }>(DOCUMENT)
  return kept?.v === nothingLearned.v ? (kept as LearnedWeights) : nothingLearned
}

/** Inside the transaction that ends the session it was learned from. */
export function saveLearned(db: EdgeDatabase, learned: LearnedWeights): void {
  db.saveDocument(DOCUMENT, learned)
}
