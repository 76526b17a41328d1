import { describe, expect, it } from 'vitest'
import { createPreRoll } from '#edge/camera/pre-roll.ts'

const picture = (camera: string, atMonoMs: number, byteCount = 10) => ({
  camera,
  bytes: new Uint8Array(byteCount),
  atMonoMs,
})

describe('pictures of a cabinet at rest', () => {
  it('are there for whoever opens next: the newest of each camera', () => {
    const ring = createPreRoll({ bytesMost: 1000, keepMs: 60_000 })
    for (const one of [picture('inside', 1000), picture('door', 2000), picture('inside', 3000)]) ring.add(one)
    expect(ring.newest(4000).map(({ camera, atMonoMs }) => [camera, atMonoMs])).toEqual([
      ['inside', 3000],
      ['door', 2000],
    ])
  })
  it('are forgotten when they are old', () => {
    const ring = createPreRoll({ bytesMost: 1000, keepMs: 60_000 })
    ring.add(picture('inside', 1000))
    expect(ring.newest(61_000)).toHaveLength(1)
    expect(ring.newest(61_001)).toEqual([])
  })
  it('never take more room than they may, the oldest going first', () => {
    const ring = createPreRoll({ bytesMost: 100, keepMs: 60_000 })
    for (let at = 0; at < 50; at++) ring.add(picture(at % 2 === 0 ? 'inside' : 'door', at, 40))
    expect(ring.newest(50).reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).toBeLessThanOrEqual(100)
    ring.add(picture('top', 60, 5000))
    expect(ring.newest(60)).toEqual([])
  })
})
