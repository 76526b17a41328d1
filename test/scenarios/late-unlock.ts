import { TOKEN_LIFE_MS } from '#protocol/messages/frames.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import type { World } from './world.ts'

async function isUnlocked(world: World): Promise<boolean> {
  const state = (await world.workshop.state()) as unknown as { lock: { isUnlocked: boolean } }
  return state.lock.isUnlocked
}

export const lateUnlock: Scenario = {
  name: 'late-unlock',
  shows: 'an unlock held up on the network for longer than its life never opens the door',
  async run(world) {
    // First: everything that the core sends is held, so the cabinet hears “prepare” long after the consumer has gone.
    const consumer = await world.consumer()
    await world.workshop.control('network', { mode: 'hold-downstream' })
    const early = await consumer.tryOpen()
    if ('session' in early)
      await consumer.sessionIn(early.session.sessionId, ['denied', 'not_opened'], 30_000)
    await world.workshop.control('network', { mode: 'ok' })
    await never('the door was unlocked by a late prepare', () => isUnlocked(world), TOKEN_LIFE_MS)

    // Second: “prepare” passes, the provider takes its time, and “execute” is held for longer than its token lives.
    const other = await world.consumer('王芳')
    await eventually(
      'the cabinet being ready again',
      async () => (await (await world.staff('operator')).cabinet()).cabinet.presence === 'online',
      { withinMs: 60_000 },
    )
    await world.provider.fault({
      kind: 'timeout_after_effect',
      match: { path: 'POST /v3/payscore/serviceorder' },
      delayMs: 2500,
    })
    const opening = other.tryOpen()
    const operator = await world.staff('operator')
    await eventually(
      'the cabinet having answered “prepare”',
      async () => (await operator.cabinet()).commands[0]?.state === 'accepted',
      { everyMs: 50 },
    )
    await world.workshop.control('network', { mode: 'hold-downstream' })
    await never(
      'the door was unlocked although execute is held',
      () => isUnlocked(world),
      TOKEN_LIFE_MS + 2000,
    )
    await world.workshop.control('network', { mode: 'ok' })
    await never('the door was unlocked by a late execute', () => isUnlocked(world), TOKEN_LIFE_MS)
    const late = await opening
    if ('session' in late) {
      const session = await other.sessionIn(late.session.sessionId, ['denied', 'not_opened'], 30_000)
      expectThat(
        session.orderId === null || (await other.order(session.orderId)).totalFen === 0,
        'a consumer who could not open is to pay',
      )
    }
    expectEqual((await world.provider.books()).transactions.length, 0, 'payments at the provider')
  },
}
