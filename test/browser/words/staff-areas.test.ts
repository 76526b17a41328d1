import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { hasWord } from '#console/words/staff.ts'
import type { texts } from '#console/words/words.ts'

const FOLDER = new URL('../../../console/words/', import.meta.url)

describe('the texts of the staff console', () => {
  it('stand in one area each, all of which the console reads', async () => {
    const areas = await Promise.all(
      (await readdir(new URL('staff/', FOLDER))).map(
        async (file) =>
          (await import(new URL(`staff/${file}`, FOLDER).href)) as Record<string, ReturnType<typeof texts>>,
      ),
    )
    const keys = areas.flatMap((area) => Object.values(area).flatMap((text) => Object.keys(text.en)))
    expect(keys.length).toBeGreaterThan(500)
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
    expect(keys.filter((key) => !hasWord(key))).toEqual([])
  })
  it('are in files that can be read at one sitting', async () => {
    const files = (await readdir(FOLDER, { recursive: true })).filter((name) => name.endsWith('.ts'))
    const long = await Promise.all(
      files.map(
        async (name) => [name, (await readFile(new URL(name, FOLDER), 'utf8')).split('\n').length] as const,
      ),
    )
    expect(long.filter(([, lines]) => lines > 400)).toEqual([])
  })
})
