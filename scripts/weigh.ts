import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createWeighingSession, weighTrace } from '#protocol/weighing/engine.ts'
import {
  parseWeighingBatchLine,
  parseWeighingPlanogram,
  parseWeighingSample,
  samplesOfBatchLine,
  WeighingInputError,
} from '#protocol/weighing/parse.ts'
import type { WeighingResult } from '#protocol/weighing/types.ts'
import { flagHelp, readFlags, UsageError, type FlagSpec } from './flags.ts'

const usage = `usage: npm run weigh -- --planogram P.json TRACE.jsonl [--json]
       npm run weigh -- --batch SESSIONS.jsonl --json`

const flags: Record<string, FlagSpec> = {
  planogram: { type: 'string', hint: 'FILE', help: 'what lay on the shelves: { "shelves": [ … ] }' },
  batch: {
    type: 'string',
    hint: 'FILE',
    help: 'many recorded sessions, one JSON object a line, each with its planogram',
  },
  json: { type: 'boolean', help: 'print JSON, one object a session' },
}

/** A file that is not what it must be. */
class FileError extends Error {
  override readonly name = 'FileError'
}

async function main(args: readonly string[]): Promise<void> {
  const { values, words, wantsHelp } = readFlags(usage, flags, args)
  if (wantsHelp) {
    process.stdout.write(
      flagHelp(usage, 'Weighs a recorded session again and says what left the shelves.', flags),
    )
    return
  }
  const asJson = values.json === true
  if (typeof values.batch === 'string') {
    if (words.length > 0 || values.planogram !== undefined) {
      throw new UsageError(`--batch takes no trace and no --planogram: each line has its own.\n${usage}`)
    }
    await weighBatch(values.batch, asJson)
    return
  }
  if (typeof values.planogram !== 'string')
    throw new UsageError(`Say --planogram FILE or --batch FILE.\n${usage}`)
  const [trace, ...rest] = words
  if (trace === undefined || rest.length > 0) throw new UsageError(`Name one trace file.\n${usage}`)
  const planogram = await readPlanogram(values.planogram)
  const session = createWeighingSession(planogram)
  let isEmpty = true
  for await (const { line, value } of jsonLines(trace)) {
    session.push(named(trace, line, () => parseWeighingSample(value)))
    isEmpty = false
  }
  if (isEmpty) throw new FileError(`${trace}: holds no readings; each line is { "tMs", "door", "grams" }.`)
  print(undefined, session.result(), asJson)
}

async function weighBatch(file: string, asJson: boolean): Promise<void> {
  for await (const { line, value } of jsonLines(file)) {
    const session = named(file, line, () => parseWeighingBatchLine(value))
    print(session.id, weighTrace(session.planogram, samplesOfBatchLine(session)), asJson)
  }
}

async function readPlanogram(file: string) {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new FileError(`${file}: cannot be read (${reasonOf(error)}).`)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new FileError(`${file}: is not JSON (${reasonOf(error)}).`)
  }
  try {
    return parseWeighingPlanogram(value)
  } catch (error) {
    if (error instanceof WeighingInputError) throw new FileError(`${file}: ${error.message}.`)
    throw error
  }
}

async function* jsonLines(file: string): AsyncGenerator<{ line: number; value: unknown }> {
  let line = 0
  const stream = createReadStream(file, 'utf8')
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const text of lines) {
      line++
      if (text.trim() === '') continue
      let value: unknown
      try {
        value = JSON.parse(line === 1 ? text.replace(/^\uFEFF/, '') : text)
      } catch (error) {
        throw new FileError(`${file} line ${line}: is not JSON (${reasonOf(error)}).`)
      }
      yield { line, value }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new FileError(`${file}: cannot be read (${error.message}).`)
    throw error
  } finally {
    lines.close()
    stream.destroy()
  }
}

function named<T>(file: string, line: number, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof WeighingInputError) throw new FileError(`${file} line ${line}: ${error.message}.`)
    throw error
  }
}

function print(id: string | number | undefined, result: WeighingResult, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(id === undefined ? result : { id, ...result })}\n`)
    return
  }
  const { receipt } = result
  const title = id === undefined ? '' : `${id}: `
  const lines: string[] = []
  lines.push(
    `${title}${receipt.verdict} (${percent(receipt.probability)})${receipt.reasons.length > 0 ? `, because: ${receipt.reasons.join(', ')}` : ''}`,
  )
  if (receipt.lines.length === 0) lines.push('  nothing was taken')
  for (const line of receipt.lines)
    lines.push(`  ${line.quantity} × ${line.sku}  ${percent(line.probability)}`)
  if (result.alternatives.length > 0) lines.push('or else:')
  for (const other of result.alternatives) {
    const goods = other.lines.map((line) => `${line.quantity} × ${line.sku}`).join(', ')
    lines.push(`  ${goods === '' ? 'nothing' : goods}  ${percent(other.probability)}`)
  }
  if (result.steps.length > 0) lines.push('steps:')
  for (const step of result.steps) {
    lines.push(`  ${(step.tMs / 1000).toFixed(1)} s  ${step.sensor ?? step.shelf}  ${step.explanation}`)
  }
  for (const fault of result.sensorFaults) lines.push(`sensor ${fault.sensor}: ${fault.kind}`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// A reader such as `head` may leave early; that is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof FileError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
