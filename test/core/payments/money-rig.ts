import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { createIds, type Ids } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type Bills, createBills } from '#core/bills/bills.ts'
import { type Complaints, createComplaints } from '#core/complaints/complaints.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createNotices } from '#core/notices/notices.ts'
import { advanceOrder, getOrder, insertOrder } from '#core/orders/store.ts'
import { type Charges, createCharges, type PaymentRow } from '#core/payments/charges.ts'
import { loadMerchant } from '#core/payments/payscore/merchant.ts'
import { createPayScore } from '#core/payments/payscore/payscore.ts'
import { createSignedWire } from '#core/payments/payscore/signed-wire.ts'
import type { PaymentProvider } from '#core/payments/provider.ts'
import { type Database, openDatabase, type Tx } from '#core/platform/database.ts'
import { createDueWork, type DueWork } from '#core/platform/due.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createHttpTransport, type HttpTransport } from '#core/platform/transport.ts'
import { createRefunds, type Refunds } from '#core/refunds/refunds.ts'
import { createTickets, type Tickets } from '#core/support/tickets.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'
import { UNHEARD } from '#test/core/support/unheard.ts'

/** The money of a core on a real database, against the provider stand-in over real HTTP. It can be killed and started again. */
export interface MoneyRig {
  /** The database of the core. */
  readonly file: string
  readonly db: () => Database
  readonly ids: Ids
  readonly charges: () => Charges
  readonly refunds: () => Refunds
  readonly duplicates: PaymentRow[]
  readonly bills: () => Bills
  readonly complaints: () => Complaints
  /** Complaints for which a ticket was opened. */
  readonly filed: Array<{ complaintId: string; orderId: string | null }>
  answerTicket(ticketId: string, text: string): Promise<void>
  solveTicket(ticketId: string): Promise<void>
  /** Charges that were paid before they could be lowered. */
  readonly tooLate: string[]
  /** What did not hold in the books after a transaction; empty, always. */
  readonly violations: string[]
  control(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown>
  /** The books of the provider. */
  books(): Promise<{
    transactions: Array<{ amountFen: number; outOrderNo: string }>
    refunds: Array<{ amountFen: number; status: string; outRefundNo: string; reroutedTo: string | null }>
    serviceOrders: Array<{ outOrderNo: string; triple: { state: string } }>
  }>
  /** A session with an order of one line and an authorised charge. */
  visit(quantity?: number): Promise<{ chargeId: string; orderId: string; lineId: string }>
  settle(chargeId: string, orderId: string): Promise<void>
  /** What a SIGKILL leaves: the database as it is, and nothing in memory. */
  kill(): Promise<void>
  start(options?: { transport?: (real: HttpTransport) => HttpTransport }): Promise<void>
  /** A second core beside the first, on the same database. */
  twin(): Promise<TwinCore>
  stop(): Promise<void>
}
export interface TwinCore {
  readonly db: Database
  readonly charges: Charges
  readonly refunds: Refunds
  stop(): Promise<void>
}

export const PRICE_FEN = 350
const OPENID = 'oSim0anna'
export const AUDIT_KEY = new Uint8Array(32)

export async function createMoneyRig(): Promise<MoneyRig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'money-'))
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const log = pino({ level: 'silent' })
  const policy = createPolicy({ chargeQueryFirstMs: 50, chargeQueryLongestMs: 200, providerAnswerMs: 400 })
  const standIn = createProviderStandIn({
    dataDir: folder,
    port: 0,
    clock,
    ids,
    random,
    behaviour: { deductionDelayMs: 20, refundDelayMs: 20 },
  })
  const { url } = await standIn.start()
  const duplicates: PaymentRow[] = []
  const tooLate: string[] = []
  const violations: string[] = []
  let db: Database
  let due: DueWork
  let charges: Charges
  let refunds: Refunds
  let bills: Bills
  let complaints: Complaints
  let tickets: Tickets
  const filed: Array<{ complaintId: string; orderId: string | null }> = []
  let isFirst = true

  async function control(
    method: 'GET' | 'POST' | 'DELETE',
    address: string,
    body?: object,
  ): Promise<unknown> {
    const answer = await fetch(`${url}/control/${address}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`the stand-in refused ${address}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }

  async function start(options: { transport?: (real: HttpTransport) => HttpTransport } = {}): Promise<void> {
    const real = createHttpTransport(clock)
    const opened = audited(openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: AUDIT_KEY }))
    db = opened
    if (isFirst) await seed()
    isFirst = false
    const core = createCore(opened, options.transport?.(real) ?? real)
    ;({ due, charges, refunds, bills, complaints, tickets } = core)
    await charges.resume()
    await refunds.resume()
    due.start()
  }

  /** A second core beside the first, on the same database. */
  async function twin(): Promise<TwinCore> {
    const opened = audited(openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: AUDIT_KEY }))
    const core = createCore(opened, createHttpTransport(clock))
    core.due.start()
    return {
      db: opened,
      charges: core.charges,
      refunds: core.refunds,
      async stop() {
        await core.due.stop()
        await opened.close()
      },
    }
  }

  function createCore(own: Database, transport: HttpTransport) {
    const deps = { db: own, clock, ids, random, log, policy }
    const due = createDueWork(deps)
    const provider = createProvider(transport, policy.providerAnswerMs)
    const charges = createCharges({
      ...deps,
      due,
      provider,
      reactions: {
        waitBeforeCharge: async () => undefined,
        chargePaid: async () => undefined,
        chargeEnded: async () => undefined,
        chargeFailed: async () => undefined,
        unpaid: async () => undefined,
        givenUp: async () => undefined,
        amountDiffers: async () => undefined,
        lowered: async () => undefined,
        lowerTooLate: async (_tx, charge) => {
          tooLate.push(charge.chargeId)
        },
        duplicatePaid: async (_tx, _charge, payment) => {
          duplicates.push(payment)
        },
      },
    })
    const tickets = createTickets({ ...deps, due, reactions: UNHEARD })
    const notices = createNotices({
      ...deps,
      due,
      transport,
      gateway: { baseUrl: 'http://127.0.0.1:9', key: 'none' },
      publicUrl: () => 'http://127.0.0.1:9',
      openidOf: async () => OPENID,
    })
    const refunds = createRefunds({
      ...deps,
      due,
      provider,
      notices,
      reactions: {
        refundStarted: async () => undefined,
        refundSucceeded: async () => undefined,
        refundRejected: async () => undefined,
      },
    })
    const bills = createBills({
      ...deps,
      due,
      provider,
      charges,
      refunds,
      reactions: { differenceFound: async () => 'an-bill', differenceSettled: async () => undefined },
    })
    const complaints = createComplaints({
      ...deps,
      due,
      provider,
      reactions: {
        complaintFiled: async (tx, { complaintId, orderId }) => {
          filed.push({ complaintId, orderId })
          return openTicket(tx, complaintId, orderId)
        },
      },
    })
    return { due, charges, refunds, bills, complaints, tickets }
  }

  /** The books are held against everything else inside each transaction, before it can be committed. */
  function audited(real: Database): Database {
    return {
      ...real,
      write: (name, unit) =>
        real.write(name, async (tx) => {
          const result = await unit(tx)
          for (const finding of (await auditLedger(tx, AUDIT_KEY, clock.now())).findings)
            violations.push(`after "${name}": ${finding.rule} of ${finding.subject}: ${finding.message}`)
          return result
        }),
    }
  }

  async function seed(): Promise<void> {
    const { applyPermissionsToken } = await askPermission()
    await control('POST', 'consent', { applyPermissionsToken, openid: OPENID })
    await db.write('seed', async (tx) => {
      await tx
        .insertInto('product')
        .values({
          sku: 'cola',
          nameZh: '可乐',
          nameEn: 'Cola',
          unitGrams: 350,
          sigmaGrams: 1,
          priceFen: PRICE_FEN,
          picture: '{}',
          foodClass: 'drink',
          shelfLifeDays: 200,
          createdAtMs: 0,
        })
        .execute()
      await tx
        .insertInto('cabinet')
        .values({
          cabinetId: 'cab-001',
          partition: 7,
          nameZh: '一号柜',
          nameEn: 'One',
          siteZh: '大厅',
          siteEn: 'Lobby',
          operator: 'op',
          contact: '',
          timeZone: 'Asia/Shanghai',
          foodClass: 'drink',
          createdAtMs: 0,
          hardware: null,
          enrolledAtMs: null,
          revokedAtMs: null,
        })
        .execute()
      await tx
        .insertInto('consumer')
        .values({
          consumerId: 'co1',
          openidSealed: 'x'.repeat(64),
          openidIndex: 'x',
          language: 'zh',
          createdAtMs: 0,
          permissionLostAtMs: null,
        })
        .execute()
      await tx
        .insertInto('planogram')
        .values({
          cabinetId: 'cab-001',
          version: 1,
          shelves: JSON.stringify([
            { id: 's1', products: [{ sku: 'cola', priceFen: PRICE_FEN, capacity: 10 }] },
          ]),
          createdAtMs: 0,
          createdBy: 'seed',
        })
        .execute()
    })
  }

  function createProvider(transport: HttpTransport, answerWithinMs: number): PaymentProvider {
    const merchant = loadMerchant(path.join(folder, 'merchant.json'))
    const wire = createSignedWire({ merchant, transport, clock, random, answerWithinMs })
    return createPayScore({
      merchant,
      wire,
      clock,
      notifyUrl: () => 'http://127.0.0.1:9/provider/callback',
    })
  }

  async function openTicket(tx: Tx, requestId: string, orderId: string | null): Promise<string> {
    const { ticketId } = await tickets.open(tx, {
      requestId,
      type: 'provider_complaint',
      origin: 'staff',
      reason: null,
      priority: 'high',
      orderId,
      cabinetId: null,
      consumerId: null,
      amountFen: null,
      lines: [],
      note: null,
      language: 'zh',
      openedBy: 'rule:complaint-1',
    })
    return ticketId
  }

  async function askPermission(): Promise<{ applyPermissionsToken: string }> {
    const provider = createProvider(createHttpTransport(clock), 5000)
    const reply = await provider.send(
      provider.build.applyPermission({ authorizationCode: ids.next('request') }),
    )
    const token = reply.kind === 'value' ? provider.readPermissionToken(reply.value) : undefined
    if (token === undefined) throw new Error(`no permission: ${JSON.stringify(reply)}`)
    return { applyPermissionsToken: token }
  }

  async function visit(quantity = 1): Promise<{ chargeId: string; orderId: string; lineId: string }> {
    const [sessionId, orderId, lineId] = [ids.next('session'), ids.next('order'), ids.next('order')]
    const chargeId = await db.write('visit', async (tx) => {
      const nowMs = clock.now()
      await tx
        .insertInto('session')
        .values({
          sessionId,
          requestId: ids.next('request'),
          cabinetId: 'cab-001',
          consumerId: 'co1',
          kind: 'sale',
          state: 'reconciled',
          deniedReason: null,
          planogramVersion: 1,
          commandId: ids.next('command'),
          requestedAtMs: nowMs,
          startedAtMs: nowMs,
          openedAtMs: nowMs,
          closedAtMs: nowMs,
          reconciledAtMs: nowMs,
          reconciled: null,
        })
        .execute()
      await insertOrder(tx, { orderId, sessionId, cabinetId: 'cab-001', consumerId: 'co1' })
      await tx
        .insertInto('orderLine')
        .values({
          lineId,
          orderId,
          position: 0,
          sku: 'cola',
          quantity,
          unitPriceFen: PRICE_FEN,
          amountFen: PRICE_FEN * quantity,
          probability: 1,
          refundedQuantity: 0,
          refundedFen: 0,
        })
        .execute()
      await advanceOrder(tx, orderId, 'priced', { totalFen: PRICE_FEN * quantity })
      return charges.prepare(tx, {
        sessionId,
        orderId,
        consumerId: 'co1',
        openid: OPENID,
        cabinetId: 'cab-001',
        site: '大厅',
        capFen: 20_000,
      })
    })
    return { chargeId, orderId, lineId }
  }

  async function settle(chargeId: string, orderId: string): Promise<void> {
    await db.write('settle', async (tx) => {
      const { totalFen } = await getOrder(tx, orderId)
      await charges.settle(tx, chargeId, {
        lines: [{ description: '可乐', count: totalFen / PRICE_FEN, amountFen: totalFen }],
        totalFen,
      })
    })
  }

  async function kill(): Promise<void> {
    await due.stop()
    await db.close()
  }

  await start()
  return {
    file: path.join(folder, 'core.sqlite'),
    db: () => db,
    ids,
    charges: () => charges,
    refunds: () => refunds,
    bills: () => bills,
    complaints: () => complaints,
    filed,
    async answerTicket(ticketId, text) {
      await db.write('answer', (tx) =>
        tickets.say(tx, ticketId, { requestId: ids.next('request'), sender: 'agent', text }),
      )
    },
    async solveTicket(ticketId) {
      await db.write('solve', (tx) =>
        tickets.settle(tx, ticketId, {
          outcome: 'no_action',
          key: 'outcome.no_action',
          values: {},
          rootCause: 'provider',
        }),
      )
    },
    duplicates,
    tooLate,
    violations,
    control,
    books: async () => (await control('GET', 'books')) as Awaited<ReturnType<MoneyRig['books']>>,
    visit,
    settle,
    kill,
    start,
    twin,
    async stop() {
      await kill()
      await standIn.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
