import type { OwnRestrictionAnswer, RestrictionList } from '#protocol/api/restrictions.ts'
import type { PolicyDetail, WhatIf } from '#protocol/api/policies.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const cover = { do: 'camera', mode: 'covered' }
const uncover = { do: 'camera', mode: 'clear' }
/** Long enough for the watch to see several covered frames. */
const aWhile = { do: 'wait', ms: 8000 }

/** A visit with the camera covered all the time; the weights are clear, so it is charged. */
async function coveredVisit(world: World, consumer: Consumer): Promise<string> {
  const { session } = await shop(world, consumer, [cover, aWhile, take('s4', 'water-550'), aWhile, uncover])
  const order = await consumer.orderIn(session.sessionId, ['paid'])
  return order.orderId
}
const ownRestriction = async (consumer: Consumer) =>
  ((await consumer.visitor.get('/api/consumer/restriction')).body as OwnRestrictionAnswer).restriction
const told = (world: World, template: string) =>
  eventually(`the message ${template}`, async () =>
    (await world.phone.messages()).find((message) => message.template === template),
  )
async function limitsOf(staff: Staff): Promise<{ version: number; limits: Record<string, number> }> {
  const { policy } = (await staff.get('policies/restriction')) as PolicyDetail
  return {
    version: policy.version,
    limits: Object.fromEntries(policy.limits.map(({ name, value }) => [name, value])),
  }
}

export const restrictionCovered: Scenario = {
  name: 'restriction-covered',
  shows:
    'a covered camera once is a misfortune, twice limits a visit, three times stops opening: told with reason and end, objected to, lifted by a lead and not by an agent; other limits are tried on past cases before they are saved, and gone back from',
  policy: { cameraCoveredLimited: 2, cameraCoveredBlocked: 3, restrictedSessionFen: 3000 },
  async run(world) {
    const consumer = await world.consumer()
    const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
    await coveredVisit(world, consumer)
    expectEqual(await ownRestriction(consumer), null, 'a restriction after one covered visit')

    await coveredVisit(world, consumer)
    const limited = await eventually(
      'the limited visit',
      async () => (await ownRestriction(consumer)) ?? false,
    )
    expectEqual([limited.level, limited.capFen], ['limited', 3000], 'the restriction after two visits')
    await told(world, 'limited')
    expectThat(
      /at most ¥30\.00/.test(await consumer.page(`/c/${world.system.cabinetId}?lang=en`)),
      'the page of the cabinet does not say the limit before the door is opened',
    )

    const last = await coveredVisit(world, consumer)
    const blocked = await eventually('the block', async () => {
      const restriction = await ownRestriction(consumer)
      return restriction?.level === 'blocked' && restriction
    })
    expectThat(blocked.orderIds.includes(last), 'the visits that it rests on are not named')
    expectThat(blocked.expiresAtMs > blocked.createdAtMs, 'the block has no end')
    const refused = await consumer.tryOpen()
    expectEqual('refusal' in refused && refused.refusal.code, 'consumer_blocked', 'the refusal at the door')
    const message = await told(world, 'restricted')
    expectThat(/3/.test(message.text), 'the message does not say how many visits')
    const page = await consumer.page('/restriction?lang=en')
    expectThat(
      page.includes('covered during 3 of your visits') && page.includes('Object'),
      'the page does not give the reason and the way to object',
    )

    const answer = await consumer.visitor.send('POST', '/api/consumer/restriction/appeal', {
      requestId: world.ids.next('request'),
      text: 'My coat hung in front of the camera.',
      language: 'en',
    })
    const { appealId } = answer.body as { appealId: string }
    expectThat(answer.status === 201 && appealId, `the objection was answered with ${answer.status}`)
    expectThat(
      (await consumer.page(`/d/${appealId}?lang=en`)).includes('My coat'),
      'the objection is not shown',
    )
    const { restrictions } = (await agent.get('restrictions')) as RestrictionList
    const seen = restrictions.find(({ state }) => state === 'active')
    expectThat(seen?.appealTicketId === appealId, 'staff do not see the objection')
    const path = `restrictions/${seen.restrictionId}/lift`
    expectEqual((await agent.trySend('POST', path, { note: 'a coat' })).status, 403, 'the agent lifting it')
    await lead.send('POST', path, { note: 'A coat on the picture, no intent.' })
    await told(world, 'restriction_ended')
    expectEqual(await ownRestriction(consumer), null, 'the restriction after it was lifted')
    // What was forgiven does not count again.
    await coveredVisit(world, consumer)
    expectEqual(await ownRestriction(consumer), null, 'the restriction after one more visit')

    await tryOtherLimits(lead)
  },
}

async function tryOtherLimits(lead: Staff): Promise<void> {
  const before = await limitsOf(lead)
  const softer = { ...before.limits, cameraCoveredLimited: 3, cameraCoveredBlocked: 4 }
  const whatIf = (await lead.send('POST', 'policies/restriction/what-if', { limits: softer })) as WhatIf
  expectEqual(
    [whatIf.cases, whatIf.notReproduced],
    [4, 0],
    'past cases, and those that cannot be decided again',
  )
  expectEqual(
    whatIf.rows.map(({ from, to }) => `${from} → ${to}`),
    ['blocked → limited', 'limited → unrestricted'],
    'what softer limits would have decided',
  )
  expectEqual((await limitsOf(lead)).version, 0, 'the version after only asking')
  const wish = { limits: softer, reason: 'One block too many in October.', baseVersion: 0 }
  await lead.send('POST', 'policies/restriction/versions', wish)
  const saved = await limitsOf(lead)
  expectEqual([saved.version, saved.limits['cameraCoveredBlocked']], [1, 4], 'what holds after saving')
  const second = await lead.trySend('POST', 'policies/restriction/versions', wish)
  expectEqual(second.status, 409, 'saving over a version that was not seen')
  await lead.send('POST', 'policies/restriction/versions', {
    limits: before.limits,
    reason: 'Back to what it was.',
    baseVersion: 1,
    restoredFrom: 0,
  })
  expectEqual((await limitsOf(lead)).limits, before.limits, 'the limits after going back')
}
