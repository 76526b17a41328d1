import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/** What a consumer owes for a session. Money that goes back never edits the charge: it is a refund of its own. */
export const orderMachine = machine({
  name: 'order',
  initial: 'open',
  terminal: ['void', 'refunded', 'written_off'],
  states: {
    open: { priced: 'priced', held: 'held', nothingTaken: 'void', voided: 'void' },
    // covered: coupons or points paid all of it.
    priced: { charged: 'charging', covered: 'paid', held: 'held', voided: 'void' },
    held: { released: 'priced', nothingTaken: 'void', voided: 'void', writtenOff: 'written_off' },
    charging: {
      paid: 'paid',
      paidElsewhere: 'paid_elsewhere',
      held: 'held',
      unpaid: 'arrears',
      voided: 'void',
    },
    arrears: {
      paid: 'paid',
      paidElsewhere: 'paid_elsewhere',
      voided: 'void',
      writtenOff: 'written_off',
    },
    paid: { partlyRefunded: 'partly_refunded', refunded: 'refunded' },
    partly_refunded: { partlyRefunded: 'partly_refunded', refunded: 'refunded' },
    paid_elsewhere: { refunded: 'refunded' },
    refunded: {},
    void: {},
    written_off: {},
  },
})
export type OrderMachineState = StateOf<typeof orderMachine>
export type OrderInput = InputOf<typeof orderMachine>
