import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROLES, type Role } from '#protocol/api/common.ts'
import type { KnowledgeList } from '#protocol/api/knowledge.ts'
import type { MonthList } from '#protocol/api/reports.ts'
import { PERMISSIONS as DOORS } from '#console/staff/doors.ts'
import { permissionsOf } from '#core/staff/permissions.ts'
import { DEMO_CABINET, ROOT } from '#scripts/system.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import type { Consumer, World } from '#test/scenarios/world.ts'
import { playCases } from './cases.ts'
import { playTroubles } from './troubles.ts'

type Cookies = ReadonlyArray<{ name: string; value: string }>
/** Who looks at which addresses. */
export interface Stage {
  readonly who: string
  readonly cookies: Cookies
  readonly addresses: readonly string[]
}
export interface Stages {
  readonly stages: readonly Stage[]
  /** What is timed: an order as its consumer opens it, and the first page of an agent. */
  readonly consumer: { address: string; cookies: Cookies }
  readonly staff: { address: string; cookies: Cookies }
  /** Every page by its route, with something to look at where there is something, and who sees it best. */
  readonly pages: readonly StagePage[]
}
export interface StagePage {
  /** As the tables of the console and of the core have it. */
  readonly route: string
  readonly address: string
  /** The role that signs in for it; undefined on consumer pages. */
  readonly role: Role | undefined
}

const NOBODY: Cookies = []
/** Who looks first: the one whose page it is, before the one who may see everything. */
const LOOKERS: readonly Role[] = ['agent', 'lead', 'operator', 'finance', 'manager', 'technician', 'admin']

/** Pages on which a lead does what an agent only reads. */
const LED = /^\/(emergencies|rechecks|schedule|team|call-backs)/

/** The pages of lists and figures as they are on the first day: for those whose pages they are, before anything happened. */
export async function emptyStages(world: World): Promise<Stage[]> {
  const paths = staffPaths().filter((route) => !route.includes(':') && route !== '/login')
  const stages: Stage[] = []
  for (const role of LOOKERS) {
    const addresses = paths.filter((route) => lookerOf(route) === role).map((route) => `/staff${route}`)
    if (addresses.length > 0)
      stages.push({
        who: `${role} on the first day`,
        cookies: (await world.staff(role)).visitor.cookies(),
        addresses,
      })
  }
  const newcomer = await world.consumer('Anna')
  await newcomer.signIn()
  stages.push({
    who: 'consumer on the first day',
    cookies: newcomer.visitor.cookies(),
    addresses: [`/c/${DEMO_CABINET}`, '/orders', '/restriction', '/privacy'],
  })
  return stages
}

