import type { StaffWord } from '../words/staff.ts'
import { PERMISSIONS } from './doors.ts'
import type { IconName } from './icons.ts'
import type { Route } from './router.ts'

const PAGES: readonly Route[] = [
  {
    path: '/login',
    tag: 'page-login',
    title: 'signIn',
    isPublic: true,
    load: () => import('./pages/login.ts'),
  },
  { path: '/', tag: 'page-home', title: 'home', load: () => import('./pages/home.ts') },
  {
    path: '/tickets',
    tag: 'page-tickets',
    title: 'tickets',
    load: () => import('./pages/tickets.ts'),
  },
  {
    path: '/tasks',
    tag: 'page-tasks',
    title: 'tasks',
    load: () => import('./pages/tasks.ts'),
  },
  {
    path: '/tickets/:id',
    tag: 'page-ticket',
    title: 'ticket',
    load: () => import('./pages/ticket.ts'),
  },
  {
    path: '/orders',
    tag: 'page-orders',
    title: 'orders',
    load: () => import('./pages/orders.ts'),
  },
  {
    path: '/orders/:id',
    tag: 'page-order',
    title: 'order',
    load: () => import('./pages/order.ts'),
  },
  {
    path: '/approvals',
    tag: 'page-approvals',
    title: 'approvals',
    load: () => import('./pages/approvals.ts'),
  },
  {
    path: '/incidents',
    tag: 'page-refund-cases',
    title: 'refundCases',
    load: () => import('./pages/refund-cases.ts'),
  },
  {
    path: '/incidents/:id',
    tag: 'page-refund-case',
    title: 'refundCases',
    load: () => import('./pages/refund-case.ts'),
  },
  {
    path: '/fleet',
    tag: 'page-fleet',
    title: 'fleet',
    load: () => import('./pages/fleet.ts'),
  },
  {
    path: '/cabinets/:id',
    tag: 'page-cabinet',
    title: 'cabinet',
    load: () => import('./pages/cabinet.ts'),
  },
  {
    path: '/cabinets/:id/planogram',
    tag: 'page-planogram',
    title: 'planogram',
    load: () => import('./pages/planogram.ts'),
  },
  {
    path: '/cabinets/:id/visits',
    tag: 'page-visits',
    title: 'visits',
    load: () => import('./pages/visits.ts'),
  },
  {
    path: '/visits/:id',
    tag: 'page-visit',
    title: 'visits',
    load: () => import('./pages/visit.ts'),
  },
  {
    path: '/cabinets/:id/cold',
    tag: 'page-cold',
    title: 'temperature',
    load: () => import('./pages/cold.ts'),
  },
  {
    path: '/alarms',
    tag: 'page-alarms',
    title: 'alarms',
    load: () => import('./pages/alarms.ts'),
  },
  {
    path: '/batches',
    tag: 'page-batches',
    title: 'batches',
    load: () => import('./pages/batches.ts'),
  },
  {
    path: '/finance/bills',
    tag: 'page-bills',
    title: 'bills',
    load: () => import('./pages/bills.ts'),
  },
  {
    path: '/finance/books',
    tag: 'page-books',
    title: 'statements',
    load: () => import('./pages/books.ts'),
  },
  {
    path: '/finance/refunds',
    tag: 'page-stuck-refunds',
    title: 'stuckRefunds',
    load: () => import('./pages/stuck-refunds.ts'),
  },
  {
    path: '/prices',
    tag: 'page-prices',
    title: 'prices',
    load: () => import('./pages/prices.ts'),
  },
  {
    path: '/dead-letters',
    tag: 'page-dead-letters',
    title: 'deadLetters',
    load: () => import('./pages/dead-letters.ts'),
  },
  {
    path: '/system',
    tag: 'page-system',
    title: 'system',
    load: () => import('./pages/system.ts'),
  },
  {
    path: '/dead-letters/:id',
    tag: 'page-dead-letter',
    title: 'deadLetters',
    load: () => import('./pages/dead-letter.ts'),
  },
  {
    path: '/cabinets/:id/delivery',
    tag: 'page-delivery',
    title: 'connection',
    load: () => import('./pages/delivery.ts'),
  },
  {
    path: '/audit',
    tag: 'page-audit',
    title: 'audit',
    load: () => import('./pages/audit.ts'),
  },
  { path: '/account', tag: 'page-account', title: 'account', load: () => import('./pages/account.ts') },
  {
    path: '/knowledge',
    tag: 'page-knowledge',
    title: 'knowledge',
    load: () => import('./pages/knowledge.ts'),
  },
  {
    path: '/knowledge/:id',
    tag: 'page-knowledge-item',
    title: 'knowledge',
    load: () => import('./pages/knowledge-item.ts'),
  },
  { path: '/people', tag: 'page-people', title: 'people', load: () => import('./pages/people.ts') },
  {
    path: '/policies',
    tag: 'page-policies',
    title: 'policies',
    load: () => import('./pages/policies.ts'),
  },
  {
    path: '/policies/:policy',
    tag: 'page-policy',
    title: 'policies',
    load: () => import('./pages/policy.ts'),
  },
  {
    path: '/restrictions',
    tag: 'page-restrictions',
    title: 'restrictions',
    load: () => import('./pages/restrictions.ts'),
  },
  {
    path: '/rechecks',
    tag: 'page-rechecks',
    title: 'rechecks',
    load: () => import('./pages/rechecks.ts'),
  },
  {
    path: '/rechecks/scorecard',
    tag: 'page-scorecard',
    title: 'rechecks',
    load: () => import('./pages/scorecard.ts'),
  },
  {
    path: '/rechecks/:id',
    tag: 'page-recheck',
    title: 'rechecks',
    load: () => import('./pages/recheck.ts'),
  },
  {
    path: '/emergencies',
    tag: 'page-emergencies',
    title: 'emergencies',
    load: () => import('./pages/emergencies.ts'),
  },
  {
    path: '/emergencies/:id',
    tag: 'page-emergency',
    title: 'emergencies',
    load: () => import('./pages/emergency.ts'),
  },
  {
    path: '/schedule',
    tag: 'page-schedule',
    title: 'schedule',
    load: () => import('./pages/schedule.ts'),
  },
  {
    path: '/team',
    tag: 'page-team',
    title: 'team',
    load: () => import('./pages/team.ts'),
  },
  {
    path: '/call-backs',
    tag: 'page-call-backs',
    title: 'callBacks',
    load: () => import('./pages/call-backs.ts'),
  },
  {
    path: '/call-backs/plan',
    tag: 'page-call-back-plan',
    title: 'callBacks',
    load: () => import('./pages/call-back-plan.ts'),
  },
  {
    path: '/call-backs/:id',
    tag: 'page-call-back',
    title: 'callBacks',
    load: () => import('./pages/call-back.ts'),
  },
  {
    path: '/improvements',
    tag: 'page-improvements',
    title: 'improvements',
    load: () => import('./pages/improvements.ts'),
  },
  {
    path: '/improvements/:id',
    tag: 'page-improvement',
    title: 'improvements',
    load: () => import('./pages/improvement.ts'),
  },
  {
    path: '/reports',
    tag: 'page-reports',
    title: 'reports',
    load: () => import('./pages/reports.ts'),
  },
  {
    path: '/reports/:month',
    tag: 'page-report-month',
    title: 'reports',
    load: () => import('./pages/report-month.ts'),
  },
  { path: '/help', tag: 'page-help', title: 'help', load: () => import('./pages/help.ts') },
]
export const ROUTES: readonly Route[] = PAGES.map((page) => {
  const permission = PERMISSIONS[page.path]
  return permission === undefined ? page : { ...page, permission }
})

