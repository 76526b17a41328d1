import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { describeInterface } from '#core/interface-description.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const [clock, random] = [createSystemClock(), createSystemRandom()]
const rim = { clock, random, ids: createIds(clock, random), log: pino({ level: 'silent' }) }
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

interface Row {
  readonly number: string
  readonly screens: readonly string[]
  readonly routes: readonly string[]
  readonly tests: ReadonlyArray<{ file: string; name: string }>
  readonly status: string
}
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)
const rows: Row[] = read('docs/reference/requirements.md')
  .split('\n')
  .filter((line) => /^\| R\d/.test(line))
  .map((line) => {
    const [, number = '', , screen = '', routes = '', tests = '', status = ''] = line
      .split('|')
      .map((cell) => cell.trim())
    return {
      number,
      screens: quoted(screen),
      routes: quoted(routes),
      tests: [...tests.matchAll(/`([^`]+)` “([^”]+)”/g)].map((match) => ({
        file: match[1] as string,
        name: match[2] as string,
      })),
      status,
    }
  })

describe('the page of requirements', () => {
  it('has R1 to R32, each once and in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(
      Array.from({ length: 32 }, (_, index) => `R${index + 1}`),
    )
  })

  it('says of each that it is done, or why it is not', () => {
    for (const { number, status } of rows)
      expect([number, /^(done|(partly|missing): .{20,})$/.test(status)]).toEqual([number, true])
  })
  it('calls done only what has a screen, an interface and a test', () => {
    for (const { number, status, screens, routes, tests } of rows)
      if (status === 'done')
        expect([number, screens.length > 0, routes.length > 0, tests.length > 0]).toEqual([
          number,
          true,
          true,
          true,
        ])
  })

  it('names only screens that there are', () => {
    const staff = [...read('console/staff/routes.ts').matchAll(/path: '([^']+)'/g)].map((match) =>
      match[1] === '/' ? '/staff' : `/staff${match[1]}`,
    )
    const consumer = ['register.ts', 'register-help.ts'].flatMap((file) =>
      [...read(`core/pages/${file}`).matchAll(/'(\/[a-z]+[^']*)'/g)].map((match) => match[1]),
    )
    for (const { number, screens } of rows)
      for (const screen of screens)
        expect([number, screen, [...staff, ...consumer].includes(screen)]).toEqual([number, screen, true])
  })

  it('names only routes that there are', async () => {
    const { paths } = (await describeInterface(rim)) as { paths: Record<string, Record<string, unknown>> }
    for (const { number, routes } of rows)
      for (const route of routes) {
        const [method = '', address = ''] = route.split(' ')
        expect([number, route, paths[address]?.[method.toLowerCase()] !== undefined]).toEqual([
          number,
          route,
          true,
        ])
      }
  })

  it('names only tests that there are', () => {
    for (const { number, tests } of rows)
      for (const { file, name } of tests)
        expect([number, file, name, existsSync(path.join(ROOT, file)) && read(file).includes(name)]).toEqual([
          number,
          file,
          name,
          true,
        ])
  })
})
