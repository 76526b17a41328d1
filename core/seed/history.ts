import path from 'node:path'
import { CabinetError } from '#protocol/base/errors.ts'
import { createIds, type Ids } from '#protocol/base/ids.ts'
import { createSeededRandom, integerBelow } from '#protocol/base/random.ts'
import { dayOf } from '#core/ledger/day.ts'
import type { Database } from '#core/platform/database.ts'
import type { Seal } from '#core/privacy/seal.ts'
import { type SeedFile, seedCabinet } from '#core/seed.ts'
import { openBulk } from './bulk.ts'
import { createSeedJournal } from './journal.ts'
import { cabinetsOf } from './places.ts'
import { createQuestions } from './questions.ts'
import { momentsOf, visitsByDay } from './rhythm.ts'
import { createVisits, type StockedGoods } from './visit.ts'

export interface HistoryWish {
  /** Orders over the whole time. */
  readonly orders: number
  /** Of them are asked about. */
  readonly tickets: number
}
export interface HistoryReport {
  orders: number
  tickets: number
  consumers: number
  cabinets: number
  operators: number
  fromDay: string
  toDay: string
  seconds: number
}

const DAY_MS = 24 * 3_600_000
const DAYS = 730
const ORDERS_MOST = 5_000_000
const ORDERS_PER_CONSUMER = 25
const ORDERS_PER_CABINET = 12_500
const CABINETS = { least: 8, most: 120 } as const
const SHARE_REFUNDED = 0.015
const SHARE_OFFLINE = 0.005
/** The same wish makes the same history, whenever it is asked for. */
const SEED = 20_260_101

/** @throws CabinetError `config_invalid` with what to do, when the folder holds anything that people made */
export async function refuseUsedFolder(db: Database, folder: string): Promise<void> {
  const used = await db.read
    .selectNoFrom((eb) => [
      eb.exists(eb.selectFrom('session').select('sessionId').limit(1)).as('sessions'),
      eb.exists(eb.selectFrom('consumer').select('consumerId').limit(1)).as('consumers'),
      eb.exists(eb.selectFrom('ledgerEntry').select('seq').limit(1)).as('entries'),
      eb.exists(eb.selectFrom('ticket').select('ticketId').limit(1)).as('tickets'),
      eb.exists(eb.selectFrom('inbox').select('seq').limit(1)).as('events'),
    ])
    .executeTakeFirstOrThrow()
  if (Object.values(used).some((value) => Number(value) === 1))
    throw new CabinetError(
      'config_invalid',
      `The data folder ${path.resolve(folder)} is in use: visits, consumers or entries are in it, and invented ones must not be mixed with them. Give an empty folder with --data.`,
    )
}

export function checkWish({ orders, tickets }: HistoryWish): void {
  if (!Number.isInteger(orders) || orders < 1 || orders > ORDERS_MOST)
    throw new CabinetError('config_invalid', `--orders is a number from 1 to ${ORDERS_MOST}.`)
  if (!Number.isInteger(tickets) || tickets < 0 || tickets > orders)
    throw new CabinetError(
      'config_invalid',
      `--tickets is a number from 0 to the number of orders (${orders}).`,
    )
}

/**
 * Two years of visits at several operators, with calls, payments, refunds, entries, stock and questions, written as the
 * living core would have left them; the books hold. It ends the day before yesterday, so that the bill of yesterday, which
 * the provider would be asked for, has nothing of it.
 */
