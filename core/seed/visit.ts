import { type Ids, twinOfId } from '#protocol/base/ids.ts'
import { integerBelow, type Random } from '#protocol/base/random.ts'
import type { SessionReconciled } from '#protocol/messages/session.ts'
import { paymentEntry, refundEntry, saleEntry } from '#core/ledger/entries.ts'
import type { Bulk } from './bulk.ts'
import type { SeedJournal } from './journal.ts'

export interface StockedGoods {
  readonly sku: string
  readonly shelf: string
  readonly unitGrams: number
  readonly priceFen: number
}
export interface VisitPlan {
  readonly atMs: number
  readonly cabinetId: string
  readonly operator: string
  readonly consumerId: string
  /** The cabinet was without a connection when the door was closed, for so long. */
  readonly offlineMs: number
  /** So many lines go back, from the first on. */
  readonly refundedLines: number
  readonly refundReason: 'quality' | 'not_taken' | 'returned_item'
  /** Nothing is written into the future. */
  readonly untilMs: number
}
export interface VisitMade {
  readonly orderId: string
  readonly sessionId: string
  readonly lines: ReadonlyArray<{ lineId: string; sku: string; quantity: number; amountFen: number }>
  readonly totalFen: number
  readonly isRefunded: boolean
}
interface Line extends StockedGoods {
  readonly lineId: string
  readonly quantity: number
  readonly amountFen: number
}

const CAP_FEN = 20_000
const DAY_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

