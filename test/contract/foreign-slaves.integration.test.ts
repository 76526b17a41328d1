import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Profile } from '#protocol/wire/profile.ts'
import { publishedTransmitter } from '#protocol/wire/profiles/parts.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'
import { eventually } from '#test/edge/support/core-stand-in.ts'
import { type GoodsFile, type Rig, startRig, twinOf } from '#test/edge/support/rig.ts'

/**
 * Boards that somebody else wrote: six slaves of libmodbus, laid out by the published maps, driven by the agent with a
 * profile and not a line of code changed. `apt-get install libmodbus-dev gcc libc6-dev` (npm run check does it).
 */
const SOURCE = path.join(import.meta.dirname, 'foreign-slaves.c')

/** Compiles the slaves, once for each of their contents. */
function buildSlaves(): string {
  const name = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const folder = path.join(tmpdir(), 'foreign-slaves')
  const program = path.join(folder, name)
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const draft = `${program}.${process.pid}`
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', draft, SOURCE, '-lmodbus', '-lpthread']
  const { status, stderr } = spawnSync('cc', flags, { encoding: 'utf8' })
  expect(
    status,
    `foreign-slaves.c cannot be compiled; apt-get install libmodbus-dev gcc libc6-dev: ${stderr}`,
  ).toBe(0)
  renameSync(draft, program)
  return program
}

/** The board of docs/reference/hardware.md, with the published transmitter (whole grams) under each shelf. */
const profile: Profile = {
  ...referenceProfile,
  name: 'foreign',
  scales: [11, 12, 13, 14, 15].map((unit, index) => publishedTransmitter(unit, `s${index + 1}`)),
}
const goods = JSON.parse(
  readFileSync(new URL('../../scripts/seed/demo.json', import.meta.url), 'utf8'),
) as GoodsFile

interface Shown {
  lock: number
  bolt: number
  setpoint: number
  tare: number
}

describe('a cabinet of boards that somebody else wrote', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foreign-boards-'))
  let slaves: ChildProcess
  let answers: AsyncIterator<string>
  let serialPath: string
  let rig: Rig

  beforeAll(async () => {
    slaves = spawn(buildSlaves(), { stdio: ['pipe', 'pipe', 'inherit'] })
    answers = createInterface({ input: slaves.stdout ?? expect.fail('no output') })[Symbol.asyncIterator]()
    serialPath = (JSON.parse((await answers.next()).value as string) as { path: string }).path
    const file = path.join(folder, 'foreign.json')
    writeFileSync(file, JSON.stringify(profile))
    rig = await startRig()
    await rig.startEdge(['--serial', serialPath, '--profile', file])
    rig.core.sendTwin(twinOf(goods, { setpointDeciCelsius: 30 }))
  }, 60_000)
  afterAll(async () => {
    await rig.stop()
    slaves.stdin?.end()
    rmSync(folder, { recursive: true, force: true })
  })

  const say = (line: string) => slaves.stdin?.write(`${line}\n`)
  async function show(): Promise<Shown> {
    say('show')
    return JSON.parse((await answers.next()).value as string) as Shown
  }

  it('is understood by the probe without a finding', () => {
    const file = path.join(folder, 'foreign.json')
    // On a line of its own: two masters on one line steal each other's answers.
    const second = spawn(buildSlaves(), { stdio: ['pipe', 'pipe', 'inherit'] })
    return new Promise<void>((resolve, reject) => {
      second.stdout.once('data', (line: Buffer) => {
        const { path: port } = JSON.parse(line.toString()) as { path: string }
        const probing = spawn(
          process.execPath,
          ['edge/main.ts', 'probe', '--port', port, '--profile', file, '--json'],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        )
        let output = ''
        probing.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
        probing.once('exit', (code) => {
          second.stdin.end()
          try {
            expect(code, output).toBe(0)
            expect(JSON.parse(output)).toMatchObject({ isUsable: true, findings: [] })
            resolve()
          } catch (error) {
            reject(error as Error)
          }
        })
      })
    })
  }, 20_000)

  it('takes the setpoint, and the agent reads it back', async () => {
    await eventually('the setpoint is answered', () =>
      rig.core.events.find((one) => one.type === 'climate.setpoint-applied' && one.data.status === 'applied'),
    )
    expect((await show()).setpoint).toBe(30)
  }, 20_000)

  it('is unlocked, sold from, locked and weighed', async () => {
    const { core } = rig
    await eventually('weights of every shelf', () => {
      const grams = Object.values(core.lives.at(-1)?.grams ?? {})
      return grams.length === 5 && grams.every((one) => one !== null)
    })
    const args = { sessionId: 'se-1', kind: 'sale', door: 0, planogramVersion: 1, stock: [] }
    expect(await core.command('door.unlock', args, 'cm-1')).toMatchObject({ status: 'succeeded' })
    expect(await show()).toMatchObject({ lock: 1, bolt: 0 })
    say('door 1')
    await eventually('the door is seen open', () => core.lives.at(-1)?.isDoorOpen === true)
    // One yogurt of 131 g leaves the first shelf.
    say('weight 11 2869')
    await eventually('the step is seen', () => core.events.find((one) => one.type === 'weighing.step'))
    say('door 0')
    const end = await eventually(
      'the session is reconciled',
      () => core.events.find((one) => one.type === 'session.reconciled'),
      30_000,
    )
    expect(end.data).toMatchObject({ receipt: { lines: [{ sku: 'yogurt-plain', quantity: 1 }] } })
    expect(await show()).toMatchObject({ lock: 0, bolt: 1 })
  }, 60_000)
})
