import { describe, expect, it } from 'vitest'
import { SCENARIOS } from './index.ts'
import { playScenario } from './play.ts'

describe('stories over the real wires', () => {
  it.for(SCENARIOS)('$name: $shows', async (scenario) => {
    const outcome = await playScenario(scenario)
    expect(outcome.reason).toBeUndefined()
    expect(outcome.ok).toBe(true)
  })
})
