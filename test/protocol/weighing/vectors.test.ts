import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { weighTrace } from '#protocol/weighing/engine.ts'
import { parseWeighingBatchLine, samplesOfBatchLine } from '#protocol/weighing/parse.ts'

const folder = path.resolve(import.meta.dirname, '../../../protocol/vectors/weighing')

type Vector = {
  why: string
  session: unknown
  expected: { lines: Array<{ sku: string; quantity: number }>; verdict: string; reasons: string[] }
}

describe('recordings that every version of the engine must read alike', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { why, session, expected } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Vector
    it(`${file}: ${why}`, () => {
      const line = parseWeighingBatchLine(session)
      const { receipt } = weighTrace(line.planogram, samplesOfBatchLine(line))
      expect({
        lines: receipt.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        verdict: receipt.verdict,
        reasons: receipt.reasons,
      }).toEqual(expected)
    })
  }
})
