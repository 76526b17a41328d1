import sharp from 'sharp'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { CabinetHelp } from '#protocol/api/questions.ts'
import type { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import type { AuditList } from '#protocol/api/staff/desk.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import type { TaskList } from '#protocol/api/tickets.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

/** A door that nobody can pull is locked again soon, and what is solved goes to the archive soon. */
const SOON = { notOpenedMs: 2500, reopenWindowMs: 6000 }

async function act(agent: Staff, ticketId: string, action: string, body: object): Promise<TicketDetail> {
  const { version } = (await agent.ticket(ticketId)).ticket
  return (await agent.send('POST', `tickets/${ticketId}/${action}`, { version, ...body })) as TicketDetail
}
async function tapped(
  consumer: Consumer,
  disputeId: string,
  path: string,
  body: object,
): Promise<DisputeView> {
  const answer = await consumer.visitor.send('POST', `/api/consumer/disputes/${disputeId}/${path}`, body)
  expectEqual(answer.status, 200, `the answer to ${path}`)
  return answer.body as DisputeView
}
async function helpOf(world: World, consumer: Consumer): Promise<CabinetHelp> {
  const answer = await consumer.visitor.get(`/api/consumer/cabinets/${world.system.cabinetId}/help`)
  return answer.body as CabinetHelp
}

const fromCabinetCode: Scenario = {
  name: 'support-from-cabinet-code',
  shows:
    'a door stays shut and there is no order: the code on the cabinet leads to a ticket with what the record says; a technician looks, the consumer opens it again, is content, and it goes to the archive',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const visit = await consumer.open()
    await consumer.sessionIn(visit.sessionId, ['not_opened'])

    // What is known comes before anything is asked.
    const known = await helpOf(world, consumer)
    expectEqual(
      [known.visit?.sessionId, known.visit?.state, known.visit?.order?.itemCount ?? 0],
      [visit.sessionId, 'not_opened', 0],
      'the visit on the page of help',
    )
    expectThat(known.articles.length > 0, 'the page of help has no answers')

    const asked = await consumer.ask({ kind: 'door_shut', text: '听到声音但拉不开' })
    expectEqual([asked.state, asked.orderId], ['in_review', ''], 'the question')
    expectThat(
      asked.messages.some(({ key }) => key === 'message.visit_not_opened'),
      'the answer does not say that nothing is charged',
    )
    const again = await consumer.ask({ kind: 'door_shut', text: '还是打不开' })
    expectEqual(again.disputeId, asked.disputeId, 'the same question asked again')

    // The agent sees where it comes from, and what happened there instead of an order.
    const agent = await world.staff('agent')
    const row = (await agent.tickets()).find(({ ticketId }) => ticketId === asked.disputeId)
    expectEqual(
      [row?.type, row?.channel, row?.cabinetId],
      ['cabinet_trouble', 'code', world.system.cabinetId],
      'the ticket in the queue',
    )
    const course = (await agent.get(`tickets/${asked.disputeId}/cabinet`)) as CabinetCourse
    const own = course.visits.find(({ sessionId }) => sessionId === visit.sessionId)
    expectEqual([own?.state, own?.isOfAsker], ['not_opened', true], 'the visit in the evidence')

    await act(agent, asked.disputeId, 'claim', {})
    await act(agent, asked.disputeId, 'reply', {
      requestId: world.ids.next('request'),
      text: '您好，我们请工作人员去看门锁。',
      isInternal: false,
    })
    await act(agent, asked.disputeId, 'tasks', {
      requestId: world.ids.next('request'),
      audience: 'technician',
      text: 'Look at the lock',
      dueAtMs: asked.openedAtMs + 3_600_000,
    })
    const technician = await world.staff('technician')
    const task = ((await technician.get('tasks')) as TaskList).tasks.find(
      ({ ticketId }) => ticketId === asked.disputeId,
    )
    expectThat(task, 'the technician does not see what is asked of them')
    await technician.send('POST', `tasks/${task.taskId}/done`, { version: task.version, result: 'freed it' })
    await act(agent, asked.disputeId, 'resolve', { outcome: 'restored', rootCause: 'hardware' })
    expectEqual(
      (await consumer.disputeView(asked.disputeId)).outcomeKey,
      'outcome.restored',
      'what the consumer reads',
    )

    // Not solved for them; then it is, and they say so.
    await tapped(consumer, asked.disputeId, 'reopen', { requestId: world.ids.next('request') })
    expectEqual((await agent.ticket(asked.disputeId)).ticket.state, 'reopened', 'the ticket opened again')
    await act(agent, asked.disputeId, 'resolve', { outcome: 'explained', rootCause: 'consumer' })
    const rated = await tapped(consumer, asked.disputeId, 'rating', { score: 5 })
    expectEqual([rated.outcomeKey, rated.rating], ['outcome.answered', 5], 'the rated question')
    await eventually(
      'the ticket in the archive',
      async () => (await agent.ticket(asked.disputeId)).ticket.state === 'closed',
    )
    const closed = (await agent.get('tickets?view=closed')) as TicketList
    expectThat(
      closed.tickets.some(({ ticketId }) => ticketId === asked.disputeId),
      'the ticket is not in the archive',
    )

    // Somebody whom nobody knows yet: known by the payment app first, and the question is there.
    const stranger = await world.consumer('王芳')
    const first = await stranger.ask({ kind: 'page', text: '页面一直转圈' })
    expectThat(
      first.messages.some(({ from, text }) => from === 'consumer' && text === '页面一直转圈'),
      'what the stranger wrote was lost on the way to the payment app',
    )
    const others = await consumer.visitor.get(`/api/consumer/disputes/${first.disputeId}`)
    expectEqual(others.status, 404, 'somebody else’s question')
  },
}

