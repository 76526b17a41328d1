import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SimulatorAddresses } from '#simulator/app.ts'
import { runControl } from '#simulator/control/command-line.ts'
import type { SimulatorState } from '#simulator/control/state.ts'
import { eventually } from '#test/support/eventually.ts'

/** The simulator as a process, reached as a technician reaches it. */
const FREE_PORTS = ['--port', '--provider-port', '--notices-port', '--link-mqtt-port', '--link-http-port']
let dataDir: string
let child: ChildProcess
let addresses: SimulatorAddresses

function start(extra: string[] = []): ChildProcess {
  const args = ['simulator/main.ts', '--data', dataDir, '--json-ready', '--exit-with-parent']
  return spawn(process.execPath, [...args, ...FREE_PORTS.flatMap((flag) => [flag, '0']), ...extra], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}
function ready(process: ChildProcess): Promise<SimulatorAddresses> {
  return new Promise((resolve, reject) => {
    if (process.stdout === null) throw new Error('no output')
    createInterface(process.stdout).once('line', (line) => resolve(JSON.parse(line) as SimulatorAddresses))
    process.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
}
function ended(process: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = ''
  process.stderr?.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  return new Promise((resolve) => process.once('close', (code) => resolve({ code, stderr })))
}
async function control(...words: string[]) {
  const result = await runControl([...words, '--data', dataDir, '--json'])
  return { ...result, body: result.stdout === '' ? undefined : (JSON.parse(result.stdout) as unknown) }
}
async function state(): Promise<SimulatorState> {
  return (await control('state')).body as SimulatorState
}
async function post(where: string, body: unknown) {
  const answer = await fetch(`${addresses.controlUrl}/${where}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as { code: string; message: string } }
}

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'vc-simulator-'))
  child = start()
  addresses = await ready(child)
})
afterAll(async () => {
  const end = ended(child)
  child.kill('SIGTERM')
  await end
  rmSync(dataDir, { recursive: true })
})

describe('a simulator that is ready', () => {
  it('names addresses that all answer', async () => {
    for (const url of [
      addresses.workshopUrl,
      `${addresses.controlUrl}/state`,
      addresses.cameraUrl,
      addresses.noticesUrl,
    ]) {
      expect((await fetch(url)).status).toBe(200)
    }
    for (const file of [
      addresses.serialPath,
      addresses.servicePath,
      addresses.merchantFile,
      addresses.noticesFile,
    ]) {
      expect(existsSync(file)).toBe(true)
    }
  })
  it('serves the workshop page with everything that it loads', async () => {
    for (const file of [
      'workshop.js',
      'workshop.css',
      'vendor/lit-html.js',
      'workshop/setup.json',
      'favicon.svg',
    ]) {
      expect((await fetch(`${addresses.workshopUrl}${file}`)).status).toBe(200)
    }
  })
  it('streams its state', async () => {
    const answer = await fetch(`${addresses.controlUrl}/stream`)
    const reader = answer.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(new TextDecoder().decode(value)).toMatch(/^data: \{"atMs":/)
    await reader?.cancel()
  })
})

describe('a technician at the command line', () => {
  it('cannot open a locked door, and learns why', async () => {
    const { exitCode, stderr } = await control('open')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/bolt is seated/)
  })
  it('opens with the key, takes, puts back elsewhere, and closes', async () => {
    await control('key', 'turn')
    await eventually('the bolt is free', async () => !(await state()).lock.isBoltSeated)
    await control('key', 'remove')
    expect((await control('open')).exitCode).toBe(0)
    await control('take', 's3', 'cola-330', '2', 'quick')
    await control('put-back', 'cola-330', 's1')
    const { hand, shelves } = await state()
    expect(hand).toHaveLength(1)
    expect(shelves[0]?.items.filter((item) => item.sku === 'cola-330')).toHaveLength(1)
    await control('close')
    expect((await state()).door).toBe('closed')
  })
  it('breaks things and sees it listed', async () => {
    await control('reset')
    await control('camera', 'covered')
    await control('network', 'cut')
    await control('shelf', 's2', 'stuck')
    expect((await state()).faults).toEqual(['camera covered', 'network cut', 'scale s2 stuck'])
    await control('camera', 'clear')
    await control('network', 'ok')
    await control('shelf', 's2', 'none')
    expect((await state()).faults).toEqual([])
  })
  it('resets to full shelves, closed and locked, whatever was going on', async () => {
    await control('door-force')
    await control('take', 's4', 'water-550')
    await control('serial', 'silent')
    await control('reset')
    const { door, lock, hand, shelves, faults } = await state()
    expect({ door, isBoltSeated: lock.isBoltSeated, hand, faults }).toEqual({
      door: 'closed',
      isBoltSeated: true,
      hand: [],
      faults: [],
    })
    expect(shelves.map((shelf) => shelf.items.length)).toEqual([19, 21, 28, 26, 26])
  })
  it('is told what is wrong with the words', async () => {
    expect((await control('camera', 'blind')).stderr).toMatch(/one of clear, covered/)
    expect((await control('dance')).stderr).toMatch(/no command dance/)
    expect((await control('take', 's3')).stderr).toMatch(/sku is missing/)
  })
})

describe('bad requests', () => {
  it.each([
    ['door', { action: 'kick' }],
    ['take', { shelf: 's3', quantity: 0 }],
    ['shop', { steps: [{ do: 'fly' }] }],
    ['climate', {}],
    ['network', '{"mode":'],
  ])('to %s are refused with a sentence', async (where, body) => {
    const answer = await post(where, body)
    expect(answer.status).toBe(400)
    expect(answer.body.code).toBe('bad_request')
  })
  it('about things that are not there name what is', async () => {
    await control('key', 'turn')
    await eventually('the bolt is free', async () => !(await state()).lock.isBoltSeated)
    await control('open')
    const { status, body } = await post('take', { shelf: 's9' })
    expect(status).toBe(404)
    expect(body.message).toMatch(/s1, s2, s3, s4, s5/)
    await control('key', 'remove')
    await control('close')
  })
})

describe('a start that cannot succeed', () => {
  it('on a port that is taken names the flag, and leaves nothing behind', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => {
      holder.listen(0, '127.0.0.1', resolve)
    })
    const port = String((holder.address() as AddressInfo).port)
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'vc-simulator-'))
    const { code, stderr } = await ended(start(['--data', elsewhere, '--notices-port', port]))
    expect(code).toBe(2)
    expect(stderr).toMatch(/--notices-port.*port_taken/)
    expect(existsSync(path.join(elsewhere, 'simulator', 'tty-cabinet'))).toBe(false)
    rmSync(elsewhere, { recursive: true })
    await new Promise((resolve) => holder.close(resolve))
  })
  it('on the folder of one that runs leaves that one alone', async () => {
    const { code, stderr } = await ended(start())
    expect(code).toBe(2)
    expect(stderr).toMatch(/runs on this data folder already/)
    expect(existsSync(addresses.serialPath)).toBe(true)
  })
})

describe('a simulator whose parent is gone', () => {
  it('stops, takes its terminals away, and finds the goods where they lay', async () => {
    const before = (await state()).shelves.map((shelf) => shelf.items.length)
    const end = ended(child)
    child.stdin?.end()
    expect((await end).code).toBe(0)
    expect(existsSync(addresses.serialPath)).toBe(false)
    child = start()
    addresses = await ready(child)
    expect((await state()).shelves.map((shelf) => shelf.items.length)).toEqual(before)
  })
})
