import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CODE, type CoreStandIn, eventually, startCoreStandIn } from './support/core-stand-in.ts'

const root = path.resolve(import.meta.dirname, '../..')

describe('the first start of a cabinet', () => {
  let core: CoreStandIn
  let folder: string
  beforeAll(async () => {
    core = await startCoreStandIn()
    folder = mkdtempSync(path.join(os.tmpdir(), 'edge-enrol-'))
  })
  afterAll(async () => {
    await core.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Starts the agent without hardware; it must say what is wrong by itself. */
  function start(...flags: string[]) {
    const args = [
      'edge/main.ts',
      '--data',
      folder,
      '--core',
      core.httpUrl,
      '--serial',
      path.join(folder, 'no-such-tty'),
      ...flags,
    ]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    const seen = { errors: '', code: undefined as number | null | undefined, stop: () => child.kill() }
    child.stderr.on('data', (chunk: Buffer) => {
      seen.errors += chunk.toString()
    })
    child.on('exit', (code) => {
      seen.code = code
    })
    return seen
  }

  it('without a code stops and says how to get one', async () => {
    const agent = start()
    expect(await eventually('the end', () => agent.code !== undefined && { code: agent.code })).toEqual({
      code: 1,
    })
    expect(agent.errors).toMatch(/not enrolled.*--enrol-code CODE/)
  })

  it('with a wrong code stops and says so', async () => {
    const agent = start('--enrol-code', 'wrong-code')
    expect(await eventually('the end', () => agent.code !== undefined && { code: agent.code })).toEqual({
      code: 1,
    })
    expect(agent.errors).toMatch(/refused the enrolment.*Create a new code/)
  })

  it('with the code gets an identity that only its user may read, and goes on without its serial device', async () => {
    const agent = start('--enrol-code', CODE)
    await eventually('it is online', () => core.hellos.length > 0)
    expect(statSync(path.join(folder, 'edge', 'credentials.json')).mode & 0o777).toBe(0o600)
    expect(core.hellos[0]?.hardware).toMatchObject({ isDoorOpen: null, isLocked: null })
    expect(agent.errors).toContain('no-such-tty')
    const fault = await eventually('the bus fault is told', () =>
      core.events.find((one) => one.type === 'agent.bus-fault'),
    )
    expect(fault.data).toMatchObject({ phase: 'began', reason: 'serial_open_failed' })
    agent.stop()
    await eventually('the end', () => agent.code !== undefined)
  })

  it('with damaged credentials stops and says what to do', async () => {
    writeFileSync(path.join(folder, 'edge', 'credentials.json'), '{"v":1}')
    const agent = start('--enrol-code', CODE)
    expect(await eventually('the end', () => agent.code !== undefined && { code: agent.code })).toEqual({
      code: 1,
    })
    expect(agent.errors).toMatch(/credentials\.json cannot be used.*enrol again/)
  })
})
