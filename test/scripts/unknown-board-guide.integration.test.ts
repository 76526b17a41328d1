import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Profile } from '#protocol/wire/profile.ts'
import { ROOT } from '#scripts/system.ts'
import { type Rig, startRig } from '#test/edge/support/rig.ts'

/** docs/guides/unknown-board.md, carried out: each command of it, and each line of its tables that a file can cause. */
const guide = readFileSync('docs/guides/unknown-board.md', 'utf8')

interface Ran {
  code: number
  stdout: string
  stderr: string
}
interface Probed {
  isUsable: boolean
  findings: Array<{ level: string; about: string; says: string; advice: string }>
  unitsThatAnswer?: number[]
  watched?: Array<{ name: string; seen: unknown[] }>
}

describe('bringing up an unknown board by the guide', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'unknown-board-'))
  const file = path.join(folder, 'my-board.json')
  let rig: Rig
  let port: string
  let printed: string
  beforeAll(async () => {
    rig = await startRig()
    printed = (await edge('profiles', 'reference')).stdout
    port = rig.simulator.addresses.servicePath
  })
  afterAll(async () => {
    await rig.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function edge(...args: string[]): Promise<Ran> {
    return promisify(execFile)(process.execPath, ['edge/main.ts', ...args], { cwd: ROOT }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }
  /** Begins with the file of step 2, changed as somebody would who misread the manual. */
  async function probed(
    change: (text: string) => string,
    ...flags: string[]
  ): Promise<Probed & { code: number }> {
    writeFileSync(file, change(printed))
    const { code, stdout, stderr } = await edge(
      'probe',
      '--profile',
      file,
      '--port',
      port,
      '--json',
      ...flags,
    )
    expect(stderr).not.toContain('Error')
    return { code, ...(JSON.parse(stdout) as Probed) }
  }
  const as = (edit: (profile: Profile) => unknown) => (text: string) =>
    JSON.stringify(edit(JSON.parse(text) as Profile))
  const said = ({ findings }: Probed) =>
    findings.map(({ about, says, advice }) => `${about} | ${says} | ${advice}`).join('\n')

  it('names commands that there are', async () => {
    const { stdout } = await edge('--help')
    for (const flag of guide.matchAll(/npm run edge -- .*?(--[a-z-]+)/g)) expect(stdout).toContain(flag[1])
    expect((await edge('profiles')).stdout).toContain('iw-controller')
  })
  it('step 3: the file as it was printed answers, and nothing is marked', async () => {
    const found = await probed((text) => text)
    expect(found).toMatchObject({ code: 0, isUsable: true, findings: [] })
  })
  it('step 1: the scan names every address that answers', async () => {
    expect(
      (
        await probed(
          as((of) => ({ ...of, timeoutMs: 30 })),
          '--scan',
        )
      ).unitsThatAnswer,
    ).toEqual([1, 11, 12, 13, 14, 15])
  }, 60_000)
  it.each<[string, (of: Profile) => unknown, RegExp]>([
    [
      'an address that nobody has',
      (of) => JSON.parse(JSON.stringify(of).replaceAll('"unit":13,', '"unit":33,')),
      /unit 33.*did not answer, while others do.*--scan/,
    ],
    [
      'numbers that count from 1',
      (of) => ({
        ...of,
        scales: of.scales.map((one) => ({ ...one, netGrams: { ...one.netGrams, register: 99 } })),
      }),
      /exception 2.*count from 1/,
    ],
    [
      'the words turned round',
      (of) => ({
        ...of,
        scales: of.scales.map((one) => ({ ...one, netGrams: { ...one.netGrams, wordOrder: 'low-first' } })),
      }),
      /no shelf carries.*"wordOrder": "high-first"/,
    ],
    [
      'a scale ten times too large',
      (of) => ({
        ...of,
        climate: { ...of.climate, airDeciCelsius: { ...of.climate?.airDeciCelsius, scale: 100 } },
      }),
      /climate\.air \| It reads \d+ °C.*"scale"/,
    ],
    [
      'a door the other way round',
      (of) => ({ ...of, door: { isOpen: { ...of.door.isOpen, activeValue: 0, inactiveValue: 1 } } }),
      /It reads as open, with the lock engaged.*exchange/,
    ],
    [
      'a bolt the other way round',
      (of) => ({
        ...of,
        lock: { ...of.lock, isBoltSeated: { ...of.lock.isBoltSeated, activeValue: 0, inactiveValue: 1 } },
      }),
      /engaged and the bolt as out.*turned round/,
    ],
    [
      'a value that the profile does not know',
      (of) => ({ ...of, door: { isOpen: { ...of.door.isOpen, activeValue: 1, inactiveValue: 2 } } }),
      /It reads 0, and the profile knows 1 and 2 only/,
    ],
  ])(
    'step 3: %s is found and named',
    async (_what, edit, says) => {
      const found = await probed(as(edit))
      expect(found).toMatchObject({ code: 2, isUsable: false })
      expect(said(found)).toMatch(says)
    },
    20_000,
  )
  it('step 3: a file that cannot be right names the field', async () => {
    writeFileSync(file, '{"name":"mine"}')
    const { code, stderr } = await edge('probe', '--profile', file, '--port', port)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/my-board\.json is wrong: .*version/)])
  })
  it('step 4: a door that is opened while it watches has moved, and an idle one has not', async () => {
    const watching = probed((text) => text, '--watch', '3')
    await rig.control('door-force', {})
    const { watched = [] } = await watching
    const moved = new Map(watched.map(({ name, seen }) => [name, seen]))
    expect(moved.get('door.isOpen')?.at(-1)).toBe(true)
    expect(moved.get('lock.isKeyTurned')).toEqual([false])
  }, 20_000)
})