/** A visit from the door to the money, as the living core would have left it, with its calls, entries and stock. */
export function createVisits(deps: {
  bulk: Bulk
  journal: SeedJournal
  idsAt: (atMs: number) => Ids
  random: Random
}) {
  const { bulk, journal, idsAt, random } = deps
  let transaction = 0
  /** Refunds that arrive later; the journal is written in the order of time. */
  const coming: Array<{ atMs: number; enter: () => void }> = []

  function pick(goods: readonly StockedGoods[], ids: Ids): Line[] {
    const [lot] = [random.next()]
    const kinds = lot < 0.55 ? 1 : lot < 0.85 ? 2 : lot < 0.96 ? 3 : 4
    const chosen = new Map<string, StockedGoods>()
    while (chosen.size < Math.min(kinds, goods.length)) {
      // What stands in front sells best.
      const one = goods[Math.floor(goods.length * random.next() ** 1.6)] as StockedGoods
      chosen.set(one.sku, one)
    }
    return [...chosen.values()].map((one) => {
      const quantity = random.next() < 0.88 ? 1 : 2
      return { ...one, lineId: ids.next('order'), quantity, amountFen: quantity * one.priceFen }
    })
  }

  function add(plan: VisitPlan, goods: readonly StockedGoods[]): VisitMade {
    const ids = idsAt(plan.atMs)
    const [sessionId, orderId, chargeId] = [ids.next('session'), ids.next('order'), ids.next('charge')]
    const openedAtMs = plan.atMs + 1500
    const stayMs = 6000 + integerBelow(random, 24_000)
    const closedAtMs = openedAtMs + stayMs
    const settledAtMs = closedAtMs + 1200
    const heardAtMs = settledAtMs + 400 + plan.offlineMs
    const paidAtMs = heardAtMs + 700 + integerBelow(random, 1500)
    const lines = pick(goods, ids)
    const totalFen = lines.reduce((sum, line) => sum + line.amountFen, 0)
    const canRefund = paidAtMs + DAY_MS < plan.untilMs
    const back = canRefund ? lines.slice(0, plan.refundedLines) : []
    const backFen = back.reduce((sum, line) => sum + line.amountFen, 0)
    const { cabinetId, operator, consumerId } = plan

    bulk.add('session', {
      sessionId,
      requestId: ids.next('request'),
      cabinetId,
      consumerId,
      kind: 'sale',
      state: 'settled',
      deniedReason: null,
      planogramVersion: 1,
      commandId: ids.next('command'),
      requestedAtMs: plan.atMs,
      startedAtMs: plan.atMs + 1000,
      openedAtMs,
      closedAtMs,
      reconciledAtMs: heardAtMs,
      reconciled: JSON.stringify(reconciledOf(plan, { sessionId, lines, closedAtMs, settledAtMs })),
    })
    bulk.add('order', {
      orderId,
      sessionId,
      cabinetId,
      consumerId,
      state: backFen === 0 ? 'paid' : backFen === totalFen ? 'refunded' : 'partly_refunded',
      heldReason: null,
      heldAtMs: null,
      releasedAtMs: null,
      totalFen,
      paidFen: totalFen,
      refundedFen: backFen,
      createdAtMs: plan.atMs,
      pricedAtMs: heardAtMs,
      chargedAtMs: paidAtMs,
      decision: null,
    })
    for (const [position, line] of lines.entries()) {
      const isBack = back.includes(line)
      bulk.add('orderLine', {
        lineId: line.lineId,
        orderId,
        position,
        sku: line.sku,
        quantity: line.quantity,
        unitPriceFen: line.priceFen,
        amountFen: line.amountFen,
        probability: 0.995 + random.next() * 0.0049,
        refundedQuantity: isBack ? line.quantity : 0,
        refundedFen: isBack ? line.amountFen : 0,
      })
      bulk.add('stockMovement', {
        cabinetId,
        shelf: line.shelf,
        sku: line.sku,
        quantity: -line.quantity,
        kind: 'sale',
        sessionId,
        orderId,
        reason: null,
        atMs: heardAtMs,
      })
    }
    const outOrderNo = orderId
    const providerOrderId = `1${String(++transaction).padStart(15, '0')}`
    bulk.add('charge', {
      chargeId,
      sessionId,
      orderId,
      consumerId,
      state: 'paid',
      authorisation: 'granted',
      declinedCode: null,
      outOrderNo,
      providerOrderId,
      capFen: CAP_FEN,
      amountFen: totalFen,
      lines: null,
      preparedAtMs: plan.atMs,
      submittedAtMs: heardAtMs + 100,
      pendingAtMs: heardAtMs + 300,
      paidAtMs,
      polls: 0,
    })
    call('create_order', chargeId, outOrderNo, plan.atMs, CAP_FEN)
    call('complete_order', chargeId, outOrderNo, heardAtMs + 50, totalFen)
    const paymentId = ids.next('payment')
    bulk.add('payment', {
      paymentId,
      chargeId,
      orderId,
      transactionId: `42${String(transaction).padStart(26, '0')}`,
      amountFen: totalFen,
      paidAtMs,
      foundBy: 'callback',
      foundAtMs: paidAtMs + 60,
      isDuplicate: 0,
      reservedFen: backFen,
      refundedFen: backFen,
    })
    const about = { orderId, cabinetId, operator }
    // Entered when their moment has come, for another visit may be heard of in between.
    later(heardAtMs + 100, () =>
      journal.post(saleEntry({ grossFen: totalFen, discountFen: 0, compensationFen: 0 }), {
        ...about,
        subjectId: chargeId,
        occurredAtMs: heardAtMs + 100,
      }),
    )
    later(paidAtMs, () =>
      journal.post(paymentEntry(totalFen, false), { ...about, subjectId: paymentId, occurredAtMs: paidAtMs }),
    )
    if (backFen > 0) giveBack(plan, { orderId, paymentId, paidAtMs, back, backFen })
    return { orderId, sessionId, lines, totalFen, isRefunded: backFen > 0 }
  }

  function giveBack(
    plan: VisitPlan,
    of: { orderId: string; paymentId: string; paidAtMs: number; back: readonly Line[]; backFen: number },
  ): void {
    const askedAtMs = of.paidAtMs + HOUR_MS + integerBelow(random, 20 * HOUR_MS)
    const doneAtMs = askedAtMs + 4000
    const ids = idsAt(askedAtMs)
    const refundId = ids.next('refund')
    bulk.add('refund', {
      refundId,
      orderId: of.orderId,
      paymentId: of.paymentId,
      amountFen: of.backFen,
      reason: plan.refundReason,
      stock: plan.refundReason === 'returned_item' ? 'back_in_cabinet' : 'not_returned',
      state: 'succeeded',
      attempt: 1,
      outRefundNo: refundId,
      providerRefundId: twinOfId(refundId, 'request'),
      requestedBy: 'rule:dispute-1',
      requestedAtMs: askedAtMs,
      approvedBy: 'rule:dispute-1',
      approvedAtMs: askedAtMs,
      submittedAtMs: askedAtMs + 500,
      acceptedAtMs: askedAtMs + 900,
      succeededAtMs: doneAtMs,
      rejectedReason: null,
      isAutomatic: 1,
      needsTwoPeople: 0,
      ticketId: null,
      anomalyId: null,
      noticeId: null,
      noticeBoundMs: null,
      note: null,
      tellConsumer: 0,
      polls: 0,
    })
    for (const line of of.back)
      bulk.add('refundLine', {
        refundId,
        lineId: line.lineId,
        quantity: line.quantity,
        amountFen: line.amountFen,
      })
    call('refund', refundId, refundId, askedAtMs + 400, of.backFen)
    later(doneAtMs, () =>
      journal.post(refundEntry(of.backFen, false), {
        orderId: of.orderId,
        cabinetId: plan.cabinetId,
        operator: plan.operator,
        subjectId: refundId,
        occurredAtMs: doneAtMs,
      }),
    )
  }

  function call(
    operation: 'create_order' | 'complete_order' | 'refund',
    subjectId: string,
    number: string,
    atMs: number,
    amountFen: number,
  ): void {
    bulk.add('providerCall', {
      callId: idsAt(atMs).next('call'),
      operation,
      subjectId,
      idempotencyKey: `${operation}/${number}`,
      method: 'POST',
      path: operation === 'refund' ? '/v3/refund/domestic/refunds' : '/v3/payscore/serviceorder',
      body: JSON.stringify({ number, amount: amountFen }),
      state: 'answered',
      attempts: 1,
      savedAtMs: atMs,
      answeredAtMs: atMs + 120,
      status: 200,
      detail: null,
    })
  }

  function later(atMs: number, enter: () => void): void {
    coming.push({ atMs, enter })
  }

  return {
    add,
    /** Enters into the journal what has happened by then, in the order of time. */
    enterUpTo(atMs: number): void {
      const due = coming.filter((one) => one.atMs < atMs).sort((a, b) => a.atMs - b.atMs)
      const rest = coming.filter((one) => one.atMs >= atMs)
      coming.length = 0
      for (const one of rest) coming.push(one)
      for (const one of due) one.enter()
    },
  }
}

