import type { DifferenceKind } from '#protocol/api/finance.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { BillReactions } from '#core/bills/bills.ts'
import type { ComplaintReactions } from '#core/complaints/complaints.ts'
import { getOrder } from '#core/orders/store.ts'
import type { Tx } from '#core/platform/database.ts'
import type { Reacting } from './domains.ts'
import { aboutOrder, settleTicketOf } from './order-reactions.ts'

/** What the provider's bill shows may belong to no cabinet of ours; a ticket then names none. */
export const NO_CABINET = ''

/** The provider's bill says something else than our books, or somebody complained to the provider instead of to us. */
export function createProviderReactions(parts: Reacting): {
  bills: BillReactions
  complaints: ComplaintReactions
} {
  const { domains } = parts

  /** A bill names devices as whoever took the money wrote them: only one of ours is a cabinet. */
  async function ownCabinet(tx: Tx, deviceId: string): Promise<string> {
    const known = await tx
      .selectFrom('cabinet')
      .select('cabinetId')
      .where('cabinetId', '=', deviceId)
      .executeTakeFirst()
    return known?.cabinetId ?? NO_CABINET
  }

  const bills: BillReactions = {
    async differenceFound(tx, difference, deviceId) {
      const order = difference.orderId === null ? undefined : await getOrder(tx, difference.orderId)
      const taken = difference.billFen === null ? '–' : yuanText(difference.billFen)
      const asked = difference.ourFen === null ? '–' : yuanText(difference.ourFen)
      const anomaly = await domains().anomalies.open(
        tx,
        {
          kind: 'provider_mismatch',
          rule: 'bill-1',
          inputs: { ...difference },
          reasonKey: `anomaly.bill.${difference.kind as DifferenceKind}`,
          reasonValues: { day: difference.day, taken, asked },
          outcome: null,
        },
        order === undefined
          ? {
              subjectId: difference.differenceId,
              orderId: null,
              sessionId: null,
              cabinetId: await ownCabinet(tx, deviceId),
              consumerId: null,
            }
          : aboutOrder(order, difference.differenceId),
      )
      return anomaly.anomalyId
    },
    differenceSettled: (tx, { anomalyId }) =>
      settleTicketOf(tx, domains(), anomalyId === null ? undefined : { anomalyId }),
  }

  const complaints: ComplaintReactions = {
    async complaintFiled(tx, complaint) {
      const order = complaint.orderId === null ? undefined : await getOrder(tx, complaint.orderId)
      const ticket = await domains().tickets.open(tx, {
        requestId: complaint.complaintId,
        type: 'provider_complaint',
        origin: 'staff',
        reason: null,
        priority: 'high',
        orderId: complaint.orderId,
        cabinetId: order?.cabinetId ?? null,
        consumerId: order?.consumerId ?? null,
        amountFen: complaint.refundAskedFen ?? order?.totalFen ?? null,
        lines: [],
        note: complaint.text,
        language: 'zh',
        openedBy: 'rule:complaint-1',
        channel: 'provider',
      })
      // The earliest clock wins: ours usually, the provider's when the complaint was found late.
      await domains().tickets.addOuterClock(tx, ticket.ticketId, 'provider_reply', complaint.respondByMs)
      await domains().tickets.addOuterClock(tx, ticket.ticketId, 'provider_done', complaint.doneByMs)
      return ticket.ticketId
    },
  }

  return { bills, complaints }
}
