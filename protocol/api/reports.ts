import Type from 'typebox'
import { Bilingual, closed, oneOf, WallMs } from './common.ts'

/** Every figure of the report; what each means is in `protocol/words/reports.ts`. */
export const FIGURES = [
  'opened',
  'solved',
  'without_person',
  'first_answer_median',
  'first_answer_nine_tenths',
  'first_answer_in_time',
  'solution_median',
  'solution_nine_tenths',
  'solution_in_time',
  'opened_again',
  'score',
  'content',
  'rated',
  'nps',
  'nps_answered',
  'dispute_rate',
  'refunded',
  'refunds',
  'called_back',
] as const
export type FigureKey = (typeof FIGURES)[number]
export const FIGURE_UNITS = ['count', 'ms', 'ratio', 'fen', 'score', 'nps'] as const
export type FigureUnit = (typeof FIGURE_UNITS)[number]

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
export const Figure = Type.Object(
  {
    key: oneOf(FIGURES),
    unit: oneOf(FIGURE_UNITS),
    /** null when nothing was there to count. */
    value: orNull(Type.Number()),
    before: orNull(Type.Number({ description: 'the same in the period before' })),
    numerator: Type.Number(),
    denominator: orNull(Type.Number()),
  },
  closed,
)
export type Figure = Type.Static<typeof Figure>

export const REPORT_TABLES = [
  'types',
  'causes',
  'refunds',
  'cabinets',
  'products',
  'days',
  'figures',
] as const
export type ReportTableKey = (typeof REPORT_TABLES)[number]
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
export const ReportPeriod = Type.Object({ from: Day, to: Day, fromMs: WallMs, untilMs: WallMs }, closed)
export type ReportPeriod = Type.Static<typeof ReportPeriod>

const Rate = {
  orders: Type.Integer(),
  disputes: Type.Integer(),
  rate: orNull(Type.Number()),
  before: orNull(Type.Number()),
}
export const ReportTables = Type.Object(
  {
    types: Type.Array(
      Type.Object(
        { type: Type.String(), label: Bilingual, opened: Type.Integer(), before: Type.Integer() },
        closed,
      ),
    ),
    causes: Type.Array(
      Type.Object({ rootCause: Type.String(), cases: Type.Integer(), before: Type.Integer() }, closed),
    ),
    refunds: Type.Array(
      Type.Object(
        {
          reason: Type.String(),
          refunds: Type.Integer(),
          amountFen: Type.Integer(),
          beforeFen: Type.Integer(),
        },
        closed,
      ),
    ),
    cabinets: Type.Array(Type.Object({ cabinetId: Type.String(), name: Bilingual, ...Rate }, closed)),
    products: Type.Array(Type.Object({ sku: Type.String(), name: Bilingual, ...Rate }, closed)),
    days: Type.Array(
      Type.Object(
        {
          day: Day,
          fromMs: WallMs,
          opened: Type.Integer(),
          solved: Type.Integer(),
          disputes: Type.Integer(),
          refundedFen: Type.Integer(),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type ReportTables = Type.Static<typeof ReportTables>

/** GET /api/staff/reports?from=&to= : at most 366 days, both included; an operator reads their own cabinets. */
export const SupportReport = Type.Object(
  {
    period: ReportPeriod,
    before: ReportPeriod,
    /** null: every cabinet. */
    operator: orNull(Type.String()),
    figures: Type.Array(Figure),
    tables: ReportTables,
  },
  closed,
)
export type SupportReport = Type.Static<typeof SupportReport>

const Month = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' })
/** GET /api/staff/reports/months: newest first. */
export const MonthList = Type.Object(
  {
    months: Type.Array(Type.Object({ month: Month, madeAtMs: WallMs, version: Type.Integer() }, closed)),
  },
  closed,
)
export type MonthList = Type.Static<typeof MonthList>
/** GET /api/staff/reports/months/:month : as it was when it was made. */
export const MonthSummary = Type.Object(
  {
    month: Month,
    version: Type.Integer({ minimum: 1 }),
    madeAtMs: WallMs,
    text: Type.Object({ zh: Type.Array(Type.String()), en: Type.Array(Type.String()) }, closed),
    report: SupportReport,
    mayMake: Type.Boolean(),
  },
  closed,
)
export type MonthSummary = Type.Static<typeof MonthSummary>
