import Type from 'typebox'
import { closed, Fen, Id, oneOf, WallMs } from './common.ts'

/** The rules that decide without a person, each with limits that a lead may change. */
export const POLICY_NAMES = [
  'receipt',
  'returned_goods',
  'returned_later',
  'automatic_refund',
  'double_charge',
  'delayed_charge',
  'unpaid',
  'restriction',
] as const
export type PolicyName = (typeof POLICY_NAMES)[number]

/** What a rule comes to, whichever it is. `person`: somebody must look. */
export const POLICY_OUTCOMES = [
  'charged',
  'charged_cheapest',
  'nothing_owed',
  'person',
  'refunded',
  'confirmed',
  'explained',
  'on_time',
  'reminded',
  'unrestricted',
  'limited',
  'blocked',
] as const
export type PolicyOutcome = (typeof POLICY_OUTCOMES)[number]

export const LIMIT_UNITS = ['ms', 'fen', 'ratio', 'days', 'years', 'count'] as const
const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
/** By the name of the setting. */
const Limits = Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,40}$' }), Type.Number())

export const PolicyLimit = Type.Object(
  {
    name: Type.String(),
    unit: oneOf(LIMIT_UNITS),
    value: Type.Number({ description: 'what holds now' }),
    configured: Type.Number({ description: 'what the core was started with' }),
    minimum: Type.Number(),
    maximum: Type.Number(),
  },
  closed,
)
export type PolicyLimit = Type.Static<typeof PolicyLimit>

/** `version` 0 is what the core was started with. */
const held = {
  policy: oneOf(POLICY_NAMES),
  version: Type.Integer({ minimum: 0 }),
  /** Name and version of the code that decides. */
  rule: Type.String(),
  savedAtMs: nullable(WallMs),
  savedBy: nullable(Type.String({ description: 'name of the person' })),
  reason: nullable(Type.String()),
}
/** GET /api/staff/policies */
export const PolicyRow = Type.Object(
  {
    ...held,
    limits: Type.Array(PolicyLimit),
    /** Of the last 30 days. */
    decisions: Type.Integer(),
    persons: Type.Integer({ description: 'of those, how many were left to a person' }),
  },
  closed,
)
export type PolicyRow = Type.Static<typeof PolicyRow>
export const PolicyList = Type.Object({ policies: Type.Array(PolicyRow) }, closed)
export type PolicyList = Type.Static<typeof PolicyList>

export const PolicyVersionView = Type.Object(
  {
    version: Type.Integer({ minimum: 0 }),
    limits: Limits,
    savedAtMs: nullable(WallMs),
    savedBy: nullable(Type.String()),
    reason: nullable(Type.String()),
    restoredFrom: nullable(Type.Integer({ description: 'the version that was gone back to' })),
    /** What the person was shown before saving. */
    changed: nullable(Type.Integer({ description: 'past cases that it would have decided otherwise' })),
    cases: nullable(Type.Integer()),
  },
  closed,
)
export type PolicyVersionView = Type.Static<typeof PolicyVersionView>
/** GET /api/staff/policies/:policy; newest version first */
export const PolicyDetail = Type.Object(
  { policy: PolicyRow, versions: Type.Array(PolicyVersionView), actions: Type.Array(Type.String()) },
  closed,
)
export type PolicyDetail = Type.Static<typeof PolicyDetail>

/** POST /api/staff/policies/:policy/what-if: nothing is changed by asking. */
export const PolicyDraft = Type.Object(
  {
    limits: Limits,
    days: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 365, description: 'how far back; 30 when absent' }),
    ),
  },
  closed,
)
export type PolicyDraft = Type.Static<typeof PolicyDraft>

export const PolicyTotals = Type.Object(
  {
    persons: Type.Integer({ description: 'cases left to a person' }),
    chargedFen: Fen,
    refundedFen: Fen,
  },
  closed,
)
export type PolicyTotals = Type.Static<typeof PolicyTotals>
export const WhatIf = Type.Object(
  {
    policy: oneOf(POLICY_NAMES),
    sinceMs: WallMs,
    cases: Type.Integer({ description: 'past cases that were decided again' }),
    isWhole: Type.Boolean({ description: 'false: there are older cases in that time which were left out' }),
    changed: Type.Integer(),
    /** Stored inputs under the stored limits must give the stored decision; anything else is a defect. */
    notReproduced: Type.Integer(),
    /** How many went from what to what, those that stayed as they were included. */
    moves: Type.Array(
      Type.Object(
        { from: oneOf(POLICY_OUTCOMES), to: oneOf(POLICY_OUTCOMES), count: Type.Integer(), effectFen: Fen },
        closed,
      ),
    ),
    was: PolicyTotals,
    would: PolicyTotals,
    rows: Type.Array(
      Type.Object(
        {
          decisionId: Type.Integer(),
          atMs: WallMs,
          orderId: nullable(Id),
          cabinetId: nullable(Type.String()),
          cabinetName: nullable(Type.Object({ zh: Type.String(), en: Type.String() }, closed)),
          from: oneOf(POLICY_OUTCOMES),
          to: oneOf(POLICY_OUTCOMES),
          wasFen: Fen,
          wouldFen: Fen,
        },
        closed,
      ),
      { description: 'cases that would be decided otherwise, the newest first; at most 200' },
    ),
  },
  closed,
)
export type WhatIf = Type.Static<typeof WhatIf>

/** POST /api/staff/policies/:policy/versions */
export const PolicySave = Type.Object(
  {
    limits: Limits,
    reason: Type.String({ minLength: 3, maxLength: 500 }),
    baseVersion: Type.Integer({ minimum: 0, description: 'what the reader saw as holding' }),
    restoredFrom: Type.Optional(Type.Integer({ minimum: 0 })),
    /** What the what-if said to the one who saves. */
    seen: Type.Optional(Type.Object({ cases: Type.Integer(), changed: Type.Integer() }, closed)),
  },
  closed,
)
export type PolicySave = Type.Static<typeof PolicySave>
