import type { RestrictionList } from '#protocol/api/restrictions.ts'
import { garbledReceipt } from '#test/scenarios/delivery.ts'
import { buy, reconcile, refundAll, refundIn } from '#test/scenarios/money-steps.ts'
import type { World } from '#test/scenarios/world.ts'

/**
 * What a good day does not have, so that its pages are not looked at empty: a refund that reached nobody, a restriction, a
 * batch that may not be sold, a bill that was compared, and a receipt that a faulty agent garbled, with its alarm.
 * @returns addresses by route
 */
export async function playTroubles(world: World): Promise<Record<string, string>> {
  const [agent, lead, finance] = [
    await world.staff('agent'),
    await world.staff('lead'),
    await world.staff('finance'),
  ]
  // Nobody whom other stories need.
  const zhao = await world.consumer('赵敏')
  await world.provider.setBalance(zhao.openid, 20_000)
  await world.provider.fault({ kind: 'refund_abnormal', match: { openid: zhao.openid } })
  const order = await buy(world, zhao)
  await refundAll(world, agent, order)
  await refundIn(zhao, order.orderId, 'abnormal')
  await lead.send('POST', 'batch-blocks', {
    blockId: world.ids.next('batchBlock'),
    sku: 'yogurt-plain',
    batch: 'Y-0711',
    expiresOn: null,
    reason: '厂家通知：该批次冷链中断。',
  })
  await reconcile(world, finance)
  const { letter } = await garbledReceipt(world, zhao)
  // Whoever is restricted opens no door any more, so this comes last.
  const { restrictions } = (await lead.get('restrictions')) as RestrictionList
  if (restrictions.length === 0)
    await lead.send('POST', 'restrictions', {
      restrictionId: world.ids.next('restriction'),
      consumerId: (await lead.order(order.orderId)).consumer.consumerId,
      level: 'limited',
      days: 14,
      note: '两次把外套挂在镜头前。',
      orderId: order.orderId,
    })
  return { '/dead-letters/:id': String(letter.id) }
}
