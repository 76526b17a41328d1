import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const rows = read('docs/reference/goals-of-use.md')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => {
    const [, goal = '', , tests = '', status = ''] = line.split('|').map((cell) => cell.trim())
    return {
      goal,
      tests: [...tests.matchAll(/`([^`]+)` “([^”]+)”/g)].map((match) => ({
        file: match[1] ?? '',
        name: match[2] ?? '',
      })),
      status,
    }
  })

describe('the page of the goals of use', () => {
  it('has each goal once', () => {
    const goals = rows.map(({ goal }) => goal)
    expect(goals.length).toBeGreaterThanOrEqual(10)
    expect(new Set(goals).size).toBe(goals.length)
  })
  it('says of each that it is done, or why it is not', () => {
    for (const { goal, status } of rows)
      expect([goal, /^(done|(partly|missing): .{20,})$/.test(status)]).toEqual([goal, true])
  })
  it('names a test for each, and only tests that there are', () => {
    for (const { goal, tests } of rows) {
      expect([goal, tests.length > 0]).toEqual([goal, true])
      for (const { file, name } of tests)
        expect([goal, file, name, existsSync(path.join(ROOT, file)) && read(file).includes(name)]).toEqual([
          goal,
          file,
          name,
          true,
        ])
    }
  })
})
