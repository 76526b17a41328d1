import { describe, expect, it } from 'vitest'
import { visits } from '#simulator/shoppers/visits.ts'
import { aShopper } from '../a-shopper.ts'

describe('what was really taken', () => {
  const cases: Array<[keyof typeof visits, Record<string, number>]> = [
    ['normal-visit', { 'cola-330': 1, 'sandwich-egg': 1 }],
    ['nothing-taken', {}],
    ['put-back', { 'cola-330': 1, 'chocolate-bar': 1 }],
    ['put-back-elsewhere', { 'cola-330': 1 }],
    ['quick-double', { 'cola-330': 2 }],
    ['swap', { 'crisps-sea-salt': 1 }],
    ['lean', { 'milk-250': 1 }],
    ['hold-long', { 'salad-chicken': 1 }],
    ['foreign-object', { 'coffee-latte': 1 }],
    ['greedy', { 'cola-330': 3, 'water-550': 2, 'yogurt-plain': 2, 'chocolate-bar': 1 }],
    ['restock', {}],
  ]
  it.each(cases)('%s', async (name, taken) => {
    const truth = await aShopper().play(visits[name].steps)
    expect(truth.taken).toEqual(taken)
  })
  it('names what lies on another shelf now', async () => {
    const { misplaced } = await aShopper().play(visits['put-back-elsewhere'].steps)
    expect(misplaced).toEqual([expect.objectContaining({ sku: 'tea-oolong', from: 's4', to: 's2' })])
  })
  it('names what was left behind, and what was delivered', async () => {
    expect((await aShopper().play(visits['foreign-object'].steps)).foreign).toEqual([
      expect.objectContaining({ grams: 215, shelf: 's1' }),
    ])
    expect((await aShopper().play(visits.restock.steps)).restocked).toEqual({ 'cola-330': 4, 'water-550': 3 })
  })
  it('counts goods of an earlier visit that come back as fewer than nothing', async () => {
    const { play, cabinet } = aShopper()
    await play(visits['normal-visit'].steps)
    cabinet.lock.command('release')
    const truth = await play([
      { do: 'wait-unlocked' },
      { do: 'open' },
      { do: 'put-back', sku: 'cola-330' },
      { do: 'close' },
    ])
    expect(truth.taken).toEqual({ 'cola-330': -1 })
  })
})

describe('a shopper', () => {
  it('leaves the door closed and locks it by closing', async () => {
    const { play, cabinet } = aShopper()
    await play([...visits['normal-visit'].steps, { do: 'wait-locked' }])
    expect(cabinet.lock.isDoorOpen).toBe(false)
    expect(cabinet.lock.isBoltSeated).toBe(true)
  })
  it('gives up when nobody unlocks, and says which step', async () => {
    const { play } = aShopper({ unlocks: false })
    await expect(play([{ do: 'wait-unlocked', timeoutMs: 5000 }])).rejects.toThrow(
      /Step 1 \(wait-unlocked\).*5000 ms/,
    )
  })
  it('covers the camera and cuts the network where the story says so', async () => {
    const { play, did } = aShopper()
    await play(visits['covered-camera'].steps)
    expect(did).toEqual(['camera covered', 'camera clear'])
  })
  it('is alone at the cabinet', async () => {
    const { shopper, play } = aShopper()
    const first = play(visits['nothing-taken'].steps)
    await expect(shopper.play({ steps: [{ do: 'open' }] })).rejects.toThrow(/at the cabinet already/)
    await first
  })
  it('goes away when somebody resets the cabinet, and says so', async () => {
    const { shopper, play } = aShopper({ unlocks: false })
    const waiting = play([{ do: 'wait-unlocked', timeoutMs: 60_000 }])
    shopper.abandon()
    await expect(waiting).rejects.toThrow(/ended from outside/)
    expect(shopper.isPlaying).toBe(false)
  })
})
