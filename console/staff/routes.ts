import type { Me } from '#protocol/api/staff.ts'
import type { StaffWord } from '../words/staff.ts'
import type { IconName } from './icons.ts'
import type { Route } from './router.ts'

type Role = Me['role']
/** Which areas a role has at all. The core enforces; this only keeps a person's screen free of doors that stay shut. */
const CARE: readonly Role[] = ['agent', 'lead', 'manager', 'finance']
const TICKETS: readonly Role[] = [...CARE, 'operator', 'technician']
const MONEY_APPROVAL: readonly Role[] = ['lead', 'manager', 'finance']
const FLEET: readonly Role[] = ['agent', 'lead', 'manager', 'operator', 'technician', 'admin']
const DEVICES: readonly Role[] = ['lead', 'manager', 'operator', 'technician', 'admin']
const ENGINEERING: readonly Role[] = ['manager', 'technician', 'admin']
const OVERSIGHT: readonly Role[] = ['manager', 'finance', 'admin']

export const BASE = '/staff'

export const ROUTES: readonly Route[] = [
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
    roles: TICKETS,
    load: () => import('./pages/tickets.ts'),
  },
  {
    path: '/tickets/:id',
    tag: 'page-ticket',
    title: 'ticket',
    roles: TICKETS,
    load: () => import('./pages/ticket.ts'),
  },
  {
    path: '/orders',
    tag: 'page-orders',
    title: 'orders',
    roles: CARE,
    load: () => import('./pages/orders.ts'),
  },
  {
    path: '/orders/:id',
    tag: 'page-order',
    title: 'order',
    roles: TICKETS,
    load: () => import('./pages/order.ts'),
  },
  {
    path: '/approvals',
    tag: 'page-approvals',
    title: 'approvals',
    roles: MONEY_APPROVAL,
    load: () => import('./pages/approvals.ts'),
  },
  { path: '/fleet', tag: 'page-fleet', title: 'fleet', roles: FLEET, load: () => import('./pages/fleet.ts') },
  {
    path: '/cabinets/:id',
    tag: 'page-cabinet',
    title: 'cabinet',
    roles: FLEET,
    load: () => import('./pages/cabinet.ts'),
  },
  {
    path: '/alarms',
    tag: 'page-alarms',
    title: 'alarms',
    roles: DEVICES,
    load: () => import('./pages/alarms.ts'),
  },
  {
    path: '/dead-letters',
    tag: 'page-dead-letters',
    title: 'deadLetters',
    roles: ENGINEERING,
    load: () => import('./pages/dead-letters.ts'),
  },
  {
    path: '/audit',
    tag: 'page-audit',
    title: 'audit',
    roles: OVERSIGHT,
    load: () => import('./pages/audit.ts'),
  },
  { path: '/help', tag: 'page-help', title: 'help', load: () => import('./pages/help.ts') },
]

export interface NavigationItem {
  readonly path: string
  readonly label: StaffWord
  readonly icon: IconName
}
/** In the order of a working day: what waits for me, what I look up, the machines, the engine room. */
export const NAVIGATION: readonly NavigationItem[] = [
  { path: '/', label: 'home', icon: 'house' },
  { path: '/tickets', label: 'tickets', icon: 'inbox' },
  { path: '/approvals', label: 'approvals', icon: 'shield-check' },
  { path: '/orders', label: 'orders', icon: 'receipt' },
  { path: '/fleet', label: 'fleet', icon: 'refrigerator' },
  { path: '/alarms', label: 'alarms', icon: 'bell' },
  { path: '/dead-letters', label: 'deadLetters', icon: 'mail-warning' },
  { path: '/audit', label: 'audit', icon: 'scroll' },
  { path: '/help', label: 'help', icon: 'help' },
]

export function maySee(path: string, role: Role): boolean {
  const route = ROUTES.find((candidate) => candidate.path === path)
  return route !== undefined && (route.roles === undefined || route.roles.includes(role))
}
