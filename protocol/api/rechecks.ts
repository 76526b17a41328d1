import Type from 'typebox'
import { Bilingual, closed, Id, oneOf, WallMs } from './common.ts'
import { ROOT_CAUSES } from './tickets.ts'

/** `objected`: the agent objects once to a failed re-check; another lead then lets it stand or lifts it. */
export const RECHECK_STATES = [
  'waiting',
  'passed',
  'failed',
  'objected',
  'confirmed',
  'lifted',
  'dropped',
] as const
export type RecheckState = (typeof RECHECK_STATES)[number]
/** Why a case is in the sample. `again`: the case failed before, and was closed a second time. */
export const RECHECK_REASONS = ['type', 'agent', 'turn', 'again'] as const
export type RecheckReason = (typeof RECHECK_REASONS)[number]
export const RECHECK_MARKS = ['met', 'not_met', 'not_applicable'] as const
export const RECHECK_FOLLOWS = ['reopened', 'follow_up'] as const

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Key = Type.String({ pattern: '^[a-z][a-z0-9_]{1,31}$' })
const Words = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' })
const BothWords = (maxLength: number) => Type.Object({ zh: Words(maxLength), en: Words(maxLength) }, closed)
const Share = Type.Integer({ minimum: 0, maximum: 100, description: 'per cent of the closed cases' })

export const ScorecardCriterion = Type.Object(
  {
    key: Key,
    label: BothWords(60),
    help: BothWords(240),
    weight: Type.Integer({ minimum: 1, maximum: 100 }),
    isCritical: Type.Boolean({ description: 'not met: the case fails, whatever the sum' }),
  },
  closed,
)
export type ScorecardCriterion = Type.Static<typeof ScorecardCriterion>
/** What closed cases are held against, and which of them. */
export const Scorecard = Type.Object(
  {
    criteria: Type.Array(ScorecardCriterion, { minItems: 1, maxItems: 16 }),
    passPercent: Type.Integer({ minimum: 1, maximum: 100 }),
    dueDays: Type.Integer({
      minimum: 1,
      maximum: 60,
      description: 'a re-check is due so long after the end',
    }),
    objectionDays: Type.Integer({ minimum: 1, maximum: 60 }),
    sample: Type.Object(
      {
        sharePercent: Share,
        types: Type.Array(Type.Object({ type: Key, sharePercent: Share }, closed), { maxItems: 40 }),
        agents: Type.Array(Type.Object({ staffId: Id, sharePercent: Share }, closed), { maxItems: 200 }),
        everyCases: Type.Integer({
          minimum: 1,
          maximum: 1000,
          description: 'of so many cases of one agent at least one is looked at',
        }),
      },
      closed,
    ),
  },
  closed,
)
export type Scorecard = Type.Static<typeof Scorecard>

/** GET /api/staff/rechecks/scorecard */
export const ScorecardView = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: '0: as shipped' }),
    card: Scorecard,
    versions: Type.Array(
      Type.Object(
        { version: Type.Integer(), savedAtMs: WallMs, savedBy: Type.String(), reason: Type.String() },
        closed,
      ),
    ),
    ticketTypes: Type.Array(Type.Object({ key: Type.String(), label: Bilingual }, closed)),
    agents: Type.Array(Type.Object({ staffId: Id, name: Type.String() }, closed)),
    mayChange: Type.Boolean(),
  },
  closed,
)
export type ScorecardView = Type.Static<typeof ScorecardView>
/** PUT /api/staff/rechecks/scorecard */
export const ScorecardSave = Type.Object(
  { baseVersion: Type.Integer({ minimum: 0 }), reason: Words(500), card: Scorecard },
  closed,
)
export type ScorecardSave = Type.Static<typeof ScorecardSave>

