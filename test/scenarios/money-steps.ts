import { execFile } from 'node:child_process'
import path from 'node:path'
import type { BillDetail, LedgerAudit } from '#protocol/api/finance.ts'
import type { OrderView } from '#protocol/api/consumer.ts'
import { eventually, expectEqual } from '#test/support/eventually.ts'
import { shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Beijing, as the provider counts days. */
export function today({ clock }: Pick<World, 'clock'>): string {
  return new Date(clock.now() + 8 * 3_600_000).toISOString().slice(0, 10)
}

/** A whole visit for one thing, paid. */
export async function buy(
  world: World,
  consumer: Consumer,
  shelf = 's4',
  sku = 'juice-orange',
): Promise<OrderView> {
  const { session } = await shop(world, consumer, [take(shelf, sku)])
  return consumer.orderIn(session.sessionId, ['paid'])
}

/** Everything of one line back, by an agent. */
export async function refundAll(world: World, staff: Staff, order: OrderView): Promise<string> {
  const refundId = world.ids.next('refund')
  await staff.send('POST', `orders/${order.orderId}/refunds`, {
    refundId,
    lines: order.lines.map(({ lineId, quantity }) => ({ lineId, quantity })),
    reason: 'quality',
    stock: 'not_returned',
    tellConsumer: false,
  })
  return refundId
}
export function refundIn(consumer: Consumer, orderId: string, state: string): Promise<OrderView> {
  return eventually(`a refund in ${state}`, async () => {
    const order = await consumer.order(orderId)
    return order.refunds.some((one) => one.state === state) && order
  })
}

/** A message of this kind reached somebody. */
export function told(world: World, template: string): Promise<unknown> {
  return eventually(`the message ${template}`, async () =>
    (await world.phone.messages()).some((message) => message.template === template),
  )
}

/** As the button of the console does it. */
export async function reconcile(world: World, finance: Staff): Promise<BillDetail> {
  return (await finance.send('POST', `bills/${today(world)}/reconcile`, {})) as BillDetail
}
export function kindsOf({ differences }: BillDetail): string[] {
  return differences.map(({ kind, state }) => `${kind} ${state}`).toSorted()
}

/** A command beside the running core, as an operator types it. @returns what it printed and its exit code */
export function coreCommand(world: World, ...args: string[]): Promise<{ text: string; code: number }> {
  const words = [
    path.join(ROOT, 'core/main.ts'),
    ...args,
    '--data',
    world.system.dataDir,
    '--log-level',
    'error',
  ]
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ text: `${stdout}${stderr}`, code: typeof error?.code === 'number' ? error.code : 0 }),
    )
  })
}

/** The command finds nothing wrong with the books. */
export async function expectSoundBooks(world: World): Promise<void> {
  const { text } = await coreCommand(world, 'audit-ledger', '--json')
  expectEqual((JSON.parse(text) as LedgerAudit).findings, [], 'what the audit of the books found')
}
