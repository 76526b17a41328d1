import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVENTS, FRAMES } from '#protocol/messages/index.ts'
import { bundleEdge, type EdgeBundle } from '#scripts/bundle-edge.ts'
import { startSystem } from '#scripts/system.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '#test/scenarios/play.ts'
import { sale } from '#test/scenarios/sale.ts'
import { createWorld } from '#test/scenarios/world.ts'

let folder: string
let bundle: EdgeBundle
const environment = { ...process.env, CABINET_NODE: process.execPath }

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bundle-edge-'))
  bundle = await bundleEdge(path.join(folder, 'edge'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the edge as a cabinet runs it, in a folder of its own', () => {
  it('starts by its program and says what it can do', () => {
    expect(execFileSync(bundle.program, ['--help'], { encoding: 'utf8', env: environment })).toContain(
      '--serial',
    )
  })

  it('refuses a wrong setting with the sentence that the sources give', () => {
    const wrong = [
      '--data',
      folder,
      '--core',
      'http://127.0.0.1:9',
      '--serial',
      '/dev/null',
      '--set',
      'boardIdleMs=1',
    ]
    const run = () =>
      execFileSync(bundle.program, wrong, { encoding: 'utf8', env: environment, stdio: 'pipe' })
    expect(run).toThrow(/boardIdleMs/)
  })

  it('carries the checks of messages as code and generates none while it runs', () => {
    const script = readFileSync(path.join(folder, 'edge', 'edge.mjs'), 'utf8')
    expect(bundle.checks).toBeGreaterThan(Object.keys(EVENTS).length + Object.keys(FRAMES).length)
    // How TypeBox would make a function of a text.
    expect(script.includes('globalThis.Function')).toBe(false)
  })

  it('is kept in memory with one byte a character', () => {
    expect(readFileSync(path.join(folder, 'edge', 'edge.mjs')).every((byte) => byte < 0x80)).toBe(true)
  })

  it('sells', async () => {
    process.env['CABINET_NODE'] = process.execPath
    const system = await startSystem({
      dataDir: path.join(folder, 'data'),
      seed: 1,
      edgeProgram: bundle.program,
      policy: SHORT_POLICY,
      edgeSettings: SHORT_EDGE_SETTINGS,
    })
    try {
      await sale.run(createWorld(system))
    } finally {
      await system.stop()
    }
  })
})
