import { describe, it } from 'vitest'
import { CAMPAIGNS, SCENARIOS } from './index.ts'
import { playCampaign, playScenario } from './play.ts'

describe('stories over the real wires', () => {
  // Two at a time (vitest.config.ts): a story mostly waits for a shopper.
  it.concurrent.for(SCENARIOS)('$name: $shows', async (scenario, { expect }) => {
    const outcome = await playScenario(scenario)
    expect(outcome.reason).toBeUndefined()
    expect(outcome.ok).toBe(true)
  })

  it.for(CAMPAIGNS)('$name, a taste of it: $shows', { timeout: 600_000 }, async (campaign, { expect }) => {
    const outcome = await playCampaign(campaign, { effort: 'test', seed: 1, say: () => undefined })
    expect(outcome.reason).toBeUndefined()
    expect(outcome.ok).toBe(true)
  })
})
