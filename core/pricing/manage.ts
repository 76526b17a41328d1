import type { PriceListCreate, PromotionCreate } from '#protocol/api/prices.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'

const DAY_MS = 24 * 3_600_000
/** A form is open for a while before it is sent. */
const PAST_MS = 10 * 60_000
const LONGEST_MS = 366 * DAY_MS
/** A promotion below this is likely a slip of the pen; it is allowed, with a warning. */
const STEEP_PERCENT = 70

export interface PriceMaker {
  readonly staffId: string
  /** null: of the platform; then the cabinets say which operator it is. */
  readonly operator: string | null
}

/** @returns what is wrong with it, in a sentence; undefined when nothing is. Pure. */
export function findPromotionFault(wish: PromotionCreate, nowMs: number): string | undefined {
  const period = findPeriodFault(wish.startsAtMs, wish.endsAtMs, nowMs)
  if (period !== undefined) return period
  if (wish.fromMinute === wish.toMinute)
    return 'The daily window is empty; from 0:00 to 24:00 is the whole day.'
  if (wish.kind === 'timed') {
    if ((wish.percentOff === null) === (wish.priceFen === null))
      return 'A timed price is either a percentage off or a price, one of the two.'
    if (wish.thresholdFen !== null || wish.offFen !== null || wish.timesMost !== null)
      return 'A timed price has no threshold.'
    if (wish.priceFen !== null && wish.skus === null)
      return 'One price for all goods would sell everything at it; name the goods.'
    return undefined
  }
  if (wish.thresholdFen === null || wish.offFen === null || wish.timesMost === null)
    return 'An amount off needs a threshold, the amount, and how often it counts.'
  if (wish.percentOff !== null || wish.priceFen !== null)
    return 'An amount off has no percentage and no price.'
  if (wish.offFen > wish.thresholdFen) return 'The amount off is more than the threshold.'
  return undefined
}
export function findPriceListFault(wish: PriceListCreate, nowMs: number): string | undefined {
  if (new Set(wish.prices.map((one) => one.sku)).size !== wish.prices.length)
    return 'A product stands twice in the list.'
  return findPeriodFault(wish.startsAtMs, wish.endsAtMs, nowMs)
}
function findPeriodFault(startsAtMs: number, endsAtMs: number | null, nowMs: number): string | undefined {
  if (startsAtMs < nowMs - PAST_MS)
    return 'It would begin in the past; prices of visits that were made never change.'
  if (endsAtMs === null) return undefined
  if (endsAtMs <= startsAtMs) return 'It would end before it begins.'
  return endsAtMs - startsAtMs > LONGEST_MS ? 'It would hold for more than a year.' : undefined
}

/** What is allowed and still worth a second look. */
export function warningsOf(
  wish: PromotionCreate | undefined,
  usual: ReadonlyMap<string, number>,
  list: PriceListCreate | undefined,
): Array<{ zh: string; en: string }> {
  const warnings: Array<{ zh: string; en: string }> = []
  if (wish?.percentOff != null && wish.percentOff >= STEEP_PERCENT)
    warnings.push({
      zh: `减 ${wish.percentOff}%，请确认没有写错。`,
      en: `${wish.percentOff} % off: is that meant?`,
    })
  if (
    wish?.kind === 'threshold' &&
    wish.offFen !== null &&
    wish.thresholdFen !== null &&
    wish.offFen * 2 > wish.thresholdFen
  )
    warnings.push({
      zh: '减免金额超过门槛的一半。',
      en: 'The amount off is more than half of the threshold.',
    })
  const priceFen = wish?.priceFen ?? null
  const dearer =
    priceFen === null ? [] : (wish?.skus ?? []).filter((sku) => (usual.get(sku) ?? 0) <= priceFen)
  if (dearer.length > 0)
    warnings.push({
      zh: `有 ${dearer.length} 种商品平时并不更贵，对它们没有作用。`,
      en: `${dearer.length} products are not dearer usually; it does nothing for them.`,
    })
  const steep = (list?.prices ?? []).filter(({ sku, priceFen }) => {
    const usualFen = usual.get(sku)
    return usualFen !== undefined && (priceFen * 2 < usualFen || priceFen > usualFen * 2)
  })
  if (steep.length > 0)
    warnings.push({
      zh: `有 ${steep.length} 种商品的价格不到平时的一半或超过两倍。`,
      en: `${steep.length} products cost less than half or more than double of the usual.`,
    })
  return warnings
}

