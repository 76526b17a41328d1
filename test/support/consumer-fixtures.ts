import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Bilingual, Picture } from '#protocol/api/common.ts'
import type { OrderLineView, OrderView, RefundView } from '#protocol/api/consumer.ts'

/** Views as the consumer interface gives them, with sensible defaults: a test sets only what it is about. */

/** Sunday 22 November 2026, 10:02 in Shanghai. */
export const CLOSED_AT_MS = Date.UTC(2026, 10, 22, 2, 2, 0)
export const NOW_MS = CLOSED_AT_MS + 90 * 60_000
const OPENED_AT_MS = CLOSED_AT_MS - 24_000

interface SeedProduct {
  sku: string
  name: Bilingual
  priceFen: number
  picture: Picture
}
interface Seed {
  cabinet: { id: string; name: Bilingual; site: Bilingual; contact: string }
  products: SeedProduct[]
  planogram: { shelves: { id: string; lanes: { sku: string; stock: number; priceFen: number }[] }[] }
}
const seed = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../scripts/seed/demo.json'), 'utf8'),
) as Seed

function product(sku: string): SeedProduct {
  const found = seed.products.find((candidate) => candidate.sku === sku)
  if (found === undefined) throw new Error(`scripts/seed/demo.json has no product ${sku}`)
  return found
}

export function aLine(sku: string, changes: Partial<OrderLineView> = {}): OrderLineView {
  const { name, picture, priceFen } = product(sku)
  const quantity = changes.quantity ?? 1
  return {
    lineId: `line-${sku}`,
    sku,
    name,
    picture,
    quantity,
    unitPriceFen: priceFen,
    amountFen: priceFen * quantity,
    refundedQuantity: 0,
    refundedFen: 0,
    certainty: 'certain',
    probability: 0.998,
    ...changes,
  }
}

export function aRefund(changes: Partial<RefundView> = {}): RefundView {
  return {
    refundId: 'rf-1',
    state: 'processing',
    amountFen: 350,
    reason: 'returned_item',
    requestedAtMs: CLOSED_AT_MS + 20 * 60_000,
    acceptedAtMs: CLOSED_AT_MS + 20 * 60_000 + 800,
    succeededAtMs: null,
    arrivalKey: 'arrival.balance',
    isAutomatic: true,
    ...changes,
  }
}

export function anOrder(changes: Partial<OrderView> = {}): OrderView {
  const lines = changes.lines ?? [aLine('coffee-latte'), aLine('cola-330', { quantity: 2 })]
  const totalFen = changes.totalFen ?? lines.reduce((sum, line) => sum + line.amountFen, 0)
  return {
    orderId: 'or-1',
    sessionId: 'se-1',
    cabinetId: seed.cabinet.id,
    cabinetName: seed.cabinet.name,
    site: seed.cabinet.site,
    state: 'paid',
    totalFen,
    paidFen: totalFen,
    refundedFen: 0,
    chargeState: 'paid',
    payUrl: null,
    lines,
    refunds: [],
    openedAtMs: OPENED_AT_MS,
    closedAtMs: CLOSED_AT_MS,
    chargedAtMs: CLOSED_AT_MS + 2000,
    deferral: null,
    story: [
      { atMs: OPENED_AT_MS, key: 'story.opened', values: {} },
      { atMs: CLOSED_AT_MS, key: 'story.closed', values: {} },
      { atMs: CLOSED_AT_MS + 1200, key: 'story.weighed', values: { count: 3 } },
      ...(changes.chargedAtMs === null
        ? []
        : [
            {
              atMs: changes.chargedAtMs ?? CLOSED_AT_MS + 2000,
              key: 'story.charged',
              values: { amount: (totalFen / 100).toFixed(2) },
            },
          ]),
    ],
    evidence: ['open', 'step', 'close'].map((moment, i) => ({
      sha256: `${i}`.repeat(64),
      kind: 'snapshot' as const,
      mediaType: 'image/jpeg',
      atMs: OPENED_AT_MS + i * 11_000,
      moment,
      isUploaded: true,
      url: `/api/consumer/evidence/${i}`,
    })),
    weights: [
      { shelf: 's1', points: curve(5230, []) },
      {
        shelf: 's3',
        points: curve(9120, [
          [6_000, -346],
          [6_600, -346],
          [15_000, -318],
        ]),
      },
      {
        shelf: 's4',
        points: curve(6400, [
          [12_000, -540],
          [18_000, 540],
        ]),
      },
    ],
    steps: [
      step(6_000, 's3', -346, 'Cola was taken.', '取走一罐可乐。'),
      step(6_600, 's3', -346, 'Cola was taken.', '取走一罐可乐。'),
      step(12_000, 's4', -540, 'Water was taken.', '取走一瓶水。'),
      step(15_000, 's3', -318, 'A latte was taken.', '取走一瓶拿铁。'),
      step(18_000, 's4', 540, 'Water was put back.', '放回一瓶水。'),
    ],
    disputeId: null,
    actions: ['dispute'],
    ...changes,
  }
}

function step(tMs: number, shelf: string, grams: number, en: string, zh: string): OrderView['steps'][number] {
  return { tMs, shelf, grams, explanation: { en, zh } }
}

/** Grams over 24 s, ten points a second thinned to four, each change over 300 ms. */
function curve(startGrams: number, changes: readonly [number, number][]): [number, number][] {
  const points: [number, number][] = []
  for (let tMs = 0; tMs <= 24_000; tMs += 250) {
    let grams = startGrams
    for (const [atMs, by] of changes) grams += by * Math.min(1, Math.max(0, (tMs - atMs + 300) / 300))
    points.push([tMs, Math.round(grams + Math.sin(tMs / 170) * 0.8)])
  }
  return points
}