export async function seedHistory(
  deps: {
    db: Database
    /** Ends what has the database open. */
    close: () => Promise<void>
    seal: Seal
    auditKey: Uint8Array
    /** core.sqlite of the folder. */
    file: string
    nowMs: number
    monoMs: () => number
    say: (line: string) => void
  },
  seed: SeedFile,
  wish: HistoryWish,
): Promise<HistoryReport> {
  const { db, seal, say } = deps
  const startedMs = deps.monoMs()
  const untilMs = Math.floor(deps.nowMs / DAY_MS) * DAY_MS - DAY_MS
  const fromMs = untilMs - DAYS * DAY_MS
  const random = createSeededRandom(SEED)
  const cabinetCount = Math.min(
    CABINETS.most,
    Math.max(CABINETS.least, Math.round(wish.orders / ORDERS_PER_CABINET)),
  )
  const cabinets = cabinetsOf(seed.cabinet, cabinetCount)
  await db.write('cabinets of the history', async (tx) => {
    for (const cabinet of cabinets) await seedCabinet(tx, { ...seed, cabinet })
    await tx.updateTable('cabinet').set({ createdAtMs: fromMs }).execute()
  })
  const agents = await db.read
    .selectFrom('staff')
    .select(['staffId', 'displayName'])
    .where('role', 'in', ['agent', 'lead'])
    .execute()
  await deps.close()
  const bulk = openBulk(deps.file, deps.auditKey)
  const journal = createSeedJournal(bulk, deps.auditKey)
  let idMs = fromMs
  const ids = createIds({ now: () => idMs }, random)
  const idsAt = (atMs: number): Ids => {
    idMs = atMs
    return ids
  }
  const visits = createVisits({ bulk, journal, idsAt, random })
  const questions = createQuestions({
    bulk,
    idsAt,
    random,
    agents,
    tickets: wish.tickets,
    nowMs: deps.nowMs,
  })
  const goods = goodsOf(seed)
  const consumers: Array<string | undefined> = Array.from(
    { length: Math.max(1, Math.round(wish.orders / ORDERS_PER_CONSUMER)) },
    () => undefined,
  )
  let consumerCount = 0

  /** Some come every day, most now and then; each is entered at the first visit. */
  function consumerAt(atMs: number): string {
    const place = Math.floor(consumers.length * random.next() ** 1.8)
    const known = consumers[place]
    if (known !== undefined) return known
    const consumerId = idsAt(atMs).next('consumer')
    const openid = `oSeed${String(place).padStart(9, '0')}`
    bulk.add('consumer', {
      consumerId,
      openidSealed: seal.seal(openid, `consumer.openid/${consumerId}`),
      openidIndex: seal.blindIndex(openid),
      language: random.next() < 0.92 ? 'zh' : 'en',
      createdAtMs: atMs,
      permissionLostAtMs: null,
    })
    consumers[place] = consumerId
    consumerCount++
    return consumerId
  }

  let orders = 0
  let saidAtMs = startedMs
  for (const [day, count] of visitsByDay(wish.orders, DAYS, fromMs).entries()) {
    const dayMs = fromMs + day * DAY_MS
    const sold = new Map<string, number>()
    for (const atMs of momentsOf(random, dayMs, count)) {
      const cabinet = cabinets[Math.floor(cabinets.length * random.next() ** 1.2)] ?? seed.cabinet
      const consumerId = consumerAt(atMs)
      const isAsked = questions.count() < wish.tickets && isChosen(orders, wish)
      const visit = visits.add(
        {
          atMs,
          cabinetId: cabinet.id,
          operator: cabinet.operator,
          consumerId,
          offlineMs: random.next() < SHARE_OFFLINE ? 600_000 + integerBelow(random, 5_400_000) : 0,
          refundedLines: random.next() < SHARE_REFUNDED ? 1 + integerBelow(random, 2) : 0,
          refundReason:
            (['quality', 'not_taken', 'returned_item'] as const)[integerBelow(random, 3)] ?? 'quality',
          untilMs,
        },
        goods,
      )
      if (isAsked)
        questions.ask(visit, { atMs, cabinetId: cabinet.id, operator: cabinet.operator, consumerId })
      for (const { sku, quantity } of visit.lines) {
        const key = `${cabinet.id}/${sku}`
        sold.set(key, (sold.get(key) ?? 0) + quantity)
      }
      orders++
    }
    restock(sold, dayMs + DAY_MS - 3_600_000)
    visits.enterUpTo(dayMs + DAY_MS)
    journal.closeBefore(dayOf(dayMs - DAY_MS), dayMs + DAY_MS)
    if (deps.monoMs() - saidAtMs > 2000) {
      saidAtMs = deps.monoMs()
      const seconds = (saidAtMs - startedMs) / 1000
      say(
        `${orders} of ${wish.orders} orders, ${Math.round(orders / seconds)} a second, about ${Math.round(((wish.orders - orders) * seconds) / orders)} s to go`,
      )
    }
  }
  visits.enterUpTo(Number.POSITIVE_INFINITY)
  journal.closeBefore(dayOf(deps.nowMs - DAY_MS), deps.nowMs)
  say('Writing it down for good …')
  bulk.finish()
  return {
    orders,
    tickets: questions.count(),
    consumers: consumerCount,
    cabinets: cabinets.length,
    operators: new Set(cabinets.map((cabinet) => cabinet.operator)).size,
    fromDay: dayOf(fromMs),
    toDay: dayOf(untilMs - 1),
    seconds: Math.round((deps.monoMs() - startedMs) / 100) / 10,
  }

  /** What was sold comes back in the evening, so that a shelf is never empty for long. */
  function restock(sold: ReadonlyMap<string, number>, atMs: number): void {
    for (const [key, quantity] of sold) {
      const [cabinetId = '', sku = ''] = key.split('/')
      const shelf = goods.find((one) => one.sku === sku)?.shelf ?? 's1'
      bulk.add('stockMovement', {
        cabinetId,
        shelf,
        sku,
        quantity,
        kind: 'restock',
        sessionId: null,
        orderId: null,
        reason: 'evening round',
        atMs,
      })
    }
  }
}

/** Every so many orders one is asked about. */
function isChosen(order: number, { orders, tickets }: HistoryWish): boolean {
  return Math.floor(((order + 1) * tickets) / orders) > Math.floor((order * tickets) / orders)
}

function goodsOf({ planogram, products }: SeedFile): StockedGoods[] {
  const grams = new Map(products.map((product) => [product.sku, product.unitGrams]))
  const goods = planogram.shelves.flatMap((shelf) =>
    shelf.lanes.map(({ sku, priceFen }) => ({
      sku,
      priceFen,
      shelf: shelf.id,
      unitGrams: grams.get(sku) ?? 0,
    })),
  )
  if (goods.length === 0)
    throw new CabinetError(
      'config_invalid',
      '--seed: the first cabinet has nothing to sell, so there is no history of it.',
    )
  return goods
}
