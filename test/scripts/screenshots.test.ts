import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { consumerPaths, staffPaths } from '#test/bench/console/stages.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

describe('the pages that pictures and the bench of the console show', () => {
  it('are all that the table of the staff console loads, and every page that there is', () => {
    const table = read('console/staff/routes.ts')
    expect(staffPaths().length).toBe([...table.matchAll(/\bload: \(\) =>/g)].length)
    const pages = readdirSync(path.join(ROOT, 'console/staff/pages')).filter((file) =>
      read(`console/staff/pages/${file}`).includes("@customElement('page-"),
    )
    expect(pages.filter((file) => !table.includes(`./pages/${file}'`))).toEqual([])
  })
  it('are all that the core shows to consumers', () => {
    const files = readdirSync(path.join(ROOT, 'core/pages'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`core/pages/${file}`))
    const doors = files.flatMap((text) =>
      [...text.matchAll(/\.get(?:<[^(]*>)?\(\s*['"`](\/[^'"`*]*)['"`]/g)].map((match) => String(match[1])),
    )
    expect(doors.filter((one) => !one.startsWith('/api/')).toSorted()).toEqual(consumerPaths().toSorted())
  })
})