export interface NavigationItem {
  readonly path: string
  readonly label: StaffWord
  readonly icon: IconName
}
/** In the order of a working day: what waits for me, what I look up, the machines, the engine room. */
export const NAVIGATION: readonly NavigationItem[] = [
  { path: '/', label: 'home', icon: 'house' },
  { path: '/tickets', label: 'tickets', icon: 'inbox' },
  { path: '/tasks', label: 'tasks', icon: 'check' },
  { path: '/call-backs', label: 'callBacks', icon: 'phone' },
  { path: '/approvals', label: 'approvals', icon: 'shield-check' },
  { path: '/orders', label: 'orders', icon: 'receipt' },
  { path: '/incidents', label: 'refundCases', icon: 'triangle-alert' },
  { path: '/emergencies', label: 'emergencies', icon: 'circle-alert' },
  { path: '/fleet', label: 'fleet', icon: 'refrigerator' },
  { path: '/alarms', label: 'alarms', icon: 'bell' },
  { path: '/batches', label: 'batches', icon: 'lock' },
  { path: '/prices', label: 'prices', icon: 'tag' },
  { path: '/finance/bills', label: 'bills', icon: 'banknote' },
  { path: '/finance/books', label: 'statements', icon: 'table' },
  { path: '/finance/refunds', label: 'stuckRefunds', icon: 'undo' },
  { path: '/dead-letters', label: 'deadLetters', icon: 'mail-warning' },
  { path: '/system', label: 'system', icon: 'activity' },
  { path: '/audit', label: 'audit', icon: 'scroll' },
  { path: '/reports', label: 'reports', icon: 'chart' },
  { path: '/improvements', label: 'improvements', icon: 'target' },
  { path: '/knowledge', label: 'knowledge', icon: 'scroll' },
  { path: '/rechecks', label: 'rechecks', icon: 'shield-check' },
  { path: '/schedule', label: 'schedule', icon: 'clock' },
  { path: '/team', label: 'team', icon: 'user' },
  { path: '/people', label: 'people', icon: 'user' },
  { path: '/policies', label: 'policies', icon: 'scale' },
  { path: '/restrictions', label: 'restrictions', icon: 'lock' },
  { path: '/help', label: 'help', icon: 'help' },
]
