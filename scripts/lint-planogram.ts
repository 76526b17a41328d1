import { readFile } from 'node:fs/promises'
import { lintPlanogram, type PlanogramLint } from '#protocol/weighing/linter.ts'
import { parseWeighingPlanogram, WeighingInputError } from '#protocol/weighing/parse.ts'
import { flagHelp, readFlags, UsageError, type FlagSpec } from './flags.ts'

const usage = 'usage: npm run lint-planogram -- FILE [--json]'
const flags: Record<string, FlagSpec> = { json: { type: 'boolean', help: 'print JSON' } }

async function main(args: readonly string[]): Promise<void> {
  const { values, words, wantsHelp } = readFlags(usage, flags, args)
  if (wantsHelp) {
    const about = 'Says how often weight alone will mistake the goods of a planogram, and deals them better.'
    process.stdout.write(flagHelp(usage, about, flags))
    return
  }
  const [file, ...rest] = words
  if (file === undefined || rest.length > 0) throw new UsageError(`Name one planogram file.\n${usage}`)
  const lint = lintPlanogram(await readPlanogram(file))
  process.stdout.write(values.json === true ? `${JSON.stringify(lint)}\n` : textOf(lint))
}

async function readPlanogram(file: string) {
  try {
    return parseWeighingPlanogram(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (error instanceof WeighingInputError) throw new UsageError(`${file}: ${error.message}.`)
    if (error instanceof SyntaxError) throw new UsageError(`${file}: is not JSON (${error.message}).`)
    if (error instanceof Error && 'code' in error) {
      throw new UsageError(`${file}: cannot be read (${error.message}).`)
    }
    throw error
  }
}

function textOf(lint: PlanogramLint): string {
  const lines = [`Predicted error of one step, whole cabinet: ${percent(lint.errorShare)}`]
  for (const shelf of lint.shelves) {
    lines.push(
      `  ${shelf.shelf}: one unit ${percent(shelf.singleErrorShare)}, handfuls ${percent(shelf.handfulErrorShare)}`,
    )
  }
  if (lint.pairs.length > 0) lines.push('Pairs that are hard to tell apart:')
  for (const pair of lint.pairs) {
    const price = pair.samePrice ? ', same price' : ''
    lines.push(
      `  ${pair.shelf}: ${pair.skus[0]} and ${pair.skus[1]} are ${pair.gapGrams.toFixed(1)} g apart and need ${pair.neededGapGrams.toFixed(1)} g: ${pair.verdict}, ${percent(pair.errorShare)} wrong${price}`,
    )
  }
  if (lint.better === null) lines.push('No better dealing of these goods over these shelves was found.')
  else {
    lines.push(`Better: ${percent(lint.better.errorShare)} with ${lint.better.moves} products moved`)
    for (const shelf of lint.better.shelves) lines.push(`  ${shelf.id}: ${shelf.skus.join(', ')}`)
  }
  return `${lines.join('\n')}\n`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
