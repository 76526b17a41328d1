import Type from 'typebox'
import { parseValue } from '#protocol/messages/index.ts'
import { parseWeighingPlanogram, WeighingInputError } from '#protocol/weighing/parse.ts'
import type { WeighingProduct } from '#protocol/weighing/types.ts'
import type { Database } from '#core/platform/database.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'

/** A product's weight as one cabinet has learned it, in grams. */
export type LearnedUnit = Pick<WeighingProduct, 'unitGrams' | 'sigmaGrams' | 'meanErrorGrams'>
export type LearnedUnits = ReadonlyMap<string, LearnedUnit>

const Bound = Type.Object({ planogram: Type.Unknown() })
/** A mean further away was learned when the catalogue said something else. */
const MEAN_BAND = 0.05
const KEPT = 200
const NONE: LearnedUnits = new Map()

/**
 * What a cabinet has learned about weights, as far as the core has seen it: every recording carries the planogram that its
 * session was weighed with. Only products that were weighed before; for the others the catalogue is all there is.
 */
export function createLearnedUnits(deps: {
  db: Database
  evidence: Pick<EvidenceStore, 'readEvidenceText'>
}): (cabinetId: string) => Promise<LearnedUnits> {
  const known = new Map<string, LearnedUnits>()
  return async (cabinetId) => {
    const latest = await deps.db.read
      .selectFrom('evidence')
      .innerJoin('blob', 'blob.sha256', 'evidence.sha256')
      .select('evidence.sha256')
      .where('evidence.cabinetId', '=', cabinetId)
      .where('evidence.kind', '=', 'weight-trace')
      .orderBy('evidence.atMs', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (latest === undefined) return NONE
    const before = known.get(latest.sha256)
    if (before !== undefined) return before
    const text = await deps.evidence.readEvidenceText(latest.sha256)
    const units = text === undefined ? NONE : unitsOf(text)
    known.set(latest.sha256, units)
    if (known.size > KEPT) known.delete(known.keys().next().value as string)
    return units
  }
}

function unitsOf(text: string): LearnedUnits {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    // A file that an older edge wrote, or that was cut off: the catalogue does without it.
    if (error instanceof SyntaxError) return NONE
    throw error
  }
  const parsed = parseValue(Bound, json)
  if (!parsed.ok) return NONE
  try {
    return new Map(
      parseWeighingPlanogram(parsed.value.planogram)
        .shelves.flatMap((shelf) => shelf.products)
        .filter((product) => product.meanErrorGrams !== undefined)
        .map(({ sku, unitGrams, sigmaGrams, meanErrorGrams }) => [
          sku,
          { unitGrams, ...(sigmaGrams === undefined ? {} : { sigmaGrams }), meanErrorGrams },
        ]),
    )
  } catch (error) {
    if (error instanceof WeighingInputError) return NONE
    throw error
  }
}

/** The catalogue's product with what the cabinet knows better. */
export function withLearned(
  product: { sku: string; unitGrams: number; sigmaGrams: number },
  learned: LearnedUnits,
): LearnedUnit & { isLearned: boolean } {
  const { sku, unitGrams, sigmaGrams } = product
  const own = learned.get(sku)
  if (own === undefined || Math.abs(own.unitGrams - unitGrams) > MEAN_BAND * unitGrams)
    return { unitGrams, sigmaGrams, isLearned: false }
  return { ...own, isLearned: true }
}
