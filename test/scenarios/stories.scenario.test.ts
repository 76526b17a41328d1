import { describe, it } from 'vitest'
import { SCENARIOS } from './index.ts'
import { playScenario } from './play.ts'

describe('stories over the real wires', () => {
  // Two at a time (vitest.config.ts): a story mostly waits for a shopper.
  it.concurrent.for(SCENARIOS)('$name: $shows', async (scenario, { expect }) => {
    const outcome = await playScenario(scenario)
    expect(outcome.reason).toBeUndefined()
    expect(outcome.ok).toBe(true)
  })
})
