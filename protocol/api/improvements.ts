import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, WallMs } from './common.ts'
import { ROOT_CAUSES } from './tickets.ts'

/** Plan, do, check, act; the last two are ends. */
export const IMPROVEMENT_STATES = ['plan', 'do', 'check', 'act', 'closed', 'dropped'] as const
export type ImprovementState = (typeof IMPROVEMENT_STATES)[number]
export const IMPROVEMENT_STEPS = ['begin', 'finish', 'effective', 'again', 'close', 'drop'] as const
export type ImprovementStep = (typeof IMPROVEMENT_STEPS)[number]
/** What opened it: a person, a cause that recurred, a closed case that failed its re-check, or an incident. */
export const IMPROVEMENT_SOURCES = ['person', 'recurrence', 'recheck', 'incident'] as const
export type ImprovementSource = (typeof IMPROVEMENT_SOURCES)[number]
export const IMPROVEMENT_SUBJECTS = ['cabinet', 'product'] as const
export type ImprovementSubjectKind = (typeof IMPROVEMENT_SUBJECTS)[number]

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Text = Type.String({ maxLength: 2000 })
export const ImprovementSubject = Type.Object(
  { kind: oneOf(IMPROVEMENT_SUBJECTS), id: Type.String({ minLength: 1, maxLength: 64 }) },
  closed,
)
export type ImprovementSubject = Type.Static<typeof ImprovementSubject>

export const ImprovementRow = Type.Object(
  {
    itemId: Id,
    number: Type.Integer(),
    state: oneOf(IMPROVEMENT_STATES),
    source: oneOf(IMPROVEMENT_SOURCES),
    title: Bilingual,
    rootCause: orNull(oneOf(ROOT_CAUSES)),
    subject: orNull(
      Type.Object({ kind: oneOf(IMPROVEMENT_SUBJECTS), id: Type.String(), name: Bilingual }, closed),
    ),
    ownerId: orNull(Id),
    ownerName: orNull(Type.String()),
    dueAtMs: WallMs,
    isLate: Type.Boolean({ description: 'its due date is over and it has not ended' }),
    cases: Type.Integer({ minimum: 0, description: 'cases that are counted on it' }),
    round: Type.Integer({ minimum: 1, description: 'how often it went through plan, do, check, act' }),
    openedAtMs: WallMs,
    version: Type.Integer(),
  },
  closed,
)
export type ImprovementRow = Type.Static<typeof ImprovementRow>

export const IMPROVEMENT_VIEWS = ['open', 'mine', 'late', 'ended'] as const
export type ImprovementView = (typeof IMPROVEMENT_VIEWS)[number]
/** GET /api/staff/improvements?view= */
export const ImprovementList = Type.Object(
  {
    items: Type.Array(ImprovementRow),
    counts: Type.Object(
      { open: Type.Integer(), mine: Type.Integer(), late: Type.Integer(), ended: Type.Integer() },
      closed,
    ),
    rule: Type.Object(
      {
        cases: Type.Integer({ description: 'so many cases of one cause on one cabinet or product …' }),
        days: Type.Integer({ description: '… within so many days open an item by themselves' }),
      },
      closed,
    ),
    mayWork: Type.Boolean(),
  },
  closed,
)
export type ImprovementList = Type.Static<typeof ImprovementList>

/** Cases of the same cause in a stretch of time. */
const Figure = Type.Object({ cases: Type.Integer({ minimum: 0 }), fromMs: WallMs, toMs: WallMs }, closed)
/** GET /api/staff/improvements/:itemId */
export const ImprovementItem = Type.Object(
  {
    item: ImprovementRow,
    plan: Text,
    action: Text,
    check: Text,
    standard: Text,
    doneAtMs: orNull(WallMs),
    endedAtMs: orNull(WallMs),
    effect: orNull(
      Type.Object(
        {
          before: Figure,
          after: orNull(Figure),
          isWindowOver: Type.Boolean({
            description: 'as much time has passed after the change as was counted before it',
          }),
          weeks: Type.Array(Type.Object({ fromMs: WallMs, cases: Type.Integer() }, closed), {
            description: 'the last weeks, oldest first',
          }),
        },
        { ...closed, description: 'null when the item names no cause' },
      ),
    ),
    cases: Type.Array(
      Type.Object(
        {
          kind: oneOf(['ticket', 'anomaly']),
          caseId: Id,
          ticketId: orNull(Id),
          ticketNumber: orNull(Type.Integer()),
          ticketType: orNull(Type.String()),
          atMs: WallMs,
        },
        closed,
      ),
      { description: 'newest first, at most 100' },
    ),
    history: Type.Array(
      Type.Object(
        {
          version: Type.Integer(),
          atMs: WallMs,
          by: Type.String({ description: 'empty for a rule' }),
          what: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
        },
        closed,
      ),
    ),
    people: Type.Array(Type.Object({ staffId: Id, name: Type.String() }, closed), {
      description: 'who may own it',
    }),
    actions: Type.Array(oneOf(['edit', ...IMPROVEMENT_STEPS])),
  },
  closed,
)
export type ImprovementItem = Type.Static<typeof ImprovementItem>

/** POST /api/staff/improvements → 201 ImprovementItem */
export const ImprovementCreate = Type.Object(
  {
    requestId: Type.String({ minLength: 8, maxLength: 64 }),
    title: Type.String({ minLength: 4, maxLength: 120, pattern: '\\S' }),
    rootCause: Type.Optional(oneOf(ROOT_CAUSES)),
    subject: Type.Optional(ImprovementSubject),
    dueAtMs: Type.Optional(WallMs),
    plan: Type.Optional(Text),
  },
  closed,
)
export type ImprovementCreate = Type.Static<typeof ImprovementCreate>
/** PUT /api/staff/improvements/:itemId → ImprovementItem */
export const ImprovementEdit = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    ownerId: orNull(Id),
    dueAtMs: WallMs,
    plan: Text,
    action: Text,
  },
  closed,
)
export type ImprovementEdit = Type.Static<typeof ImprovementEdit>
/** POST /api/staff/improvements/:itemId/:step → ImprovementItem; every step says what it rests on. */
export const ImprovementStepRequest = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    note: Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' }),
  },
  closed,
)
export type ImprovementStepRequest = Type.Static<typeof ImprovementStepRequest>