export const RecheckRow = Type.Object(
  {
    recheckId: Id,
    ticketId: Id,
    ticketNumber: Type.Integer(),
    ticketType: Type.String(),
    typeLabel: Bilingual,
    agentId: Id,
    agentName: Type.String(),
    reason: oneOf(RECHECK_REASONS),
    state: oneOf(RECHECK_STATES),
    scorePercent: orNull(Type.Integer({ minimum: 0, maximum: 100 })),
    checkedBy: orNull(Type.String()),
    checkedAtMs: orNull(WallMs),
    createdAtMs: WallMs,
    dueAtMs: WallMs,
    isLate: Type.Boolean(),
    version: Type.Integer(),
  },
  closed,
)
export type RecheckRow = Type.Static<typeof RecheckRow>
export const RECHECK_VIEWS = ['waiting', 'objections', 'done', 'mine'] as const
export type RecheckView = (typeof RECHECK_VIEWS)[number]
/** GET /api/staff/rechecks?view= */
export const RecheckList = Type.Object(
  {
    rechecks: Type.Array(RecheckRow),
    counts: Type.Object(
      { waiting: Type.Integer(), late: Type.Integer(), objections: Type.Integer(), mine: Type.Integer() },
      closed,
    ),
  },
  closed,
)
export type RecheckList = Type.Static<typeof RecheckList>

export const RecheckAnswer = Type.Object(
  { key: Key, mark: oneOf(RECHECK_MARKS), note: Type.String({ maxLength: 500 }) },
  closed,
)
export type RecheckAnswer = Type.Static<typeof RecheckAnswer>
/** GET /api/staff/rechecks/:recheckId */
export const RecheckDetail = Type.Object(
  {
    recheck: RecheckRow,
    /** Of the version with which it was or will be scored. */
    cardVersion: Type.Integer(),
    criteria: Type.Array(ScorecardCriterion),
    passPercent: Type.Integer(),
    answers: Type.Array(RecheckAnswer),
    note: orNull(Type.String()),
    rootCause: orNull(oneOf(ROOT_CAUSES)),
    ticketRootCause: orNull(oneOf(ROOT_CAUSES)),
    /** Whoever asked has said that they are content: a failed re-check opens a case beside it, and leaves them in peace. */
    isContent: Type.Boolean(),
    follow: orNull(oneOf(RECHECK_FOLLOWS)),
    followTicketId: orNull(Id),
    improvementId: orNull(Id),
    objection: orNull(Type.Object({ text: Type.String(), atMs: WallMs }, closed)),
    decision: orNull(Type.Object({ note: Type.String(), by: Type.String(), atMs: WallMs }, closed)),
    objectUntilMs: orNull(WallMs),
    actions: Type.Array(oneOf(['score', 'object', 'decide'])),
  },
  closed,
)
export type RecheckDetail = Type.Static<typeof RecheckDetail>

/** POST /api/staff/rechecks/:recheckId/score: every criterion is answered; what was not met has a note. */
export const RecheckScore = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    cardVersion: Type.Integer({ minimum: 0 }),
    answers: Type.Array(RecheckAnswer, { minItems: 1, maxItems: 16 }),
    note: Type.String({ maxLength: 1000 }),
    /** Of what went wrong; needed when it fails. */
    rootCause: Type.Optional(oneOf(ROOT_CAUSES)),
  },
  closed,
)
export type RecheckScore = Type.Static<typeof RecheckScore>
/** POST /api/staff/rechecks/:recheckId/object */
export const RecheckObjection = Type.Object(
  { version: Type.Integer({ minimum: 1 }), text: Words(1000) },
  closed,
)
export type RecheckObjection = Type.Static<typeof RecheckObjection>
/** POST /api/staff/rechecks/:recheckId/decide */
export const RecheckDecision = Type.Object(
  { version: Type.Integer({ minimum: 1 }), decision: oneOf(['confirm', 'lift']), note: Words(1000) },
  closed,
)
export type RecheckDecision = Type.Static<typeof RecheckDecision>
