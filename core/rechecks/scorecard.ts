import type { Kysely } from 'kysely'
import type { Scorecard, ScorecardSave, ScorecardView } from '#protocol/api/rechecks.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { type Database, nowOf } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'

const VERSIONS_SHOWN = 20
const criterion = (
  key: string,
  weight: number,
  isCritical: boolean,
  zh: readonly [label: string, help: string],
  en: readonly [label: string, help: string],
) => ({
  key,
  weight,
  isCritical,
  label: { zh: zh[0], en: en[0] },
  help: { zh: zh[1], en: en[1] },
})

/** As shipped. What can cost money or show personal data to the wrong person fails a case alone. */
export const SHIPPED_CARD: Scorecard = {
  criteria: [
    criterion(
      'identity',
      15,
      true,
      ['身份已核实', '在动用资金或透露个人信息之前，已用订单、登录或来电核验确认对方身份。'],
      [
        'Identity verified',
        'Before money or personal data moved: by sign-in, by the order, or by the questions to a caller.',
      ],
    ),
    criterion(
      'cause',
      20,
      false,
      ['原因判断正确', '登记的原因与证据一致，而不是最省事的那一项。'],
      ['Cause right', 'The recorded cause is what the evidence shows, not what was quickest to choose.'],
    ),
    criterion(
      'evidence',
      15,
      false,
      ['看过证据', '在答复之前看过重量曲线、照片、柜门与扣款记录。'],
      ['Evidence looked at', 'Weights, pictures, door and charges were looked at before the answer.'],
    ),
    criterion(
      'refund',
      20,
      true,
      ['退款正确', '金额与商品正确，不多不少，只退一次；不应退时说明了理由和其他办法。'],
      ['Refund right', 'The right goods and amount, once; or a reason and another way when there was none.'],
    ),
    criterion(
      'tone',
      10,
      false,
      ['语气得当', '有问候、有致歉或理解，不指责，写清下一步。'],
      ['Tone', 'Greets, acknowledges, blames nobody, and says what comes next.'],
    ),
    criterion(
      'clocks',
      10,
      false,
      ['时限守住', '首次响应与解决都在承诺时间内；来不及时提前告知了对方和理由。'],
      ['Clocks kept', 'Answered and solved in time, or told before it slipped, with the reason.'],
    ),
    criterion(
      'notes',
      10,
      false,
      ['记录完整', '下一位同事不用再问一遍就能明白发生了什么。'],
      ['Notes complete', 'The next colleague understands what happened without asking again.'],
    ),
  ],
  passPercent: 80,
  dueDays: 5,
  objectionDays: 7,
  sample: {
    sharePercent: 5,
    types: [
      { type: 'complaint', sharePercent: 100 },
      { type: 'provider_complaint', sharePercent: 100 },
    ],
    agents: [],
    everyCases: 50,
  },
}

/** What holds now; read where it is used, so that every core follows a version that another one saved. */
export async function heldCard(db: Kysely<Tables>): Promise<{ version: number; card: Scorecard }> {
  const row = await db
    .selectFrom('scorecardVersion')
    .select(['version', 'card'])
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined
    ? { version: 0, card: SHIPPED_CARD }
    : { version: row.version, card: JSON.parse(row.card) as Scorecard }
}
/** @throws assertion when there was no such version */
export async function cardOfVersion(db: Kysely<Tables>, version: number): Promise<Scorecard> {
  if (version === 0) return SHIPPED_CARD
  const row = await db
    .selectFrom('scorecardVersion')
    .select('card')
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  return JSON.parse(row.card) as Scorecard
}

export async function cardView(db: Kysely<Tables>, staff: StaffIdentity): Promise<ScorecardView> {
  const [held, versions, agents] = await Promise.all([
    heldCard(db),
    db
      .selectFrom('scorecardVersion as v')
      .innerJoin('staff as s', 's.staffId', 'v.savedBy')
      .select(['v.version', 'v.savedAtMs', 'v.reason', 's.displayName as savedBy'])
      .orderBy('v.version', 'desc')
      .limit(VERSIONS_SHOWN)
      .execute(),
    db
      .selectFrom('staff')
      .select(['staffId', 'displayName as name'])
      .where('role', 'in', ['agent', 'lead'])
      .where('isActive', '=', 1)
      .orderBy('displayName')
      .execute(),
  ])
  return {
    ...held,
    versions,
    agents,
    ticketTypes: Object.entries(TICKET_TYPES).map(([key, { label }]) => ({ key, label })),
    mayChange: staff.permissions.has('scorecard.change'),
  }
}

/** @throws CabinetError `conflict` when another version holds than the one that was seen, `bad_request` */
export async function saveCard(db: Database, by: StaffIdentity, wish: ScorecardSave): Promise<void> {
  checkCard(wish.card)
  await db.write('save the scorecard', async (tx) => {
    const before = await heldCard(tx)
    if (before.version !== wish.baseVersion)
      throw new CabinetError('conflict', 'Somebody else has changed the scorecard meanwhile.', {
        context: { version: before.version },
      })
    const version = before.version + 1
    await tx
      .insertInto('scorecardVersion')
      .values({
        version,
        card: JSON.stringify(wish.card),
        savedBy: by.staffId,
        savedAtMs: nowOf(tx),
        reason: wish.reason,
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'scorecard.changed',
      subject: 'rechecks',
      detail: { version, reason: wish.reason, before: before.card, after: wish.card },
    })
    await recordChange(tx, { kind: 'recheck', subjectId: 'scorecard' })
  })
}

/** @throws bad_request with a sentence that says what to mend */
export function checkCard(card: Scorecard): void {
  const bad = (text: string) => new CabinetError('bad_request', text)
  if (new Set(card.criteria.map(({ key }) => key)).size < card.criteria.length)
    throw bad('Two criteria have the same key.')
  const { types, agents } = card.sample
  const unknown = types.find(({ type }) => !Object.hasOwn(TICKET_TYPES, type))
  if (unknown !== undefined) throw bad(`There is no type of ticket "${unknown.type}".`)
  if (new Set(types.map(({ type }) => type)).size < types.length)
    throw bad('A type of ticket stands there twice.')
  if (new Set(agents.map(({ staffId }) => staffId)).size < agents.length)
    throw bad('An agent stands there twice.')
}
