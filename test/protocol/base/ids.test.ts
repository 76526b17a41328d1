import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIds, ID_PREFIX, type IdKind, isId } from '#protocol/base/ids.ts'
import { createSeededRandom } from '#protocol/base/random.ts'

const kinds = Object.keys(ID_PREFIX) as IdKind[]

describe('an id', () => {
  it('fits a topic, a file name and the 32 characters of a provider order number', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.integer({ min: 0, max: 2 ** 45 - 1 }),
        fc.integer(),
        (kind, at, seed) => {
          const id = createIds({ now: () => at }, createSeededRandom(seed)).next(kind)
          expect(id).toHaveLength(32)
          expect(isId(id)).toBe(true)
        },
      ),
    )
  })

  it('sorts by the time at which it was made', () => {
    let at = 1_790_000_000_000
    const ids = createIds({ now: () => at }, createSeededRandom(1))
    const earlier = ids.next('order')
    at += 1
    expect(ids.next('order') > earlier).toBe(true)
  })

  it('is repeated by the same seed and differs within it', () => {
    const make = () => createIds({ now: () => 1 }, createSeededRandom(7))
    const ids = make()
    const first = ids.next('refund')
    expect(make().next('refund')).toBe(first)
    expect(ids.next('refund')).not.toBe(first)
  })

  it('has a prefix of its own for each kind', () => {
    const prefixes = Object.values(ID_PREFIX)
    expect(new Set(prefixes).size).toBe(prefixes.length)
  })
})