function reconciledOf(
  plan: VisitPlan,
  made: { sessionId: string; lines: readonly Line[]; closedAtMs: number; settledAtMs: number },
): SessionReconciled {
  const startedAtMs = plan.atMs + 1000
  const closedMs = made.closedAtMs - startedAtMs
  return {
    sessionId: made.sessionId,
    kind: 'sale',
    planogramVersion: 1,
    startedAgoMs: made.settledAtMs - startedAtMs,
    openedMs: 500,
    closedMs,
    settledMs: made.settledAtMs - startedAtMs,
    receipt: {
      lines: made.lines.map(({ sku, quantity }) => ({ sku, quantity, probability: 0.998 })),
      probability: 0.997,
      verdict: 'clear',
      engineVersion: 'history',
      reasons: [],
      alternatives: [],
    },
    steps: made.lines.map((line, index) => ({
      tMs: Math.round(1000 + ((index + 1) * (closedMs - 2000)) / (made.lines.length + 1)),
      shelf: line.shelf,
      grams: -Math.round(line.unitGrams * line.quantity),
      sigmaGrams: 2,
      explanation: `Taken: ${line.quantity} × ${line.sku}.`,
    })),
    shelfDeltas: [],
    camera: { blocked: [], framesChecked: 10 },
    offline: plan.offlineMs === 0 ? [] : [{ fromMs: closedMs - 3000, toMs: closedMs + plan.offlineMs }],
    restarts: 0,
    evidence: [],
  }
}