const photo: Scenario = {
  name: 'support-photo',
  shows:
    'spoiled food is shown with a photograph from the code on the cabinet: made anew, without place or device, seen by the agent and audited, refunded; what is no picture and a fourth one are refused',
  policy: SOON,
  async run(world) {
    const consumer = await world.consumer()
    const { session } = await shop(world, consumer, [take('s1', 'fruit-cup')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const asked = await consumer.ask({
      kind: 'food',
      orderId: order.orderId,
      sku: 'fruit-cup',
      problem: 'spoiled',
    })
    const taken = await sharp({ create: { width: 2400, height: 1800, channels: 3, background: '#a33' } })
      .withExif({ IFD0: { Make: 'Phone' }, IFD3: { GPSLatitude: '31/1 12/1 0/1' } })
      .jpeg()
      .toBuffer()
    const add = async (requestId: string, bytes: Uint8Array) =>
      consumer.visitor.upload(
        `/api/consumer/disputes/${asked.disputeId}/pictures?requestId=${requestId}`,
        bytes,
        'image/jpeg',
      )
    const sent = await add('picture-0001', taken)
    expectEqual(sent.status, 201, 'the answer to a photograph')
    // The line dropped and the phone sends it again.
    const twice = (await add('picture-0001', taken)).body as DisputeView
    expectEqual(twice.pictures.length, 1, 'the photograph that was sent twice')
    const noPicture = await add('picture-0002', new TextEncoder().encode('<svg/>'))
    expectEqual(
      [noPicture.status, (noPicture.body as { code: string }).code],
      [415, 'bad_picture'],
      'the answer to what is no picture',
    )
    await add('picture-0003', taken)
    await add('picture-0004', taken)
    const fourth = await add('picture-0005', taken)
    expectEqual((fourth.body as { code: string }).code, 'too_many_pictures', 'the answer to a fourth')

    const agent = await world.staff('agent')
    const detail = await agent.ticket(asked.disputeId)
    expectEqual(
      [detail.ticket.type, detail.ticket.channel, detail.order?.order.orderId, detail.pictures.length],
      ['quality', 'code', order.orderId, 3],
      'what the agent sees',
    )
    const [picture] = detail.pictures
    const seen = await agent.visitor.bytes(
      `/api/staff/tickets/${asked.disputeId}/pictures/${picture?.pictureId}`,
    )
    const { exif, width } = await sharp(seen).metadata()
    expectEqual([exif, width], [undefined, 1600], 'the photograph that the agent sees')
    const admin = await world.staff('admin')
    const { entries } = (await admin.get('audit?query=evidence.viewed')) as AuditList
    expectThat(
      entries.some(({ subject }) => subject === `ticket:${asked.disputeId}`),
      'the look at the photograph is not in the audit log',
    )

    const [line] = order.lines
    await agent.send('POST', `orders/${order.orderId}/refunds`, {
      refundId: world.ids.next('refund'),
      ticketId: asked.disputeId,
      lines: [{ lineId: line?.lineId, quantity: 1 }],
      reason: 'quality',
      stock: 'written_off',
      tellConsumer: true,
    })
    await eventually(
      'the refund in the provider’s books',
      async () => refundsOf(await world.provider.books(), consumer).length === 1,
    )
    await eventually(
      'the ticket back from its refund',
      async () => (await agent.ticket(asked.disputeId)).ticket.state === 'open',
    )
    await act(agent, asked.disputeId, 'resolve', { outcome: 'refunded', rootCause: 'quality' })
    const view = await consumer.disputeView(asked.disputeId)
    expectEqual([view.state, view.pictures.length], ['resolved', 3], 'what the consumer sees at the end')
    expectThat(view.refunds.length === 1, 'the consumer does not see the refund')
  },
}

/** Support that begins at the code on the cabinet. */
export const QUESTION_STORIES: readonly Scenario[] = [fromCabinetCode, photo]