/** Things to look at, made by playing them: a paid order, a disputed one with its ticket. */
export async function prepareStages(world: World): Promise<Stages> {
  const startedMs = world.clock.now()
  const consumer: Consumer = await world.consumer()
  const sale = await shop(world, consumer, [take('s3', 'cola-330'), take('s4', 'juice-orange')])
  const paid = await consumer.orderIn(sale.session.sessionId, ['paid'])
  const second = await shop(world, consumer, [take('s1', 'fruit-cup'), take('s2', 'salad-chicken')])
  const doubted = await consumer.orderIn(second.session.sessionId, ['paid'])
  const line = doubted.lines.find(({ sku }) => sku === 'fruit-cup')
  const dispute = await consumer.dispute(doubted.orderId, {
    reason: 'quality',
    lines: line === undefined ? [] : [{ lineId: line.lineId, quantity: 1 }],
    note: '水果杯有点酸',
  })
  const agent = await world.staff('agent')
  const ticket = (await agent.tickets()).find(({ orderId }) => orderId === doubted.orderId)
  const consumerPages = [
    '/',
    `/c/${DEMO_CABINET}`,
    `/c/${DEMO_CABINET}/code`,
    `/c/${DEMO_CABINET}/help`,
    '/c/nowhere',
    '/orders',
    '/restriction',
    `/o/${paid.orderId}`,
    `/o/${doubted.orderId}`,
    `/o/${paid.orderId}/dispute`,
    `/o/nothing`,
    `/d/${dispute.disputeId}`,
    '/privacy',
    '/privacy/erase',
    '/help',
    '/help/refunds',
    '/nothing-here',
  ]
  const lead = await world.staff('lead')
  const troubled = await playTroubles(world)
  const played = await playCases(world, { sku: 'salad-chicken', fromMs: startedMs })
  const { items } = (await lead.get('knowledge')) as KnowledgeList
  const { months } = (await lead.get('reports/months')) as MonthList
  const idOf: Readonly<Record<string, string>> = {
    ...played,
    ...troubled,
    '/tickets/:id': ticket?.ticketId ?? 'none',
    '/orders/:id': paid.orderId,
    '/policies/:policy': 'receipt',
    '/knowledge/:id': items[0]?.itemId ?? 'none',
    '/reports/:month': months[0]?.month ?? 'none',
    '/o/:id': paid.orderId,
    '/o/:id/dispute': paid.orderId,
    '/d/:id': dispute.disputeId,
    '/c/:cabinet': DEMO_CABINET,
    '/c/:cabinet/code': DEMO_CABINET,
    '/c/:cabinet/help': DEMO_CABINET,
    '/help/:key': 'refunds',
  }
  const addressOf = (route: string): string => {
    const id = idOf[route] ?? (route.startsWith('/cabinets/') ? DEMO_CABINET : 'none')
    return route.replace(/:\w+/, id)
  }
  const staffPages = staffPaths().map((route) => `/staff${addressOf(route)}`)
  const cookies = async (role: string): Promise<Cookies> => (await world.staff(role)).visitor.cookies()
  const signedIn: Stage[] = []
  // A role without an account in the demo system is nobody there.
  for (const role of ROLES.filter((one) => world.system.signIns().some(({ name }) => name === one)))
    signedIn.push({
      who: role,
      cookies: await cookies(role),
      addresses: staffPages.filter((one) => one !== '/staff/login'),
    })
  return {
    stages: [
      { who: 'consumer', cookies: consumer.visitor.cookies(), addresses: consumerPages },
      {
        who: 'nobody',
        cookies: NOBODY,
        addresses: [`/c/${DEMO_CABINET}`, '/orders', `/o/${paid.orderId}`, '/staff/login'],
      },
      ...signedIn,
    ],
    consumer: { address: `/o/${paid.orderId}`, cookies: consumer.visitor.cookies() },
    staff: { address: '/staff/', cookies: await cookies('agent') },
    pages: [
      ...consumerPaths().map((route) => ({ route, address: addressOf(route), role: undefined })),
      ...staffPaths().map((route) => ({
        route: `/staff${route}`,
        address: `/staff${addressOf(route)}`,
        role: lookerOf(route),
      })),
    ],
  }
}

/** @throws when nobody may see it, which would be a page for nobody */
function lookerOf(route: string): Role {
  const needed = DOORS[route]
  const lookers: readonly Role[] = LED.test(route) ? ['lead', ...LOOKERS] : LOOKERS
  const role = lookers.find((one) =>
    needed === undefined ? true : permissionsOf(one).some((permission) => permission === needed),
  )
  if (role === undefined) throw new Error(`assertion failed: no role may see ${route}`)
  return role
}

/** Every page for consumers, as the core registers them; what is not found has a page too. */
export function consumerPaths(): string[] {
  const table = ['register.ts', 'register-help.ts']
    .map((file) => readFileSync(path.join(ROOT, 'core/pages', file), 'utf8'))
    .join('\n')
  const paths = [...table.matchAll(/scope\.get(?:<[^(]*>)?\(\s*'(\/[^'*]*)'/g)].map((match) =>
    String(match[1]),
  )
  if (paths.length < 8)
    throw new Error('assertion failed: the pages of consumers are registered in another way now')
  return paths
}

/** Every route of the staff console, as its table has them; the table itself is for a browser. */
export function staffPaths(): string[] {
  const table = readFileSync(path.join(ROOT, 'console/staff/routes.ts'), 'utf8')
  const paths = [...table.matchAll(/\bpath: '([^']+)',\s+tag:/g)].map((match) => String(match[1]))
  if (paths.length < 20)
    throw new Error('assertion failed: the routes of the console are written in another way now')
  return paths
}
