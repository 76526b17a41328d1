import type { ErrorBody } from '#protocol/api/common.ts'
import { expectEqual, expectThat } from '#test/support/eventually.ts'
import { createVisitor } from '#test/support/browserless.ts'
import { arrive, leave, take } from '../steps.ts'
import type { Consumer, World } from '../world.ts'
import type { FaultCount } from './fault-count.ts'
import { withSystem } from './with-system.ts'

const BALANCE_FEN = 20_000

export const crowd: FaultCount = {
  name: 'crowd',
  shows:
    'a hundred people scan one cabinet at the same moment: one door opening for one of them, nobody else pays',
  counts: { test: 12, all: 100, full: 100 },
  run: ({ count, dataDir, seed }) =>
    withSystem({ dataDir, seed }, async (world) => {
      const people: Consumer[] = []
      for (let index = 0; index < count; index++) people.push(await arriveAs(world, index))
      const requestOf = people.map(() => world.ids.next('request'))
      const scan = (person: Consumer, requestId: string | undefined) =>
        person.visitor.send('POST', '/api/consumer/sessions', {
          requestId,
          cabinetId: world.system.cabinetId,
        })
      // Each phone sends twice, as a nervous thumb does.
      const answers = await Promise.all(
        people.flatMap((person, index) => [scan(person, requestOf[index]), scan(person, requestOf[index])]),
      )
      const opened = answers
        .filter(({ status }) => status < 300)
        .map(({ body }) => body as { sessionId: string })
      const sessions = new Set(opened.map(({ sessionId }) => sessionId))
      const others = answers.filter(({ status }) => status >= 300).map(({ body }) => (body as ErrorBody).code)
      expectEqual(sessions.size, 1, 'how many of them got a session')
      const wrong = others.filter((code) => !['cabinet_busy', 'consumer_busy'].includes(code))
      expectEqual(wrong, [], 'what the others were told besides that the cabinet is in use')
      await world.workshop.visit([...arrive, take('s3', 'cola-330'), ...leave])
      const [sessionId = ''] = sessions
      const winner = people[answers.findIndex(({ status }) => status < 300) >> 1]
      expectThat(winner, 'somebody got in')
      await winner.orderIn(sessionId, ['paid'], 30_000)
      const books = await world.provider.books()
      expectEqual(books.transactions.length, 1, "the payments in the provider's books")
      const open = books.serviceOrders.filter(
        ({ triple }) => !['DONE', 'REVOKED', 'EXPIRED'].includes(triple.state),
      )
      expectEqual(open.length, 0, 'the orders that the provider still holds open')
      return `${answers.length} scans of ${count} people at once: 1 session, 1 payment, ${others.length} refusals`
    }),
}

/** Somebody new, who has agreed already. */
async function arriveAs(world: World, index: number): Promise<Consumer> {
  const name = `Passer-by ${index + 1}`
  const provider = createVisitor(world.system.simulator.providerUrl)
  const made = await provider.send('POST', '/control/people', { name, balanceFen: BALANCE_FEN })
  expectThat(made.status === 201, `the provider refused ${name}: ${JSON.stringify(made.body)}`)
  const consumer = await world.consumer(name)
  await consumer.signIn()
  return consumer
}
