import { createHash } from 'node:crypto'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { expectChargedOnce, shop, take } from './steps.ts'

export const evidenceResume: Scenario = {
  name: 'evidence-resume',
  shows:
    'pictures and weights that are on their way to the core survive a kill of the agent, a kill of the core and a slow link in the middle of a file; every file arrives once, whole and unchanged',
  cameras: 2,
  edgeSettings: {
    chunkBytes: 4096,
    cameraSessionMs: 500,
    evidenceRetryShortestMs: 100,
    evidenceRetryLongestMs: 1000,
  },
  async run(world) {
    const consumer = await world.consumer()
    const agent = await world.staff('agent')
    // Each piece of a file takes a while from now on, so that there is a middle.
    const visit = await shop(world, consumer, [
      take('s4', 'water-550'),
      { do: 'wait', ms: 1500 },
      { do: 'network', mode: 'ok', delayMs: 150 },
    ])
    const paid = await consumer.orderIn(visit.session.sessionId, ['paid'], 60_000)
    await expectChargedOnce(world, consumer, paid, visit.truth.taken)
    const evidence = async () => (await agent.order(paid.orderId)).order.evidence
    const pictures = await eventually('pictures of the visit', async () => {
      const known = await evidence()
      return known.length >= 4 && known
    })
    const isUnderWay = async () => {
      const known = await evidence()
      const arrived = known.filter(({ isUploaded }) => isUploaded).length
      return arrived < known.length && known
    }
    expectThat(await isUnderWay(), 'everything had arrived before anything could be broken off')
    await world.system.kill('edge')
    await world.system.restart('edge')
    if (await isUnderWay()) {
      await world.system.kill('core')
      await world.system.restart('core')
    }
    await world.workshop.control('network', { mode: 'ok', delayMs: 0 })
    const again = await world.staff('agent')
    const arrived = await eventually(
      'every file being at the core',
      async () => {
        const known = (await again.order(paid.orderId)).order.evidence
        return known.length >= pictures.length && known.every(({ isUploaded }) => isUploaded) && known
      },
      { withinMs: 90_000, everyMs: 500 },
    )
    expectEqual(new Set(arrived.map(({ sha256 }) => sha256)).size, arrived.length, 'files by their contents')
    for (const { url, sha256, kind } of arrived) {
      const bytes = await again.visitor.bytes(url)
      expectEqual(createHash('sha256').update(bytes).digest('hex'), sha256, `the bytes of a ${kind}`)
    }
  },
}

export const EVIDENCE_STORIES: readonly Scenario[] = [evidenceResume]
