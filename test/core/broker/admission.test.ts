import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createAdmission } from '#core/broker/admission.ts'
import { createManualClock } from '#test/simulator/manual-clock.ts'

const LIMITS = {
  unprovedPerAddress: 2,
  waitingPerAddress: 50,
  waitingMost: 60,
  waitMs: 5000,
  failuresMost: 4,
  failuresForgivenPerSecond: 1,
}

/** A door with its line; sockets only have to say whether they are gone. */
function createDoor() {
  const time = createManualClock()
  const refused: string[] = []
  const admission = createAdmission(time.clock, LIMITS, (address) => refused.push(address))
  const inside: string[] = []
  const arrive = (address: string, name: string) => {
    const socket = { destroyed: false, destroy: () => undefined } as unknown as Socket
    admission.admit(socket, address, () => inside.push(name))
    return socket
  }
  return { admission, arrive, inside, refused, pass: (ms: number) => time.pass(ms) }
}

describe('many cabinets behind one carrier address', () => {
  it('get in one after the other, however many they are, because proving oneself costs nothing', async () => {
    const door = createDoor()
    for (let n = 0; n < 40; n++) door.arrive('carrier', `cabinet ${n}`)
    expect(door.inside).toHaveLength(2)
    while (door.inside.length < 40) door.admission.leave('carrier', 'proved')
    expect(door.refused).toEqual([])
    expect(door.inside).toEqual(Array.from({ length: 40 }, (_, n) => `cabinet ${n}`))
  })
})

describe('an address whose connections fail', () => {
  it('uses up its bucket, waits for what is forgiven each second, and disturbs no other address', async () => {
    const door = createDoor()
    for (let n = 0; n < 10; n++) door.arrive('hostile', `bad ${n}`)
    for (let n = 0; n < 4; n++) door.admission.leave('hostile', 'gone')
    expect(door.inside).toHaveLength(4)
    door.arrive('elsewhere', 'good')
    expect(door.inside).toContain('good')
    await door.pass(1100)
    expect(door.inside.filter((name) => name.startsWith('bad'))).toHaveLength(5)
  })
  it('is cut when it waits too long, or when too many wait', async () => {
    const door = createDoor()
    for (let n = 0; n < 60; n++) door.arrive('hostile', `bad ${n}`)
    expect(door.refused).toHaveLength(8)
    await door.pass(5000)
    expect(door.refused).toHaveLength(58)
  })
  it('is forgotten when nothing is left to remember', async () => {
    const door = createDoor()
    door.arrive('passer-by', 'one')
    expect(door.admission.size).toBe(1)
    door.admission.leave('passer-by', 'proved')
    expect(door.admission.size).toBe(0)
  })
})

describe('who leaves while waiting', () => {
  it('gives its turn to the next', () => {
    const door = createDoor()
    for (const name of ['a', 'b']) door.arrive('here', name)
    const gone = door.arrive('here', 'c')
    door.arrive('here', 'd')
    Object.assign(gone, { destroyed: true })
    door.admission.leave('here', 'proved')
    expect(door.inside).toEqual(['a', 'b', 'd'])
  })
})
