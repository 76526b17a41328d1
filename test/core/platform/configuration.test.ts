import { describe, expect, it } from 'vitest'
import { CabinetError } from '#protocol/base/errors.ts'
import { checkExposure, readSettings } from '#core/config.ts'
import { createPolicy, DEFAULT_POLICY } from '#core/platform/policy.ts'

function sentenceOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof CabinetError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('a wrong setting stops the start with a sentence that names it', () => {
  it.each([
    [['--port', '70000'], /config_invalid: --port .*65535/],
    [['--port', 'eighty'], /config_invalid: --port/],
    [['--public-url', 'cabinets.example'], /config_invalid: --public-url/],
    [['--log-level', 'loud'], /config_invalid: --log-level/],
    [['--pord', '80'], /config_invalid: .*--pord.*see --help/],
  ])('%j', (args, sentence) => {
    expect(sentenceOf(() => readSettings(args))).toMatch(sentence)
  })
  it('of the policy too', () => {
    expect(sentenceOf(() => createPolicy({ sessionCapFen: 1 }))).toMatch(
      /config_invalid: Policy setting \/sessionCapFen/,
    )
    expect(sentenceOf(() => createPolicy({ sesionCapFen: 500 }))).toMatch(/no setting "sesionCapFen"/)
  })
})

describe('the policy', () => {
  it('takes single settings over the defaults', () => {
    expect(createPolicy({ notOpenedMs: 1000 })).toEqual({ ...DEFAULT_POLICY, notOpenedMs: 1000 })
  })
})

describe('plain HTTP', () => {
  const exposure = (...args: string[]) => sentenceOf(() => checkExposure(readSettings(args).settings))
  it.each([
    [['--host', '127.0.0.1'], 'accepted'],
    [['--host', '0.0.0.0'], expect.stringMatching(/config_invalid: --host 0.0.0.0 is reachable by others/)],
    [['--host', '0.0.0.0', '--public-url', 'https://c.example'], 'accepted'],
    [['--host', '0.0.0.0', '--allow-plain-http'], 'accepted'],
  ])('%j', (args, outcome) => {
    expect(exposure(...args)).toEqual(outcome)
  })
})
