import { expectThat } from '#test/support/eventually.ts'
import { SOON, unpaidVisit } from '#test/scenarios/arrears.ts'
import { shop, take } from '#test/scenarios/steps.ts'
import type { World } from '#test/scenarios/world.ts'
import type { Stage } from './stages.ts'

/** An order counts as unpaid at once. */
export const ODD_POLICY = SOON

/**
 * What does not happen on every day, as those see it whom it concerns: an order that a person must look at, one that is not
 * paid, a caller who has not said who they are, a restriction with an objection. For a cabinet whose goods are `makeTwins`.
 */
export async function playOddCases(world: World): Promise<Stage[]> {
  const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
  const { cabinetId } = world.system
  const anna = await world.consumer('Anna')
  const plain = await shop(world, anna, [take('s4', 'water-550')])
  const called = await anna.orderIn(plain.session.sessionId, ['paid'])
  const doubtful = await shop(world, anna, [take('s5', 'chocolate-bar')])
  const held = await anna.orderIn(doubtful.session.sessionId, ['held'])
  const { ticket } = (await agent.send('POST', 'tickets', {
    requestId: world.ids.next('request'),
    type: 'order_query',
    channel: 'hotline',
    orderId: called.orderId,
    note: '多扣了钱',
  })) as { ticket: { ticketId: string } }

  const wang = await world.consumer('王芳')
  const unpaid = await unpaidVisit(world, wang)
  const { consumerId } = (await lead.order(unpaid.orderId)).consumer
  await lead.send('POST', 'restrictions', {
    restrictionId: world.ids.next('restriction'),
    consumerId,
    level: 'limited',
    days: 14,
    note: '两次把外套挂在镜头前。',
    orderId: unpaid.orderId,
  })
  const answer = await wang.visitor.send('POST', '/api/consumer/restriction/appeal', {
    requestId: world.ids.next('request'),
    text: '外套不小心挡住了。',
    language: 'zh',
  })
  expectThat(answer.status === 201, `the objection was answered with ${answer.status}`)
  const { appealId } = answer.body as { appealId: string }

  const staff = [
    `/orders/${held.orderId}`,
    `/orders/${unpaid.orderId}`,
    `/orders/${called.orderId}`,
    `/tickets/${ticket.ticketId}`,
    `/tickets/${appealId}`,
    `/restrictions?consumer=${consumerId}&order=${unpaid.orderId}`,
  ].map((address) => `/staff${address}`)
  return [
    {
      who: 'consumer who owes',
      cookies: wang.visitor.cookies(),
      addresses: [`/c/${cabinetId}`, '/orders', '/restriction', `/o/${unpaid.orderId}`, `/d/${appealId}`],
    },
    {
      who: 'consumer who waits',
      cookies: anna.visitor.cookies(),
      addresses: [`/c/${cabinetId}`, `/o/${held.orderId}`, `/o/${held.orderId}/dispute`],
    },
    { who: 'agent', cookies: agent.visitor.cookies(), addresses: staff },
    { who: 'lead', cookies: lead.visitor.cookies(), addresses: staff },
  ]
}
