import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { crc16 } from '#edge/hardware/crc16.ts'
import { createSerialBus, type RegisterBus } from '#edge/hardware/register-bus.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { openTerminal, type Terminal } from '#simulator/bus/terminal.ts'
import { eventually } from '../support/core-stand-in.ts'

const clock = createSystemClock()
const TIMEOUT_MS = 100

/** A device that answers each read with the number of the register, and each write with itself, when it is told to. */
function device(file: string) {
  const held: Buffer[] = []
  let isHolding = false
  let pending = Buffer.alloc(0)
  const line: Terminal = openTerminal({
    linkPath: file,
    onBytes(bytes) {
      pending = Buffer.concat([pending, bytes])
      for (; pending.length >= 8; pending = pending.subarray(8)) {
        const frame = answerTo(pending.subarray(0, 8))
        if (isHolding) held.push(frame)
        else line.write(frame)
      }
    },
  })
  return {
    line,
    held,
    hold: (holds: boolean) => void (isHolding = holds),
    letGo() {
      for (const frame of held.splice(0)) line.write(frame)
    },
  }
}
function answerTo(request: Buffer): Buffer {
  if (request[1] === 6) return Buffer.from(request)
  const body = Buffer.from([request[0] ?? 0, request[1] ?? 0, 2, request[2] ?? 0, request[3] ?? 0])
  const sum = crc16(body, 0, body.length)
  return Buffer.from([...body, sum & 0xff, sum >> 8])
}

describe('a device that answers when it was given up', () => {
  let folder: string
  let far: ReturnType<typeof device>
  let bus: RegisterBus
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'late-'))
    far = device(path.join(folder, 'tty'))
    bus = createSerialBus({
      path: path.join(folder, 'tty'),
      profile: {
        serial: { baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 },
        timeoutMs: TIMEOUT_MS,
        retries: 0,
      },
      clock,
      log: pino({ level: 'silent' }),
      lostAfterMs: 60_000,
      reopenShortestMs: 100,
      reopenLongestMs: 100,
    })
    bus.start({ onLost: () => undefined, onRestored: () => undefined })
    await eventually('the line being open', () => bus.isOpen)
  })
  afterEach(async () => {
    await bus.stop()
    far.line.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  const read = (start: number) => bus.read({ unit: 1, start, count: 1, kind: 'holding' })

  it('is never understood to answer the next question, about another register', async () => {
    far.hold(true)
    await expect(read(7)).rejects.toMatchObject({ code: 'bus_timeout' })
    far.hold(false)
    const next = read(8)
    far.letGo()
    expect(await next).toEqual([8])
    expect(await read(9)).toEqual([9])
  })

  it('is never understood to have carried out the next order', async () => {
    far.hold(true)
    await expect(bus.write(1, 7, 1)).rejects.toMatchObject({ code: 'bus_timeout' })
    const next = bus.write(1, 8, 1)
    far.letGo()
    await expect(next).rejects.toMatchObject({ code: 'bus_timeout' })
  })
})
