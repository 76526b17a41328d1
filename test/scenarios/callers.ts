import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { refundsOf, shop, take } from './steps.ts'
import type { Staff, World } from './world.ts'

type Caller = NonNullable<TicketDetail['caller']>

/** A caller who is the buyer reads out the code that came to them outside of our pages. */
export async function readOutCode(world: World, agent: Staff, ticketId: string): Promise<TicketDetail> {
  const { checkId, code } = await codeOn(world, agent, ticketId)
  return (await agent.send('POST', `tickets/${ticketId}/caller/answer`, { checkId, code })) as TicketDetail
}

async function codeOn(world: World, agent: Staff, ticketId: string) {
  const before = (await codesIn(world)).length
  const asked = (await agent.send('POST', `tickets/${ticketId}/caller/ask`, { way: 'code' })) as TicketDetail
  const checkId = asked.caller?.code?.checkId
  expectThat(checkId, 'no code was sent')
  const code = await eventually(
    'the code on the phone of the buyer',
    async () => (await codesIn(world))[before],
  )
  return { checkId, code }
}
async function codesIn({ phone }: World): Promise<string[]> {
  const messages = await phone.messages()
  return messages
    .filter(({ template }) => template === 'caller_code')
    .flatMap(({ text }) => /\d{6}/.exec(text) ?? [])
}

const supportCallerVerified: Scenario = {
  name: 'support-caller-verified',
  shows:
    'somebody calls about a purchase: nothing of it is on the page and no money moves until it is known who calls; a stranger guesses wrong, the buyer reads out the code of their phone, is refunded, and is a stranger again when the ticket is closed',
  policy: { reopenWindowMs: 1000 },
  async run(world) {
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    const consumer = await world.consumer()
    const { session } = await shop(world, consumer, [take('s4', 'juice-orange')])
    const order = await consumer.orderIn(session.sessionId, ['paid'])
    const [line] = order.lines
    expectThat(line, 'the order has no line')

    const opened = (await agent.send('POST', 'tickets', {
      requestId: world.ids.next('request'),
      type: 'refund_request',
      channel: 'hotline',
      note: 'wants the money back',
      callerPhone: '13800137391',
      intake: { orderId: order.orderId, wanted: 'part' },
    })) as TicketDetail
    const { ticketId } = opened.ticket
    expectEqual(
      [opened.order, opened.ticket.amountFen, opened.caller?.isHidden],
      [null, null, true],
      'what is on the page of an unknown caller',
    )

    // Whoever tries, with the ticket named or without: nothing moves.
    const refund = (who: Staff, more: object = {}) =>
      who.trySend('POST', `orders/${order.orderId}/refunds`, {
        refundId: world.ids.next('refund'),
        lines: [{ lineId: line.lineId, quantity: 1 }],
        reason: 'goodwill',
        stock: 'not_returned',
        tellConsumer: true,
        ...more,
      })
    for (const answer of [await refund(agent, { ticketId }), await refund(agent), await refund(lead)])
      expectEqual(
        [answer.status, (answer.body as { code?: string }).code],
        [403, 'caller_not_verified'],
        'a refund for an unknown caller',
      )
    expectEqual(
      (await agent.visitor.get(`/api/staff/orders/${order.orderId}`)).status,
      403,
      'the page of the order',
    )

    // A stranger knows neither the purchase nor the code.
    const asked = (await agent.send('POST', `tickets/${ticketId}/caller/ask`, {
      way: 'facts',
    })) as TicketDetail
    const { facts } = asked.caller as Caller
    expectEqual(facts?.questions.length, 2, 'the questions')
    const guessed = (await agent.send('POST', `tickets/${ticketId}/caller/answer`, {
      checkId: facts?.checkId,
      known: [true, false],
    })) as TicketDetail
    expectEqual(
      [guessed.caller?.isHidden, guessed.caller?.last?.state],
      [true, 'failed'],
      'after a wrong answer',
    )
    const first = await codeOn(world, agent, ticketId)
    const wrong = first.code === '000000' ? '000001' : '000000'
    const missed = (await agent.send('POST', `tickets/${ticketId}/caller/answer`, {
      checkId: first.checkId,
      code: wrong,
    })) as TicketDetail
    expectEqual([missed.caller?.isHidden, missed.caller?.code?.triesLeft], [true, 4], 'after a wrong code')

    // The buyer reads it out.
    const known = (await agent.send('POST', `tickets/${ticketId}/caller/answer`, first)) as TicketDetail
    expectEqual(
      [known.caller?.isHidden, known.caller?.known?.way, known.order?.order.orderId],
      [false, 'code', order.orderId],
      'what is on the page of the buyer',
    )
    expectEqual((await refund(agent, { ticketId })).status, 201, 'the refund for the buyer')
    await eventually(
      'the refund in the provider’s books',
      async () => refundsOf(await world.provider.books(), consumer).length === 1,
    )
    await eventually(
      'the ticket back from its refund',
      async () => (await agent.ticket(ticketId)).ticket.state === 'open',
    )

    const { version } = (await agent.ticket(ticketId)).ticket
    await agent.send('POST', `tickets/${ticketId}/resolve`, {
      version,
      outcome: 'partly_refunded',
      rootCause: 'consumer',
    })
    const closed = await eventually('the closed ticket', async () => {
      const detail = await agent.ticket(ticketId)
      return detail.ticket.state === 'closed' && detail
    })
    expectEqual(
      [closed.caller?.known, closed.caller?.last?.state],
      [null, 'ended'],
      'what is known of the caller after the end',
    )
    const history = closed.desk.history.map(({ what }) => what).filter((what) => what.startsWith('caller'))
    expectEqual(
      history,
      ['callerAsked', 'callerFailed', 'callerAsked', 'callerFailed', 'callerKnown'],
      'the history',
    )
  },
}

export const CALLER_STORIES: readonly Scenario[] = [supportCallerVerified]
