import { describe, expect, it } from 'vitest'
import {
  ANOMALY_STATES,
  CHARGE_STATES,
  ORDER_STATES,
  REFUND_STATES,
  SESSION_STATES,
  TICKET_STATES,
} from '#protocol/api/common.ts'
import { anomalyMachine } from '#core/anomalies/machine.ts'
import { orderMachine } from '#core/orders/machine.ts'
import { chargeMachine } from '#core/payments/machine.ts'
import { refundMachine } from '#core/refunds/machine.ts'
import { sessionMachine } from '#core/sessions/machine.ts'
import { ticketMachine } from '#core/support/machine.ts'

interface AnyMachine {
  readonly name: string
  readonly states: readonly string[]
  readonly inputs: readonly string[]
  next(state: never, input: never): string | undefined
}

/** Every state by every input, in one picture; `·` is "nothing happens". A change of a table shows here, on purpose. */
function gridOf(machine: AnyMachine): string {
  return machine.states
    .map((state) => {
      const moves = machine.inputs.flatMap((input) => {
        const target = machine.next(state as never, input as never)
        return target === undefined ? [] : [`${input} → ${target}`]
      })
      return `${state}: ${moves.length === 0 ? '·' : moves.join(', ')}`
    })
    .join('\n')
}

describe('a charge', () => {
  it('moves only along its table', () => {
    expect(gridOf(chargeMachine)).toBe(
      [
        'prepared: sent → submitted, cancelled → cancelled',
        'submitted: accepted → pending, paid → paid, free → cancelled, refused → failed, answerLost → unknown',
        'unknown: foundPending → pending, foundPaid → paid, foundFree → cancelled, foundAbsent → prepared, foundRevoked → cancelled',
        'pending: cancelled → cancelled, paid → paid, lowered → pending',
        'paid: ·',
        'failed: ·',
        'cancelled: ·',
      ].join('\n'),
    )
  })
  it('is never sent twice: from an unknown answer only asking leads on', () => {
    expect(chargeMachine.next('unknown', 'sent')).toBeUndefined()
    expect(chargeMachine.next('submitted', 'sent')).toBeUndefined()
    expect(chargeMachine.next('pending', 'sent')).toBeUndefined()
    expect(chargeMachine.next('paid', 'sent')).toBeUndefined()
  })
})

describe('a refund', () => {
  it('moves only along its table', () => {
    expect(gridOf(refundMachine)).toBe(
      [
        'requested: approvalNeeded → awaiting_approval, approved → approved, rejected → rejected',
        'awaiting_approval: approved → approved, rejected → rejected',
        'approved: sent → submitted',
        'submitted: processing → processing, succeeded → succeeded, abnormal → abnormal, closed → closed, answerLost → unknown, putOff → approved, refused → rejected',
        'unknown: processing → processing, succeeded → succeeded, abnormal → abnormal, closed → closed, foundAbsent → approved',
        'processing: succeeded → succeeded, abnormal → abnormal, closed → closed',
        'abnormal: processing → processing, succeeded → succeeded, closed → closed',
        'closed: renumbered → approved',
        'succeeded: ·',
        'rejected: ·',
      ].join('\n'),
    )
  })
})

describe('an order', () => {
  it('moves only along its table', () => {
    expect(gridOf(orderMachine)).toBe(
      [
        'open: priced → priced, held → held, nothingTaken → void, voided → void',
        'priced: held → held, voided → void, charged → charging, covered → paid',
        'held: nothingTaken → void, voided → void, released → priced, writtenOff → written_off',
        'charging: held → held, voided → void, paid → paid, paidElsewhere → paid_elsewhere, unpaid → arrears',
        'arrears: voided → void, writtenOff → written_off, paid → paid, paidElsewhere → paid_elsewhere',
        'paid: partlyRefunded → partly_refunded, refunded → refunded',
        'partly_refunded: partlyRefunded → partly_refunded, refunded → refunded',
        'paid_elsewhere: refunded → refunded',
        'refunded: ·',
        'void: ·',
        'written_off: ·',
      ].join('\n'),
    )
  })
})

describe('a session', () => {
  it('moves only along its table', () => {
    expect(gridOf(sessionMachine)).toBe(
      [
        'requested: authorised → authorised, refused → denied',
        'authorised: refused → denied, unlockAsked → unlocking',
        'unlocking: refused → denied, opened → opened, notOpened → not_opened, reconciled → reconciled, abandoned → abandoned, wentSilent → overdue',
        'opened: reconciled → reconciled, abandoned → abandoned, wentSilent → overdue, closed → closed',
        'closed: opened → opened, reconciled → reconciled, abandoned → abandoned, wentSilent → overdue',
        'overdue: refused → denied, opened → opened, notOpened → not_opened, reconciled → reconciled, abandoned → abandoned, closed → closed',
        'reconciled: settled → settled',
        'settled: ·',
        'denied: ·',
        'not_opened: ·',
        'abandoned: ·',
      ].join('\n'),
    )
  })
  it('never unlocks before the provider and the cabinet have agreed', () => {
    expect(sessionMachine.next('requested', 'unlockAsked')).toBeUndefined()
    expect(sessionMachine.next('denied', 'opened')).toBeUndefined()
  })
})

describe('the states that pages know', () => {
  it.each([
    [chargeMachine as AnyMachine, CHARGE_STATES],
    [refundMachine as AnyMachine, REFUND_STATES],
    [orderMachine as AnyMachine, ORDER_STATES],
    [sessionMachine as AnyMachine, SESSION_STATES],
    [ticketMachine as AnyMachine, TICKET_STATES],
    [anomalyMachine as AnyMachine, ANOMALY_STATES],
  ])('are the states of the machine', (machine, states) => {
    expect([...machine.states].sort()).toEqual([...states].sort())
  })
})
