import { machine } from '#protocol/base/machine.ts'

/**
 * A service order as the provider keeps it. The wire shows it as a triple (`state`, `state_description`, `collection.state`);
 * see `orderTriple`. A pending order never closes by itself. Picture: docs/reference/provider-stand-in.md
 */
export const serviceOrderMachine = machine({
  name: 'service order',
  initial: 'asked',
  states: {
    asked: { begun: 'inProgress', leftToConfirm: 'created' },
    created: { cancelled: 'revoked', expired: 'expired' },
    inProgress: { completed: 'paying', completedFree: 'free', cancelled: 'revoked' },
    paying: { collected: 'paid', lowered: 'paying', paidElsewhere: 'settledElsewhere', cancelled: 'revoked' },
    paid: {},
    free: {},
    settledElsewhere: {},
    revoked: {},
    expired: {},
  },
  terminal: ['paid', 'free', 'settledElsewhere', 'revoked', 'expired'],
})
