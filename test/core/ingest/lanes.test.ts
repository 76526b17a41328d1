import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLanes } from '#core/ingest/lanes.ts'
import type { Arrived } from '#core/ingest/receiver.ts'

const frame = (cabinetId: string, bytes: number, number = 0): Arrived => ({
  topic: '',
  partition: 0,
  cabinetId,
  channel: 'ev',
  payload: new Uint8Array(bytes),
  isRetained: false,
  receivedAtMs: number,
})
const BACKLOG = 20_000

describe('a hundred cabinets come back after a week', () => {
  it('and a sale that goes on now is in the next batch, while the backlog moves too', () => {
    const lanes = createLanes()
    for (let number = 0; number < 500; number++) lanes.add(frame(`back-${number % 100}`, BACKLOG))
    lanes.add(frame('selling', 400))
    const batch = lanes.take()
    expect(batch[0]?.cabinetId).toBe('selling')
    expect(batch.length).toBeGreaterThan(10)
    expect(batch.length).toBeLessThan(100)
  })
})

describe('whatever comes', () => {
  it('every frame is taken once, and those of one cabinet in their order', () => {
    const arrivals = fc.array(
      fc.record({
        cabinet: fc.integer({ min: 0, max: 3 }),
        bytes: fc.constantFrom(300, BACKLOG),
        takes: fc.boolean(),
      }),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(arrivals, (list) => {
        const lanes = createLanes()
        const taken: Arrived[] = []
        for (const [number, { cabinet, bytes, takes }] of list.entries()) {
          expect(lanes.add(frame(`cab-${cabinet}`, bytes, number))).toBe(true)
          if (takes) taken.push(...lanes.take())
        }
        for (let batch = lanes.take(); batch.length > 0; batch = lanes.take()) taken.push(...batch)
        expect(taken).toHaveLength(list.length)
        expect(lanes.waiting).toBe(0)
        for (const own of Map.groupBy(taken, ({ cabinetId }) => cabinetId).values())
          expect(own.map(({ receivedAtMs }) => receivedAtMs)).toEqual(
            own.map(({ receivedAtMs }) => receivedAtMs).toSorted((a, b) => a - b),
          )
      }),
    )
  })
  it('too much is refused, and comes again', () => {
    const lanes = createLanes()
    let count = 0
    for (let number = 0; number < 100; number++)
      for (let own = 0; own < 20; own++) if (lanes.add(frame(`cab-${number}`, 64 * 1024))) count++
    expect(count).toBeLessThanOrEqual(1024)
    while (lanes.take().length > 0);
    expect(lanes.add(frame('cab-0', 64 * 1024))).toBe(true)
  })
})

describe('a cabinet that floods the core', () => {
  const floodWith = (bytes: number, cabinets: number) => {
    const lanes = createLanes()
    for (let number = 0; number < cabinets; number++)
      for (let frames = 0; frames < 25_000 && lanes.add(frame(`flood-${number}`, bytes)); frames++);
    return lanes
  }
  const roundOfHellos = (lanes: ReturnType<typeof createLanes>) =>
    Array.from({ length: 200 }, (_, number) => lanes.add(frame(`good-${number}`, 900))).every(Boolean)

  it.each([400, 64 * 1024])('with frames of %i bytes leaves room for the hello of every other', (bytes) => {
    const lanes = floodWith(bytes, 1)
    expect(lanes.add(frame('flood-0', bytes))).toBe(false)
    expect(roundOfHellos(lanes)).toBe(true)
  })
  it('leaves that room too when fifty do it together', () => {
    expect(roundOfHellos(floodWith(400, 50))).toBe(true)
    expect(roundOfHellos(floodWith(64 * 1024, 50))).toBe(true)
  })
  it('is heard again when what it sent was taken', () => {
    const lanes = floodWith(400, 1)
    while (lanes.take().length > 0);
    expect(lanes.add(frame('flood-0', 400))).toBe(true)
  })
})
