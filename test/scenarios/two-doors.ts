import type { CabinetForConsumer, SessionView } from '#protocol/api/consumer.ts'
import type { ErrorBody } from '#protocol/api/common.ts'
import { twoDoorProfile } from '#protocol/wire/profiles/two-door.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { DemoSeed, Scenario } from './scenario.ts'
import { expectChargedOnce, take } from './steps.ts'
import type { Consumer, World } from './world.ts'

interface Seed extends DemoSeed {
  planogram: { shelves: Array<{ id: string; door?: number }> }
}
/** The demonstration's cabinet with the two lowest shelves behind a door of their own. */
const withTwoDoors = (demo: DemoSeed): DemoSeed => {
  const seed = demo as Seed
  const shelves = seed.planogram.shelves.map((shelf) =>
    ['s4', 's5'].includes(shelf.id) ? { ...shelf, door: 1 } : shelf,
  )
  return { ...seed, planogram: { ...seed.planogram, shelves } } as DemoSeed
}

async function openDoor(world: World, consumer: Consumer, door: number): Promise<SessionView> {
  const answer = await consumer.visitor.send('POST', '/api/consumer/sessions', {
    requestId: world.ids.next('request'),
    cabinetId: world.system.cabinetId,
    door,
  })
  expectThat(answer.status < 300, `door ${door} was refused: ${JSON.stringify(answer.body)}`)
  return answer.body as SessionView
}
async function refusalAt(world: World, consumer: Consumer, door: number): Promise<string> {
  const answer = await consumer.visitor.send('POST', '/api/consumer/sessions', {
    requestId: world.ids.next('request'),
    cabinetId: world.system.cabinetId,
    door,
  })
  return (answer.body as ErrorBody).code
}
async function cabinetOf(world: World, consumer: Consumer): Promise<CabinetForConsumer> {
  const answer = await consumer.visitor.get(`/api/consumer/cabinets/${world.system.cabinetId}`)
  return answer.body as CabinetForConsumer
}
const at = (door: number) => [
  { do: 'wait-unlocked', door, timeoutMs: 10_000 },
  { do: 'open', door },
]
const shut = (door: number) => [
  { do: 'close', door },
  { do: 'wait-locked', door, timeoutMs: 10_000 },
]

const doorTwoDoor: Scenario = {
  name: 'door-two-door',
  shows:
    'two people shop at the two doors of one cabinet at the same time; each pays for what left their own shelves, and nothing of the other',
  seed: withTwoDoors,
  profile: () => twoDoorProfile,
  async run(world) {
    const first = await world.consumer()
    const { people } = await world.provider.books()
    const other = people.find(({ openid, balanceFen }) => openid !== first.openid && balanceFen >= 5000)
    expectThat(other, 'the provider knows only one person with money')
    const second = await world.consumer(other.name)
    await first.signIn()
    await second.signIn()
    const seen = await cabinetOf(world, first)
    expectEqual(
      seen.doors?.map(({ door, shelves, status }) => [door, shelves.join(' '), status]),
      [
        [0, 's1 s2 s3', 'open'],
        [1, 's4 s5', 'open'],
      ],
      'what a consumer sees of the doors',
    )
    expectThat(
      (await first.page(`/c/${world.system.cabinetId}`)).includes('name="door" value="1"'),
      'the page does not let one choose the door',
    )

    const left = await openDoor(world, first, 0)
    await world.workshop.visit([...at(0), take('s3', 'cola-330')])
    expectEqual(await refusalAt(world, second, 0), 'cabinet_busy', 'a door at which somebody shops')
    // The other one opens while this one stands open.
    const right = await openDoor(world, second, 1)
    await world.workshop.visit([...at(1), take('s4', 'juice-orange')])
    const operator = await world.staff('operator')
    await eventually(
      'the cabinet being seen open',
      async () => (await operator.cabinet()).cabinet.isDoorOpen === true,
    )
    await world.workshop.visit(shut(1))
    const rightOrder = await second.orderIn(right.sessionId, ['paid'], 30_000)
    await expectChargedOnce(world, second, rightOrder, { 'juice-orange': 1 })
    expectEqual(
      (await first.session(left.sessionId)).state,
      'opened',
      'the visit at the other door meanwhile',
    )
    await world.workshop.visit([take('s1', 'yogurt-plain'), ...shut(0)])
    const leftOrder = await first.orderIn(left.sessionId, ['paid'], 30_000)
    await expectChargedOnce(world, first, leftOrder, { 'cola-330': 1, 'yogurt-plain': 1 })

    // A second door that is broken open is an alarm of its own, and the first one goes on selling.
    await world.workshop.control('door-force', { door: 1 })
    await eventually('the alarm of the second door', async () =>
      (await operator.cabinet()).alarms.some(
        ({ kind, state, values }) => kind === 'door_forced' && state !== 'cleared' && values.door === 2,
      ),
    )
    const again = await openDoor(world, first, 0)
    await world.workshop.visit([...at(0), take('s3', 'cola-330'), ...shut(0)])
    await first.orderIn(again.sessionId, ['paid'], 30_000)
    expectEqual(await refusalAt(world, second, 3), 'door_not_for_sale', 'a door that is not there')
  },
}

export const TWO_DOOR_STORIES: readonly Scenario[] = [doorTwoDoor]
