import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Parser } from '@asyncapi/parser'
import { describe, expect, it } from 'vitest'
import { GENERATED_DOCUMENTS } from '#scripts/generated-documents.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

describe('documents that are made from code', () => {
  it.for(GENERATED_DOCUMENTS)(
    '$file says what the code says ("npm run docs" writes it anew)',
    async ({ file, make }) => {
      expect(readFileSync(path.join(ROOT, file), 'utf8')).toBe(await make())
    },
  )

  it('the AsyncAPI document is valid AsyncAPI', async () => {
    const text = readFileSync(path.join(ROOT, 'docs/reference/asyncapi.yaml'), 'utf8')
    const { document, diagnostics } = await new Parser().parse(text)
    expect(
      diagnostics
        .filter(({ severity }) => severity === 0)
        .map(({ message, path: at }) => `${at.join('.')}: ${message}`),
    ).toEqual([])
    expect(document?.channels().all()).toHaveLength(8)
  })
})
