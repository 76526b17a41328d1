import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPacketGuard } from '#core/broker/packet-guard.ts'

const CONNECT = Buffer.from([0x10, 0x02, 0, 0])
const publish = (bodyBytes: number) => {
  const length: number[] = []
  for (let left = bodyBytes; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bodyBytes)])
}

describe('the guard in front of the broker', () => {
  it('lets packets of the allowed size pass', () => {
    const inspect = createPacketGuard(1000)
    expect(inspect(Buffer.concat([CONNECT, publish(1000), publish(0)]))).toBeUndefined()
  })
  it('refuses a packet by its announcement, before its body has come', () => {
    const inspect = createPacketGuard(1000)
    expect(inspect(CONNECT)).toBeUndefined()
    expect(inspect(publish(1001).subarray(0, 3))).toMatch(/1001 bytes, at most 1000/)
  })
  it('refuses a CONNECT of more than 4 KiB', () => {
    expect(createPacketGuard(1_000_000)(Buffer.from([0x10, 0x81, 0x20]))).toMatch(/at most 4096/)
  })
  it('refuses a stranger who begins with anything but CONNECT', () => {
    expect(createPacketGuard(1000)(Buffer.from('GET / HTTP/1.1\r\n'))).toMatch(/not CONNECT/)
  })
  it('refuses a length that never ends', () => {
    expect(createPacketGuard(1000)(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff]))).toMatch(/four bytes/)
  })
  it('comes to the same verdict however the bytes are cut', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(sizes, fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }), (bodies, cuts) => {
        const bytes = Buffer.concat([CONNECT, ...bodies.map(publish)])
        const inspect = createPacketGuard(200)
        let isRefused = false
        for (let from = 0, turn = 0; from < bytes.length && !isRefused; turn++) {
          const to = from + (cuts[turn % cuts.length] as number)
          isRefused = inspect(bytes.subarray(from, to)) !== undefined
          from = to
        }
        expect(isRefused).toBe(bodies.some((body) => body > 200))
      }),
    )
  })
})
