import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '#protocol/base/random.ts'
import { createSeal } from '#core/privacy/seal.ts'

const random = createSeededRandom(7)
const seal = createSeal({ sealKey: random.bytes(32), indexKey: random.bytes(32) }, random)

describe('a sealed value', () => {
  const sealed = seal.seal('oSim0liwei', 'consumer.openid/co1')
  it('opens in its own row and shows nothing of itself', () => {
    expect(seal.open(sealed, 'consumer.openid/co1')).toBe('oSim0liwei')
    expect(sealed).not.toContain('oSim0liwei')
    expect(Buffer.from(sealed, 'base64url').includes('oSim0liwei')).toBe(false)
  })
  it('does not open in another row, altered, or cut short', () => {
    expect(() => seal.open(sealed, 'consumer.openid/co2')).toThrow()
    expect(() =>
      seal.open(`${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`, 'consumer.openid/co1'),
    ).toThrow()
    expect(() => seal.open(sealed.slice(0, 20), 'consumer.openid/co1')).toThrow()
  })
  it('is another one each time, and is found by its index', () => {
    expect(seal.seal('oSim0liwei', 'consumer.openid/co1')).not.toBe(sealed)
    expect(seal.blindIndex('oSim0liwei')).toBe(seal.blindIndex('oSim0liwei'))
    expect(seal.blindIndex('oSim0liwei')).not.toBe(seal.blindIndex('oSim0anna'))
  })
})