/** The operator that it is for, and that every cabinet and product named is known and theirs. */
async function operatorFor(
  tx: Tx,
  maker: PriceMaker,
  cabinets: readonly string[] | null,
  skus: readonly string[],
): Promise<string> {
  const rows = await tx
    .selectFrom('cabinet')
    .select(['cabinetId', 'operator'])
    .$if(cabinets !== null, (query) => query.where('cabinetId', 'in', [...(cabinets ?? [])]))
    .$if(maker.operator !== null, (query) => query.where('operator', '=', maker.operator ?? ''))
    .execute()
  const unknown = (cabinets ?? []).filter((one) => !rows.some((row) => row.cabinetId === one))
  if (unknown.length > 0) throw new CabinetError('not_found', `There is no cabinet ${unknown.join(', ')}.`)
  const operators = [...new Set(rows.map((row) => row.operator))]
  if (operators.length !== 1)
    throw new CabinetError('price_conflict', 'Name the cabinets; they must belong to one operator.')
  const known = await tx.selectFrom('product').select('sku').execute()
  const strange = skus.filter((sku) => !known.some((row) => row.sku === sku))
  if (strange.length > 0) throw new CabinetError('not_found', `There is no product ${strange.join(', ')}.`)
  return operators[0] as string
}

/** @throws CabinetError `price_conflict` with the sentence, `not_found` */
export async function createPromotion(
  tx: Tx,
  ids: Ids,
  maker: PriceMaker,
  wish: PromotionCreate,
): Promise<string> {
  const fault = findPromotionFault(wish, nowOf(tx))
  if (fault !== undefined) throw new CabinetError('price_conflict', fault)
  const operator = await operatorFor(tx, maker, wish.cabinets, wish.skus ?? [])
  const { name, cabinets, skus, isExclusive, ...rest } = wish
  const promotionId = ids.next('promotion')
  await tx
    .insertInto('promotion')
    .values({
      promotionId,
      operator,
      ...rest,
      nameZh: name.zh,
      nameEn: name.en,
      cabinets: cabinets === null ? null : JSON.stringify(cabinets),
      skus: skus === null ? null : JSON.stringify(skus),
      isExclusive: isExclusive ? 1 : 0,
      createdAtMs: nowOf(tx),
      createdBy: maker.staffId,
      stoppedAtMs: null,
      stoppedBy: null,
    })
    .execute()
  await note(tx, maker, 'promotion.created', promotionId, wish)
  return promotionId
}

/** @throws CabinetError `price_conflict` with the sentence, `not_found` */
export async function createPriceList(
  tx: Tx,
  ids: Ids,
  maker: PriceMaker,
  wish: PriceListCreate,
): Promise<string> {
  const fault = findPriceListFault(wish, nowOf(tx))
  if (fault !== undefined) throw new CabinetError('price_conflict', fault)
  const operator = await operatorFor(
    tx,
    maker,
    wish.cabinets,
    wish.prices.map((one) => one.sku),
  )
  const priceListId = ids.next('priceList')
  await tx
    .insertInto('priceList')
    .values({
      priceListId,
      operator,
      nameZh: wish.name.zh,
      nameEn: wish.name.en,
      startsAtMs: wish.startsAtMs,
      endsAtMs: wish.endsAtMs,
      createdAtMs: nowOf(tx),
      createdBy: maker.staffId,
      stoppedAtMs: null,
      stoppedBy: null,
    })
    .execute()
  for (const item of wish.prices)
    await tx
      .insertInto('priceListItem')
      .values({ priceListId, ...item })
      .execute()
  for (const cabinetId of wish.cabinets)
    await tx.insertInto('priceListCabinet').values({ priceListId, cabinetId }).execute()
  await note(tx, maker, 'price_list.created', priceListId, { name: wish.name, prices: wish.prices })
  return priceListId
}

/** From now on it does not hold; a visit that began before still has it. @throws CabinetError `not_found`, `already_decided` */
export async function stopPrice(
  tx: Tx,
  maker: PriceMaker,
  what: { kind: 'promotion' | 'price_list'; id: string },
): Promise<void> {
  const row =
    what.kind === 'promotion'
      ? await tx
          .selectFrom('promotion')
          .select(['operator', 'stoppedAtMs', 'endsAtMs'])
          .where('promotionId', '=', what.id)
          .executeTakeFirst()
      : await tx
          .selectFrom('priceList')
          .select(['operator', 'stoppedAtMs', 'endsAtMs'])
          .where('priceListId', '=', what.id)
          .executeTakeFirst()
  if (row === undefined || (maker.operator !== null && row.operator !== maker.operator))
    throw new CabinetError('not_found')
  const nowMs = nowOf(tx)
  if (row.stoppedAtMs !== null || (row.endsAtMs !== null && row.endsAtMs <= nowMs))
    throw new CabinetError('already_decided', 'It does not hold any more.')
  const stopped = { stoppedAtMs: nowMs, stoppedBy: maker.staffId }
  if (what.kind === 'promotion')
    await tx.updateTable('promotion').set(stopped).where('promotionId', '=', what.id).execute()
  else await tx.updateTable('priceList').set(stopped).where('priceListId', '=', what.id).execute()
  await note(tx, maker, `${what.kind}.stopped`, what.id, {})
}

async function note(tx: Tx, maker: PriceMaker, action: string, id: string, detail: object): Promise<void> {
  await appendAudit(tx, { actor: `staff:${maker.staffId}`, action, subject: `price:${id}`, detail })
  await recordChange(tx, { kind: 'price', subjectId: id })
}
