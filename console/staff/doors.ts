/** Where the staff console lives. */
export const BASE = '/staff'

/** What a page needs; one that is not named here is for everybody who is signed in. The core enforces, this only spares a person doors that stay shut. */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  '/tickets': 'ticket.read',
  '/tickets/:id': 'ticket.read',
  '/tasks': 'task.read',
  '/orders': 'order.read',
  '/orders/:id': 'order.read',
  '/approvals': 'refund.approve',
  '/incidents': 'refundCase.work',
  '/incidents/:id': 'refundCase.work',
  '/fleet': 'fleet.read',
  '/cabinets/:id': 'fleet.read',
  '/cabinets/:id/planogram': 'fleet.read',
  '/cabinets/:id/visits': 'restock.read',
  '/visits/:id': 'restock.read',
  '/cabinets/:id/cold': 'readings.read',
  '/alarms': 'fleet.read',
  '/batches': 'batch.read',
  '/dead-letters': 'deadLetter.read',
  '/system': 'system.read',
  '/dead-letters/:id': 'deadLetter.read',
  '/cabinets/:id/delivery': 'fleet.read',
  '/audit': 'audit.read',
  '/people': 'staff.manage',
  '/knowledge': 'knowledge.read',
  '/knowledge/:id': 'knowledge.read',
  '/rechecks': 'recheck.own',
  '/rechecks/scorecard': 'recheck.own',
  '/rechecks/:id': 'recheck.own',
  '/emergencies': 'emergency.open',
  '/emergencies/:id': 'emergency.open',
  '/schedule': 'team.read',
  '/team': 'calendar.read',
  '/call-backs': 'callBack.work',
  '/call-backs/plan': 'callBack.work',
  '/call-backs/:id': 'callBack.work',
  '/improvements': 'improvement.read',
  '/improvements/:id': 'improvement.read',
  '/reports': 'report.read',
  '/reports/:month': 'report.read',
  '/finance/bills': 'bill.read',
  '/finance/books': 'statement.read',
  '/finance/refunds': 'refund.reroute',
  '/prices': 'price.read',
  '/policies': 'policy.read',
  '/policies/:policy': 'policy.read',
  '/restrictions': 'restriction.read',
}

/** Is there anything behind this door for somebody with these permissions? */
export function maySee(path: string, permissions: readonly string[]): boolean {
  const needed = PERMISSIONS[path]
  return needed === undefined || permissions.includes(needed)
}
