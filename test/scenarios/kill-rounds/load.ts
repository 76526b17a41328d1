import type { Ids } from '#protocol/base/ids.ts'
import { wait } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import type { ErrorBody } from '#protocol/api/common.ts'
import type { SessionView } from '#protocol/api/consumer.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { RunningCabinet } from '#scripts/system.ts'
import type { Answer } from '#test/support/browserless.ts'
import type { Consumer, Staff, VisitStep, VisitTruth, Workshop } from '../world.ts'

const clock = createSystemClock()
const GIVE_UP_MS = 25_000
const AGAIN_MS = 1000
/** Refusals that pass: the cabinet or the core is just coming back. Everything else is an answer. */
const PASSING = new Set([
  'cabinet_offline',
  'cabinet_busy',
  'consumer_busy',
  'provider_unreachable',
  'too_many_requests',
])

/** One person at one cabinet. */
export interface Place {
  readonly cabinet: RunningCabinet
  readonly workshop: Workshop
  readonly consumer: Consumer
}

/** What one visit came to, as the person and the goods tell it. */
export interface Visit {
  readonly cabinetId: string
  readonly sessionId: string | undefined
  readonly refusal: string | undefined
  /** What left the shelves; undefined when the door stayed shut or the visit broke off. */
  readonly taken: Record<string, number> | undefined
  readonly problem: string | undefined
}

/** A scan and, beside it, what the person does at the door. The phone keeps its request id and sends it until it is answered. */
export async function visit(place: Place, ids: Ids, random: Random): Promise<Visit> {
  const { cabinet, workshop } = place
  const steps = await drawSteps(workshop, random)
  const requestId = ids.next('request')
  const [opened, done] = await Promise.allSettled([
    untilAnswered(() =>
      place.consumer.visitor.send('POST', '/api/consumer/sessions', {
        requestId,
        cabinetId: cabinet.cabinetId,
      }),
    ),
    workshop.visit(steps),
  ])
  const answer = opened.status === 'fulfilled' ? opened.value : undefined
  const isOpen = answer !== undefined && answer.status < 300
  return {
    cabinetId: cabinet.cabinetId,
    sessionId: isOpen ? (answer.body as SessionView).sessionId : undefined,
    refusal: answer === undefined || isOpen ? undefined : (answer.body as ErrorBody).code,
    taken: done.status === 'fulfilled' ? takenOf(done.value) : undefined,
    problem: done.status === 'fulfilled' ? undefined : messageOf(done.reason),
  }
}

function takenOf({ taken }: VisitTruth): Record<string, number> {
  return Object.fromEntries(Object.entries(taken).filter(([, count]) => count !== 0))
}

interface Shelves {
  shelves: Array<{ id: string; items: Array<{ sku: string | null }> }>
}

/** Nothing, something put back, one piece or two, of what lies there. */
async function drawSteps(workshop: Workshop, random: Random): Promise<VisitStep[]> {
  const { shelves } = (await workshop.state()) as unknown as Shelves
  const goods = shelves.flatMap(({ id, items }) =>
    items.flatMap(({ sku }) => (sku === null ? [] : [{ shelf: id, sku }])),
  )
  const picked = Array.from(
    { length: 1 + integerBelow(random, 2) },
    () => goods[integerBelow(random, goods.length)],
  )
    .filter((one) => one !== undefined)
    // Two pieces of one product from a full shelf are always there; from the last one they are not.
    .filter((one, index, all) => index === 0 || all[0]?.sku !== one.sku)
  const takes = picked.map(({ shelf, sku }) => ({ do: 'take', shelf, sku }))
  const first = picked[0]
  const isPutBack = first !== undefined && random.next() < 0.3
  return [
    { do: 'wait-unlocked', timeoutMs: 20_000 },
    { do: 'open' },
    ...takes,
    ...(isPutBack ? [{ do: 'put-back', sku: first.sku, shelf: first.shelf }] : []),
    { do: 'wait', ms: integerBelow(random, 800) },
    { do: 'close' },
    { do: 'wait-locked', timeoutMs: 30_000 },
  ]
}

/** The operator changes what the cabinet is to keep cold at. */
export async function changeSetpoint(staff: Staff, cabinetId: string, random: Random): Promise<void> {
  const setpointDeciCelsius = 20 + integerBelow(random, 25)
  await untilAnswered(async () => {
    const seen = await staff.visitor.get(`/api/staff/cabinets/${cabinetId}`)
    if (seen.status >= 300) return seen
    const { setpoint } = (seen.body as CabinetDetail).cabinet
    return staff.visitor.send('PUT', `/api/staff/cabinets/${cabinetId}/setpoint`, {
      expectedVersion: setpoint.desiredVersion,
      setpointDeciCelsius,
      reason: 'kill rounds',
    })
  })
}

/** Gives one piece of an order back. The console keeps the id of the refund and sends it until it is answered. */
export async function refundOnePiece(staff: Staff, orderId: string, ids: Ids): Promise<string | undefined> {
  const refundId = ids.next('refund')
  const order = await untilAnswered(() => staff.visitor.get(`/api/staff/orders/${orderId}`))
  const line = order?.status === 200 ? (order.body as StaffOrder).order.lines[0] : undefined
  if (line === undefined) return undefined
  const answer = await untilAnswered(() =>
    staff.visitor.send('POST', `/api/staff/orders/${orderId}/refunds`, {
      refundId,
      lines: [{ lineId: line.lineId, quantity: 1 }],
      reason: 'quality',
      stock: 'written_off',
      tellConsumer: false,
    }),
  )
  return answer !== undefined && answer.status < 300 ? refundId : undefined
}

/** Sends until somebody answers for good. @returns undefined when nobody did in time */
export async function untilAnswered(send: () => Promise<Answer>): Promise<Answer | undefined> {
  const until = clock.monoMs() + GIVE_UP_MS
  for (;;) {
    const answer = await send().catch(() => undefined)
    const isPassing =
      answer === undefined ||
      answer.status >= 500 ||
      (answer.status >= 400 && PASSING.has((answer.body as ErrorBody).code))
    if (!isPassing) return answer
    if (clock.monoMs() > until) return answer
    await wait(clock, 'send again', AGAIN_MS)
  }
}
