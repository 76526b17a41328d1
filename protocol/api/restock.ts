import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, Picture, Sku, WallMs } from './common.ts'

/** Visits of staff at a cabinet: to fill it, to count it, to serve it. Nobody is ever charged for one. */

export const VISIT_KINDS = ['restock', 'count', 'service'] as const
export const VISIT_STATES = ['opening', 'open', 'weighed', 'confirmed', 'ended'] as const
/**
 * put_in: came into the cabinet. taken_out: left it (expired, damaged …). counted: this many lie there now, whatever was
 * thought before.
 */
export const LINE_ACTIONS = ['put_in', 'taken_out', 'counted'] as const
export const TAKEN_OUT_REASONS = ['expired', 'damaged', 'recalled', 'moved', 'other'] as const
const Shelf = Type.String({ pattern: '^[a-z0-9-]{1,32}$' })
const Nothing = Type.Null()
const orNothing = <T extends Type.TSchema>(schema: T) => Type.Union([Nothing, schema])

export const DATE_PATTERN = '^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
export const VisitLine = Type.Object(
  {
    shelf: Shelf,
    sku: Sku,
    action: oneOf(LINE_ACTIONS),
    quantity: Type.Integer({ minimum: 0, maximum: 500, description: 'pieces' }),
    batch: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'as printed on the goods' }),
    ),
    expiresOn: Type.Optional(
      Type.String({
        pattern: DATE_PATTERN,
        description: 'the last day on which it may be sold, at the cabinet',
      }),
    ),
    reason: Type.Optional(oneOf(TAKEN_OUT_REASONS)),
  },
  closed,
)
export type VisitLine = Type.Static<typeof VisitLine>

/** POST /api/staff/cabinets/:cabinetId/visits : the same id again answers the same visit */
export const VisitRequest = Type.Object(
  {
    visitId: Id,
    kind: oneOf(VISIT_KINDS),
    door: Type.Optional(Type.Integer({ minimum: 0, maximum: 3, description: 'from 0' })),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
)
export type VisitRequest = Type.Static<typeof VisitRequest>
/** PUT /api/staff/visits/:visitId/lines : all lines, instead of those before */
export const VisitLinesRequest = Type.Object({ lines: Type.Array(VisitLine, { maxItems: 200 }) }, closed)
/** POST /api/staff/visits/:visitId/confirm */
export const VisitConfirmRequest = Type.Object({ note: Type.String({ maxLength: 500 }) }, closed)

/** What a shelf says, beside what the lines say. */
export const ShelfDifference = Type.Object(
  {
    shelf: Shelf,
    /** What the lines weigh, by what the catalogue says of one. */
    saidGrams: Type.Number(),
    /** null: the scale said nothing. */
    weighedGrams: orNothing(Type.Number()),
    /** Weighed less said. */
    differenceGrams: orNothing(Type.Number()),
    isOff: Type.Boolean({ description: 'more than the scale and the goods can explain' }),
    /** Where all goods of the shelf are one product: how many pieces more or less than said. */
    pieces: orNothing(Type.Integer()),
  },
  closed,
)
export type ShelfDifference = Type.Static<typeof ShelfDifference>

export const VisitSummary = Type.Object(
  {
    visitId: Id,
    cabinetId: Id,
    door: Type.Integer(),
    kind: oneOf(VISIT_KINDS),
    state: oneOf(VISIT_STATES),
    /** A code of the catalogue, when it ended without having been confirmed. */
    endReason: orNothing(Type.String()),
    by: Type.String(),
    reason: Type.String(),
    startedAtMs: WallMs,
    openedAtMs: orNothing(WallMs),
    closedAtMs: orNothing(WallMs),
    confirmedAtMs: orNothing(WallMs),
    lineCount: Type.Integer(),
    note: orNothing(Type.String()),
  },
  closed,
)
export type VisitSummary = Type.Static<typeof VisitSummary>
export const BatchLine = Type.Object(
  {
    shelf: Shelf,
    sku: Sku,
    batch: orNothing(Type.String()),
    expiresOn: orNothing(Type.String()),
    expiresAtMs: orNothing(WallMs),
    /** By first expired, first out: the oldest are thought to have been sold first. */
    left: Type.Integer(),
    /** At most: nobody makes a consumer take the oldest. */
    leftMost: Type.Integer(),
  },
  closed,
)
export type BatchLine = Type.Static<typeof BatchLine>
export const VisitDetail = Type.Object(
  {
    ...VisitSummary.properties,
    cabinetName: Bilingual,
    lines: Type.Array(VisitLine),
    /** Stock by our own books, before this visit. */
    expected: Type.Array(
      Type.Object(
        {
          shelf: Shelf,
          sku: Sku,
          name: Bilingual,
          picture: Picture,
          unitGrams: Type.Number(),
          quantity: Type.Integer(),
          capacity: Type.Integer(),
          needsDate: Type.Boolean({ description: 'fresh goods: no line without its last day of sale' }),
          /** Last day of sale, when it is put in today and is as fresh as usual. */
          usualExpiresOn: orNothing(Type.String()),
        },
        closed,
      ),
    ),
    batches: Type.Array(BatchLine),
    differences: Type.Array(ShelfDifference),
    pictures: Type.Array(
      Type.Object(
        { sha256: Type.String(), moment: Type.String(), href: Type.String(), isUploaded: Type.Boolean() },
        closed,
      ),
    ),
    actions: Type.Array(Type.String()),
  },
  closed,
)
export type VisitDetail = Type.Static<typeof VisitDetail>
export const VisitList = Type.Object(
  {
    /** What is behind each door, where there are several. */
    doors: Type.Array(Type.Object({ door: Type.Integer(), shelves: Type.Array(Shelf) }, closed)),
    visits: Type.Array(VisitSummary),
    batches: Type.Array(Type.Object({ ...BatchLine.properties, name: Bilingual, picture: Picture }, closed)),
  },
  closed,
)
export type VisitList = Type.Static<typeof VisitList>
