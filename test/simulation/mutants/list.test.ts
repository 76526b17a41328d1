import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { MUTANTS } from './list.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

describe('a bug that waits to be planted', () => {
  it.each(MUTANTS.map((mutant) => [mutant.id, mutant] as const))(
    'still fits its file: %s',
    (_id, { file, find, also }) => {
      const source = readFileSync(path.join(ROOT, file), 'utf8')
      expect(source.split(find)).toHaveLength(2)
      if (also !== undefined) expect(source.split(also.find)).toHaveLength(2)
    },
  )
})
