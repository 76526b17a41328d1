import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epochAfter } from '#edge/identity.ts'

const epoch = fc.stringMatching(/^[a-z0-9-]{1,32}$/)

describe('a new epoch', () => {
  it('sorts after the one before and stays a valid id, although the clock that made it stands in 1970', () => {
    fc.assert(
      fc.property(epoch, epoch, (candidate, before) => {
        fc.pre(!/^z{32}$/.test(before))
        const made = epochAfter(candidate, before)
        expect(made > before).toBe(true)
        expect(made).toMatch(/^[a-z0-9-]{1,32}$/)
      }),
    )
  })
  it('is the one that was made when the clock is right', () => {
    expect(epochAfter('ep1kx', 'ep1kw')).toBe('ep1kx')
  })
})
