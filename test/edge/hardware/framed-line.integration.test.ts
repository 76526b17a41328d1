import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { createModbusCabinet } from '#edge/hardware/modbus-cabinet.ts'
import { createSerialBus } from '#edge/hardware/register-bus.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { lockBoardAndTransmitters } from '#protocol/wire/profiles/lock-board-and-transmitters.ts'
import { openTerminal, type Terminal } from '#simulator/bus/terminal.ts'
import { eventually } from '../support/core-stand-in.ts'

/**
 * A lock board of bytes alone, as its manual prints them: opening `8A 01 01 11 9B`, reading `80 01 01 33 B3`. It shares
 * nothing with the code that drives it.
 */
const OPEN = Buffer.from('8a0101119b', 'hex')
const READ = Buffer.from('80010133b3', 'hex')
const OPENED = Buffer.from('8001011191', 'hex')
const CLOSED = Buffer.from('8001010080', 'hex')

const clock = createSystemClock()

function lockBoard(folder: string) {
  const heard: string[] = []
  let isOpen = false
  let habit: 'good' | 'jammed' | 'echo' | 'noisy' | 'silent' = 'good'
  const line: Terminal = openTerminal({
    linkPath: path.join(folder, 'tty-lock'),
    onBytes(bytes) {
      const request = Buffer.from(bytes)
      heard.push(request.toString('hex'))
      if (habit === 'silent') return
      if (request.equals(OPEN)) {
        if (habit !== 'jammed' && habit !== 'echo') isOpen = true
        // An adapter that hears itself: the request looks exactly like "opened".
        if (habit === 'echo') line.write(request)
        else line.write(Buffer.from(habit === 'jammed' ? '8a0101008a' : '8a0101119b', 'hex'))
      } else if (request.equals(READ)) {
        if (habit === 'noisy') line.write(Buffer.from('00ff80010111', 'hex'))
        line.write(isOpen ? OPENED : CLOSED)
      }
    },
  })
  return {
    line,
    heard,
    close: () => void (isOpen = false),
    be: (next: typeof habit) => void (habit = next),
  }
}

describe('a lock board with frames of its own, on a real line', () => {
  const undo: Array<() => Promise<void> | void> = []
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  })
  async function start() {
    const folder = mkdtempSync(path.join(tmpdir(), 'lock-board-'))
    const board = lockBoard(folder)
    const bus = createSerialBus({
      path: board.line.linkPath,
      profile: lockBoardAndTransmitters,
      clock,
      log: pino({ level: 'silent' }),
      lostAfterMs: 60_000,
      reopenShortestMs: 100,
      reopenLongestMs: 500,
    })
    const cabinet = createModbusCabinet({
      bus,
      profile: { ...lockBoardAndTransmitters, scales: lockBoardAndTransmitters.scales.slice(0, 1) },
      clock,
      log: pino({ level: 'silent' }),
      periodsMs: { board: { idle: 50, session: 50 }, scales: { idle: 60_000, session: 60_000 } },
      silentDeviceRetryMs: 100,
      staleAfterMs: 600,
    })
    undo.push(
      () => rmSync(folder, { recursive: true, force: true }),
      () => board.line.destroy(),
      () => cabinet.stop(),
    )
    cabinet.start({
      onBoard: () => undefined,
      onClimate: () => undefined,
      onScales: () => undefined,
      onBusFault: () => undefined,
    })
    await eventually('the lock being read', () => cabinet.board().isDoorOpen === false)
    return { board, cabinet }
  }

  it('opens by the bytes of the manual, once, and reads that it did', async () => {
    const { board, cabinet } = await start()
    expect(await cabinet.lock.unlock()).toBe(true)
    expect(board.heard.filter((one) => one === OPEN.toString('hex'))).toHaveLength(1)
    expect(cabinet.board()).toMatchObject({ isDoorOpen: true, isUnlocked: true, isBoltSeated: false })
    board.close()
    expect(await cabinet.lock.lock()).toBe(true)
    // No command engages this lock: none was sent.
    const toLock = board.heard.filter((one) => one.startsWith('8'))
    expect(new Set(toLock)).toEqual(new Set([OPEN.toString('hex'), READ.toString('hex')]))
  })
  it.each(['jammed', 'echo'] as const)(
    'a lock that is %s did not open, whatever was answered',
    async (habit) => {
      const { board, cabinet } = await start()
      board.be(habit)
      expect(await cabinet.lock.unlock()).toBe(false)
      expect(cabinet.board().isUnlocked).toBe(false)
    },
  )
  it('halves of answers before the answer change nothing', async () => {
    const { board, cabinet } = await start()
    board.be('noisy')
    const before = board.heard.length
    await eventually('some more readings', () => board.heard.length > before + 10)
    expect(cabinet.board()).toMatchObject({ isDoorOpen: false, isUnlocked: false })
  })
  it('silence is not known, never the last that was', async () => {
    const { board, cabinet } = await start()
    board.be('silent')
    await eventually('nothing is known', () => cabinet.board().isDoorOpen === null)
    board.be('good')
    await eventually('it is known again', () => cabinet.board().isDoorOpen === false)
  })
})
