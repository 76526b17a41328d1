import type { RunningCabinet, RunningSystem } from '#scripts/system.ts'
import { eventually, expectEqual, ExpectationError, expectThat } from '#test/support/eventually.ts'
import { priceOf } from '../steps.ts'
import type { Provider, Staff } from '../world.ts'
import type { Unlocking } from './door-witness.ts'
import type { Visit } from './load.ts'
import { readInbox, readOutbox, readRecords, type Records } from './records.ts'

const ENDED_SESSIONS = new Set(['settled', 'denied', 'not_opened', 'abandoned'])
const ENDED_CHARGES = new Set(['paid', 'failed', 'cancelled'])
const ENDED_REFUNDS = new Set(['succeeded', 'rejected', 'awaiting_approval'])
const RECOVERED_WITHIN_MS = 60_000
/** An unlock lives for five seconds from when it was asked for; the rest is how often the bolt is looked at, and the load of the machine. */
const UNLOCK_LATEST_MS = 5000 + 1000

/**
 * After the faults everything comes to its end: each session settles, each charge and refund is known, each event has arrived.
 * What a rule leaves to a person is decided by one, as it was recognised.
 */
export async function waitForRest(system: RunningSystem, lead: Staff): Promise<Records> {
  const wanted = new Map(
    system.cabinets.map((one) => [one.cabinetId, readOutbox(one.dataDir).at(-1)?.seq ?? 0]),
  )
  let unrest: string[] = ['nothing was read yet']
  return eventually(
    'everything coming to its end',
    async () => {
      const records = readRecords(system)
      for (const { anomalyId, orderId } of records.openAnomalies) {
        const order = records.orders.find((one) => one.orderId === orderId)
        if (order?.state === 'held')
          await lead.trySend('POST', `anomalies/${anomalyId}/decide`, { decision: 'charge_as_recognised' })
      }
      unrest = unrestOf(records, wanted)
      return unrest.length === 0 && records
    },
    { withinMs: RECOVERED_WITHIN_MS, everyMs: 250, lastSeen: () => unrest },
  )
}

function unrestOf(records: Records, wanted: ReadonlyMap<string, number>): string[] {
  return [
    ...records.sessions
      .filter(({ state }) => !ENDED_SESSIONS.has(state))
      .map(({ sessionId, state }) => `session ${sessionId} is ${state}`),
    ...records.charges
      .filter(({ state }) => !ENDED_CHARGES.has(state))
      .map(({ chargeId, state }) => `charge ${chargeId} is ${state}`),
    ...records.refunds
      .filter(({ state }) => !ENDED_REFUNDS.has(state))
      .map(({ refundId, state }) => `refund ${refundId} is ${state}`),
    ...[...wanted].flatMap(([cabinetId, seq]) => {
      const got = records.received.get(cabinetId)?.lastSeq ?? 0
      return got >= seq ? [] : [`${cabinetId}: the core has ${got} of ${seq} events`]
    }),
  ]
}

/** How far a cabinet's events were compared already. */
export type Compared = Map<string, number>

/** Each event of each edge stands in the core's inbox once, under its number, with the same contents, and was applied. */
export function checkDelivery(system: RunningSystem, compared: Compared): number {
  let events = 0
  for (const cabinet of system.cabinets) events += checkCabinet(system, cabinet, compared)
  const { deadLetters } = readRecords(system)
  expectEqual(deadLetters, [], 'the dead letters')
  return events
}

function checkCabinet(
  system: RunningSystem,
  { cabinetId, dataDir }: RunningCabinet,
  compared: Compared,
): number {
  const from = compared.get(cabinetId) ?? 0
  // First what arrived: a cabinet goes on writing, and what it writes between the two readings may arrive between them.
  const inbox = readInbox(system, cabinetId, from)
  const sent = readOutbox(dataDir, from)
  expectThat(
    new Set(inbox.map(({ epoch }) => epoch)).size <= 1,
    `${cabinetId} began a new epoch although its database was never lost`,
  )
  const known = new Map(inbox.map((one) => [one.seq, one]))
  let expectedSeq = from + 1
  for (const { seq } of inbox)
    expectEqual(seq, expectedSeq++, `${cabinetId}: the numbers in the inbox, one after the other`)
  let last = from
  for (const event of sent) {
    const got = known.get(event.seq)
    // Written after the core was asked how far it is.
    if (got === undefined && event.seq > (inbox.at(-1)?.seq ?? from)) break
    expectThat(got, `${cabinetId}: event ${event.seq} (${event.type}) never arrived`)
    expectEqual(
      [got.type, got.data],
      [event.type, event.data],
      `${cabinetId}: the contents of event ${event.seq}`,
    )
    expectThat(got.status !== 'dead', `${cabinetId}: event ${event.seq} (${event.type}) could not be applied`)
    last = event.seq
  }
  expectThat(
    inbox.every(({ seq }) => seq <= (sent.at(-1)?.seq ?? from)),
    `${cabinetId}: the core has events that the edge no longer knows: it forgot what it had sent`,
  )
  compared.set(cabinetId, last)
  return last - from
}

