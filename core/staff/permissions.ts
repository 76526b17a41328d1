import type { Role } from '#protocol/api/common.ts'

/** Who may do what: one table, enforced by the `access` of each route and rendered in docs/reference. */
export const PERMISSIONS = {
  'home.read': ['agent', 'lead', 'manager', 'operator', 'technician', 'finance', 'admin'],
  'live.read': ['agent', 'lead', 'manager', 'operator', 'technician', 'finance', 'admin'],
  'order.read': ['agent', 'lead', 'manager', 'finance'],
  'evidence.read': ['agent', 'lead', 'manager'],
  'ticket.read': ['agent', 'lead', 'manager', 'operator'],
  'ticket.work': ['agent', 'lead', 'manager'],
  // Writes as the one who asked: an operator on their own tickets.
  'ticket.answer': ['operator'],
  'task.read': ['agent', 'lead', 'manager', 'technician', 'operator', 'admin'],
  'task.work': ['agent', 'lead', 'manager', 'technician', 'operator', 'admin'],
  'ticket.create': ['agent', 'lead', 'manager', 'operator', 'technician'],
  'refund.request': ['agent', 'lead', 'manager', 'finance'],
  'refund.approve': ['lead', 'manager', 'finance'],
  'compensation.request': ['agent', 'lead', 'manager', 'finance'],
  'compensation.approve': ['lead', 'manager', 'finance'],
  // One incident refunds many orders at once.
  'refundCase.work': ['lead', 'manager', 'finance'],
  'anomaly.decide': ['agent', 'lead', 'manager'],
  'consumer.block': ['lead', 'manager'],
  'restriction.read': ['agent', 'lead', 'manager'],
  'policy.read': ['lead', 'manager', 'finance'],
  'policy.change': ['lead', 'manager'],
  'fleet.read': ['agent', 'lead', 'manager', 'operator', 'technician', 'admin'],
  'readings.read': ['agent', 'lead', 'manager', 'operator', 'technician', 'admin'],
  'setpoint.change': ['operator', 'manager', 'admin'],
  'twin.change': ['operator', 'manager', 'admin'],
  'service.change': ['technician', 'operator', 'manager', 'admin'],
  'command.send': ['technician', 'operator', 'admin'],
  'command.unlock': ['technician', 'operator'],
  'command.scale': ['technician'],
  'command.cold': ['technician', 'operator'],
  'restock.read': ['operator', 'technician', 'manager', 'lead', 'admin'],
  'restock.work': ['operator', 'technician'],
  'batch.read': ['agent', 'lead', 'manager', 'operator', 'technician'],
  'batch.block': ['lead', 'manager', 'operator'],
  'planogram.change': ['operator', 'manager', 'admin'],
  'alarm.acknowledge': ['operator', 'technician', 'manager', 'lead', 'admin'],
  'cabinet.enrol': ['technician', 'operator', 'admin'],
  'cabinet.revoke': ['operator', 'admin'],
  'deadLetter.read': ['technician', 'admin', 'manager'],
  // A mended event may move money, so whoever mends it answers for money.
  'deadLetter.resolve': ['manager', 'admin'],
  'stream.goOn': ['technician', 'admin'],
  'knowledge.read': ['agent', 'lead', 'manager', 'operator', 'technician', 'finance', 'admin'],
  'knowledge.write': ['agent', 'lead', 'manager', 'operator'],
  'knowledge.publish': ['lead', 'manager'],
  // Finds out whether who speaks on the telephone is the buyer; a lead may go on without, and says why.
  'caller.verify': ['agent', 'lead', 'manager'],
  'caller.vouch': ['lead', 'manager'],
  'callBack.work': ['agent', 'lead', 'manager'],
  // Call-backs that are a matter of the lead, such as after a low score.
  'callBack.lead': ['lead', 'manager'],
  'callBack.plan': ['lead', 'manager'],
  // The schedule, and what one has learned and done oneself; a lead plans and assesses the team.
  'team.read': ['agent', 'lead', 'manager'],
  'team.manage': ['lead', 'manager'],
  'calendar.read': ['agent', 'lead', 'manager', 'admin'],
  'calendar.change': ['manager', 'admin'],
  // Whoever finds out that many people are concerned enters it at once.
  'emergency.open': ['agent', 'lead', 'manager', 'finance', 'admin'],
  'emergency.work': ['lead', 'manager'],
  // What was found in one's own closed cases; a lead looks at those of the team.
  'recheck.own': ['agent', 'lead', 'manager'],
  'recheck.work': ['lead', 'manager'],
  'scorecard.change': ['lead', 'manager'],
  'improvement.read': ['agent', 'lead', 'manager', 'operator'],
  // An operator on items about their own cabinets.
  'improvement.work': ['lead', 'manager', 'operator'],
  'audit.read': ['manager', 'admin', 'lead'],
  'system.read': ['lead', 'manager', 'operator', 'technician', 'finance', 'admin'],
  'system.decide': ['manager', 'admin'],
  'staff.manage': ['manager', 'admin'],
  'ledger.read': ['finance', 'manager'],
  'bill.read': ['finance', 'manager'],
  'bill.reconcile': ['finance'],
  'statement.read': ['finance', 'manager', 'operator'],
  'refund.reroute': ['finance'],
  'arrears.collect': ['agent', 'lead', 'manager', 'finance'],
  // Says that money came in where nobody but a person saw it.
  'arrears.settle': ['lead', 'manager', 'finance'],
  'writeOff.request': ['agent', 'lead', 'manager', 'finance'],
  'writeOff.approve': ['lead', 'manager', 'finance'],
  'price.read': ['operator', 'manager', 'lead', 'finance'],
  'price.change': ['operator', 'manager'],
  // An operator reads about their own cabinets.
  'report.read': ['manager', 'finance', 'lead', 'operator'],
  'report.make': ['lead', 'manager', 'operator'],
} as const satisfies Record<string, readonly Role[]>
/** These sign in with a code besides the password, unless the installation only offers it. */
export const SECOND_FACTOR_ROLES: readonly Role[] = ['lead', 'manager', 'finance', 'admin']

export type Permission = keyof typeof PERMISSIONS

export function may(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(role)
}
export function permissionsOf(role: Role): Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => may(role, permission))
}
