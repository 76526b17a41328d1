import Type from 'typebox'
import { Bilingual, closed, Fen, Id, oneOf, Sku, WallMs } from './common.ts'
import { ROOT_CAUSES } from './tickets.ts'

/** What concerns many people at once and has to be reported within an hour. */
export const EMERGENCY_KINDS = ['data_breach', 'mass_mischarge', 'food_safety', 'other'] as const
export type EmergencyKind = (typeof EMERGENCY_KINDS)[number]
export const EMERGENCY_STATES = [
  'discovered',
  'analysis',
  'response',
  'recovery',
  'summary',
  'closed',
  'false_alarm',
] as const
export type EmergencyState = (typeof EMERGENCY_STATES)[number]
export const EMERGENCY_STEPS = [
  'analyse',
  'respond',
  'recover',
  'relapse',
  'summarise',
  'close',
  'call_off',
] as const
export type EmergencyStep = (typeof EMERGENCY_STEPS)[number]
export const EMERGENCY_NOTICE_STATES = ['awaiting_approval', 'running', 'stopped', 'done', 'refused'] as const
export type EmergencyNoticeState = (typeof EMERGENCY_NOTICE_STATES)[number]
export const EMERGENCY_AUDIENCES = ['consumers', 'operators'] as const
export type EmergencyAudience = (typeof EMERGENCY_AUDIENCES)[number]
export const EMERGENCY_RECIPIENTS_MOST = 20_000

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([Type.Null(), schema])
const Words = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' })
const BothWords = (maxLength: number) => Type.Object({ zh: Words(maxLength), en: Words(maxLength) }, closed)

/** Whom it concerns: who bought at these cabinets, these goods, in this time. Without cabinets and goods: everywhere. */
export const EmergencyScope = Type.Object(
  {
    cabinetIds: Type.Array(Id, { maxItems: 200, uniqueItems: true }),
    sku: orNull(Sku),
    fromMs: WallMs,
    toMs: WallMs,
  },
  closed,
)
export type EmergencyScope = Type.Static<typeof EmergencyScope>
export const EmergencyAffected = Type.Object(
  {
    orders: Type.Integer(),
    consumers: Type.Integer(),
    cabinets: Type.Integer(),
    operators: Type.Integer(),
    paidFen: Fen,
    refundedFen: Fen,
  },
  closed,
)
export type EmergencyAffected = Type.Static<typeof EmergencyAffected>

export const EmergencyRow = Type.Object(
  {
    emergencyId: Id,
    number: Type.Integer(),
    kind: oneOf(EMERGENCY_KINDS),
    title: Type.String(),
    state: oneOf(EMERGENCY_STATES),
    discoveredAtMs: WallMs,
    discoveredBy: Type.String({ description: 'as it was told' }),
    openedAtMs: WallMs,
    openedBy: Type.String(),
    reportDueAtMs: WallMs,
    reportedAtMs: orNull(WallMs),
    isReportLate: Type.Boolean({ description: 'not reported in time, or not yet and the time is over' }),
    endedAtMs: orNull(WallMs),
    version: Type.Integer(),
  },
  closed,
)
export type EmergencyRow = Type.Static<typeof EmergencyRow>
/** GET /api/staff/emergencies */
export const EmergencyList = Type.Object(
  { emergencies: Type.Array(EmergencyRow), open: Type.Integer(), unreported: Type.Integer() },
  closed,
)
export type EmergencyList = Type.Static<typeof EmergencyList>