/** One payment a session and what was asked for; refunds as the core knows them, never more than was paid. */
export async function checkMoney(records: Records, provider: Provider): Promise<void> {
  const books = await provider.books()
  const charges = new Map(records.charges.map((charge) => [charge.outOrderNo, charge]))
  const orders = new Map(records.orders.map((order) => [order.sessionId, order]))
  for (const { outOrderNo, triple } of books.serviceOrders) {
    const charge = charges.get(outOrderNo)
    expectThat(charge, `the provider has an order ${outOrderNo} that the core does not know`)
    const payments = books.transactions.filter((one) => one.outOrderNo === outOrderNo)
    const order = orders.get(charge.sessionId)
    const who = `session ${charge.sessionId} (provider ${triple.state}, charge ${charge.state}, order ${order?.state})`
    expectThat(payments.length <= 1, `${who} was charged ${payments.length} times`)
    const paidFen = payments.reduce((sum, { amountFen }) => sum + amountFen, 0)
    expectEqual(paidFen, order?.paidFen ?? 0, `what the provider took for ${who}`)
    const back = books.refunds.filter((one) => one.outOrderNo === outOrderNo)
    const refundedFen = back
      .filter(({ status }) => status === 'SUCCESS')
      .reduce((sum, { amountFen }) => sum + amountFen, 0)
    expectThat(refundedFen <= paidFen, `${who}: ${refundedFen} fen were given back of ${paidFen}`)
    expectEqual(refundedFen, order?.refundedFen ?? 0, `what the provider gave back for ${who}`)
  }
  const open = books.serviceOrders.filter(
    ({ triple }) => !['DONE', 'REVOKED', 'EXPIRED'].includes(triple.state),
  )
  expectEqual(
    open.map(({ outOrderNo, triple }) => `${outOrderNo} ${triple.state}`),
    [],
    'the orders that the provider still holds open',
  )
}

/**
 * Who took something pays for that, and nobody for anything else. Where weight alone could not tell, the rule bills the
 * cheapest mix that fits, and a person decides as it was recognised: then nobody pays more than was taken by the rule.
 */
export function checkVisits(records: Records, visits: readonly Visit[]): void {
  const orders = new Map(records.orders.map((order) => [order.sessionId, order]))
  for (const { sessionId, taken } of visits) {
    if (sessionId === undefined || taken === undefined) continue
    const order = orders.get(sessionId)
    const session = records.sessions.find((one) => one.sessionId === sessionId)
    expectThat(session, `session ${sessionId}, which the phone was told of, is gone`)
    // What came back to its place while the agent was dead left no trace by which it could tell that anybody was there.
    const isUntouched = Object.keys(taken).length === 0
    expectThat(
      session.state === 'settled' || (isUntouched && session.state === 'not_opened'),
      `the door of session ${sessionId} was used, and the session ended as ${session.state}`,
    )
    if (order?.isDecidedByPerson === 1) continue
    if (order !== undefined && order.basis !== null && order.basis !== 'exact') {
      expectThat(
        order.totalFen <= priceOf(taken),
        `session ${sessionId} pays ${order.totalFen} fen for goods of ${priceOf(taken)}`,
      )
      continue
    }
    const lines = Object.fromEntries(
      records.lines
        .filter((line) => line.orderId === order?.orderId)
        .map(({ sku, quantity }) => [sku, quantity]),
    )
    expectEqual(lines, taken, `what session ${sessionId} is charged for`)
    expectEqual(order?.totalFen ?? 0, priceOf(taken), `the amount of session ${sessionId}`)
  }
}

/** Each refund that somebody was told of exists once. */
export function checkRefunds(records: Records, refundIds: readonly string[]): void {
  const known = records.refunds.map(({ refundId }) => refundId)
  for (const refundId of refundIds)
    expectThat(known.includes(refundId), `the refund ${refundId} was accepted and is gone`)
}

/** Each drawing back of a bolt belongs to one unlock, of this cabinet, that was still alive; and no unlock did it twice. */
export function checkDoors(records: Records, unlockings: readonly Unlocking[]): void {
  const used = new Set<string>()
  for (const { cabinetId, atMs } of unlockings) {
    const cause = records.unlocks
      .filter((one) => one.cabinetId === cabinetId && one.createdAtMs <= atMs && !used.has(one.commandId))
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0]
    if (cause === undefined) throw new ExpectationError(`${cabinetId} unlocked and nobody had asked for it`)
    used.add(cause.commandId)
    const lateMs = atMs - cause.createdAtMs
    expectThat(
      lateMs <= UNLOCK_LATEST_MS,
      `${cabinetId} unlocked ${lateMs} ms after ${cause.commandId} was asked for`,
    )
  }
}
