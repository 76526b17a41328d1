import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROLES } from '#protocol/api/common.ts'
import { DEMO_CABINET, ROOT } from '#scripts/system.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import type { Consumer, World } from '#test/scenarios/world.ts'

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
}

const NOBODY: Cookies = []

/** Things to look at, made by playing them: a paid order, a disputed one with its ticket. */
export async function prepareStages(world: World): Promise<Stages> {
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
    '/c/nowhere',
    '/orders',
    `/o/${paid.orderId}`,
    `/o/${doubted.orderId}`,
    `/o/${paid.orderId}/dispute`,
    `/o/nothing`,
    `/d/${dispute.disputeId}`,
    '/privacy',
    '/help',
    '/nothing-here',
  ]
  const idOf: Readonly<Record<string, string>> = {
    '/tickets/:id': ticket?.ticketId ?? 'none',
    '/orders/:id': paid.orderId,
    '/policies/:policy': 'receipt',
  }
  const staffPages = staffPaths().map((route) => {
    const id = idOf[route] ?? (route.startsWith('/cabinets/') ? DEMO_CABINET : 'none')
    return `/staff${route.replace(/:\w+/, id)}`
  })
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
  }
}

/** Every route of the staff console, as its table has them; the table itself is for a browser. */
function staffPaths(): string[] {
  const table = readFileSync(path.join(ROOT, 'console/staff/routes.ts'), 'utf8')
  const paths = [...table.matchAll(/\bpath: '([^']+)',\s+tag:/g)].map((match) => String(match[1]))
  if (paths.length < 20)
    throw new Error('assertion failed: the routes of the console are written in another way now')
  return paths
}