export const EmergencyEntry = Type.Object(
  { position: Type.Integer(), atMs: WallMs, by: Type.String(), what: Type.String(), note: Type.String() },
  closed,
)
export type EmergencyEntry = Type.Static<typeof EmergencyEntry>
export const EmergencyReport = Type.Object(
  {
    position: Type.Integer(),
    recipient: Type.String(),
    text: Type.String(),
    sentAtMs: WallMs,
    by: Type.String(),
  },
  closed,
)
export type EmergencyReport = Type.Static<typeof EmergencyReport>
export const EmergencyNotice = Type.Object(
  {
    noticeId: Id,
    audience: oneOf(EMERGENCY_AUDIENCES),
    title: Bilingual,
    text: Bilingual,
    state: oneOf(EMERGENCY_NOTICE_STATES),
    count: Type.Integer(),
    sent: Type.Integer({ description: 'handed to the gateway, or put on the operator’s tickets' }),
    accepted: Type.Integer({ description: 'of these: the gateway has accepted them' }),
    skipped: Type.Integer(),
    requestedBy: Type.String(),
    requestedAtMs: WallMs,
    decidedBy: orNull(Type.String()),
    decidedAtMs: orNull(WallMs),
    actions: Type.Array(oneOf(['approve', 'refuse', 'stop', 'resume'])),
  },
  closed,
)
export type EmergencyNotice = Type.Static<typeof EmergencyNotice>
/** GET /api/staff/emergencies/:emergencyId */
export const EmergencyDetail = Type.Object(
  {
    emergency: EmergencyRow,
    scope: EmergencyScope,
    scopeNames: Type.Object(
      { cabinets: Type.Array(Bilingual), product: orNull(Bilingual) },
      { ...closed, description: 'of what the scope names; empty and null: all' },
    ),
    affected: EmergencyAffected,
    log: Type.Array(EmergencyEntry, { description: 'oldest first' }),
    reports: Type.Array(EmergencyReport),
    /** What the system knows, written out for whoever sends the report. */
    preparedReport: Bilingual,
    notices: Type.Array(EmergencyNotice),
    improvementId: orNull(Id),
    actions: Type.Array(oneOf(['log', 'report', 'scope', 'notice', ...EMERGENCY_STEPS])),
  },
  closed,
)
export type EmergencyDetail = Type.Static<typeof EmergencyDetail>

/** GET /api/staff/emergency-choices: what a scope can name. */
export const EmergencyChoices = Type.Object(
  {
    cabinets: Type.Array(Type.Object({ cabinetId: Id, name: Bilingual }, closed)),
    products: Type.Array(Type.Object({ sku: Sku, name: Bilingual }, closed)),
  },
  closed,
)
export type EmergencyChoices = Type.Static<typeof EmergencyChoices>

/** POST /api/staff/emergencies. The same id again is the same emergency. */
export const EmergencyCreate = Type.Object(
  {
    emergencyId: Id,
    kind: oneOf(EMERGENCY_KINDS),
    title: Words(120),
    note: Words(2000),
    discoveredAtMs: WallMs,
    discoveredBy: Words(120),
    scope: EmergencyScope,
  },
  closed,
)
export type EmergencyCreate = Type.Static<typeof EmergencyCreate>
const Version = Type.Integer({ minimum: 1 })
/** POST /api/staff/emergencies/:emergencyId/log */
export const EmergencyLog = Type.Object({ version: Version, note: Words(2000) }, closed)
/** POST /api/staff/emergencies/:emergencyId/scope */
export const EmergencyScopeChange = Type.Object(
  { version: Version, scope: EmergencyScope, note: Words(500) },
  closed,
)
export type EmergencyScopeChange = Type.Static<typeof EmergencyScopeChange>
/** POST /api/staff/emergencies/:emergencyId/report: sent outside; here it is kept to whom, what and when. */
export const EmergencyReportSend = Type.Object(
  { version: Version, recipient: Words(200), text: Words(6000) },
  closed,
)
export type EmergencyReportSend = Type.Static<typeof EmergencyReportSend>
/** POST /api/staff/emergencies/:emergencyId/:step */
export const EmergencyStepRequest = Type.Object(
  { version: Version, note: Words(2000), rootCause: Type.Optional(oneOf(ROOT_CAUSES)) },
  closed,
)
export type EmergencyStepRequest = Type.Static<typeof EmergencyStepRequest>
/** POST /api/staff/emergencies/:emergencyId/notices/preview and …/notices: asked for with the count that was seen. */
export const EmergencyNoticeCreate = Type.Object(
  {
    noticeId: Id,
    audience: oneOf(EMERGENCY_AUDIENCES),
    title: BothWords(60),
    text: BothWords(500),
    count: Type.Integer({ minimum: 1, maximum: EMERGENCY_RECIPIENTS_MOST }),
  },
  closed,
)
export type EmergencyNoticeCreate = Type.Static<typeof EmergencyNoticeCreate>
export const EmergencyNoticePreview = Type.Object(
  {
    count: Type.Integer(),
    isCut: Type.Boolean(),
    languages: Type.Object({ zh: Type.Integer(), en: Type.Integer() }, closed),
    template: Type.Object({ title: Bilingual, text: Bilingual }, closed),
  },
  closed,
)
export type EmergencyNoticePreview = Type.Static<typeof EmergencyNoticePreview>
/** POST /api/staff/emergency-notices/:noticeId/:decision */
export const EMERGENCY_DECISIONS = ['approve', 'refuse', 'stop', 'resume'] as const
export type EmergencyDecision = (typeof EMERGENCY_DECISIONS)[number]
export const EmergencyDecisionRequest = Type.Object({ reason: Words(500) }, closed)
