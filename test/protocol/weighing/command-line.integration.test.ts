import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../..')
const vectors = path.join(root, 'protocol/vectors/weighing')
let folder = ''

function run(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'scripts', script), ...args],
    {
      encoding: 'utf8',
      cwd: root,
    },
  )
  return { status, stdout, stderr }
}

function file(name: string, text: string): string {
  const target = path.join(folder, name)
  writeFileSync(target, text)
  return target
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'weigh-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('npm run weigh', () => {
  const sessions = readdirSync(vectors)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(path.join(vectors, name), 'utf8')))

  it('--batch answers every line with one JSON object, in order', () => {
    const batch = file('batch.jsonl', sessions.map(({ session }) => JSON.stringify(session)).join('\n'))
    const { status, stdout } = run('weigh.ts', '--batch', batch, '--json')
    expect(status).toBe(0)
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(answers.map(({ id }) => id)).toEqual(sessions.map(({ session }) => session.id))
    expect(answers.map(({ receipt }) => receipt.verdict)).toEqual(
      sessions.map(({ expected }) => expected.verdict),
    )
  })

  it('a trace and a planogram give the same receipt as their batch line', () => {
    const { session, expected } = sessions.find(({ session }) => session.id === 'swap')
    const planogram = file('planogram.json', JSON.stringify(session.planogram))
    const rows = session.tMs.map((tMs: number, i: number) =>
      JSON.stringify({
        tMs,
        door: tMs >= session.doorOpenMs && tMs < session.doorClosedMs ? 'open' : 'closed',
        grams: { top: session.grams.top[i], bottom: session.grams.bottom[i] },
      }),
    )
    const trace = file('trace.jsonl', rows.join('\n'))
    const { status, stdout } = run('weigh.ts', '--planogram', planogram, trace, '--json')
    expect(status).toBe(0)
    const { receipt } = JSON.parse(stdout)
    expect(
      receipt.lines.map(({ sku, quantity }: { sku: string; quantity: number }) => ({ sku, quantity })),
    ).toEqual(expected.lines)
  })

  it('a malformed line → exit 2, and a sentence that names file, line and field', () => {
    const planogram = file('p.json', JSON.stringify(sessions[0].session.planogram))
    const trace = file(
      't.jsonl',
      '{"tMs":0,"door":"closed","grams":{"top":1}}\n{"tMs":100,"door":"closed","grams":{"top":"1"}}\n',
    )
    const { status, stdout, stderr } = run('weigh.ts', '--planogram', planogram, trace, '--json')
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('t.jsonl line 2: field grams.top must be a number or null, not "1"')
  })

  it('a trace without a reading → exit 2 instead of a receipt for nothing', () => {
    const planogram = file('p.json', JSON.stringify(sessions[0].session.planogram))
    const { status, stdout, stderr } = run('weigh.ts', '--planogram', planogram, file('empty.jsonl', '\n'))
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('empty.jsonl: holds no readings')
  })
})

describe('npm run lint-planogram', () => {
  it('prints pairs and a better dealing as JSON', () => {
    const planogram = file(
      'twins.json',
      JSON.stringify(JSON.parse(readFileSync(path.join(vectors, 'twins.json'), 'utf8')).session.planogram),
    )
    const { status, stdout } = run('lint-planogram.ts', planogram, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout).pairs[0]).toMatchObject({
      skus: ['plum', 'pear'],
      verdict: 'indistinguishable',
    })
  })

  it('a wrong field → exit 2, and its name', () => {
    const planogram = file(
      'wrong.json',
      '{"shelves":[{"id":"a","products":[{"sku":"x","unitGrams":-1,"stock":1,"priceFen":1}]}]}',
    )
    const { status, stderr } = run('lint-planogram.ts', planogram)
    expect(status).toBe(2)
    expect(stderr).toContain('wrong.json: field shelves[0].products[0].unitGrams')
  })
})
