import { parseArgs } from 'node:util'

export interface FlagSpec {
  type: 'string' | 'boolean' | 'port' | 'integer'
  /** Shown by --help after the flag, for example DIR. */
  hint?: string
  help: string
  default?: string | number | boolean
  /** Of an integer: the smallest and the largest that make sense. */
  least?: number
  most?: number
  /** Environment variable that is read when the flag is absent. */
  environment?: string
}
export type FlagValues = Record<string, string | number | boolean | undefined>

/** A wrong command line: print the sentence, exit with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Reads flags strictly: an unknown flag, a missing value or a port out of range is a sentence that says what to do.
 * @returns the values by flag name and the words that are not flags
 */
export function readFlags(
  usage: string,
  specs: Record<string, FlagSpec>,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): { values: FlagValues; words: string[]; wantsHelp: boolean; explicit: ReadonlySet<string> } {
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(
          Object.entries(specs).map(([name, spec]) => [
            name,
            { type: spec.type === 'boolean' ? ('boolean' as const) : ('string' as const) },
          ]),
        ),
      },
    }) as typeof parsed
  } catch (error) {
    const sentence = (error instanceof Error ? error.message : String(error)).split('. To specify')[0]
    throw new UsageError(`${sentence}. See --help.\n${usage}`)
  }
  const values: FlagValues = {}
  const explicit = new Set<string>()
  for (const [name, spec] of Object.entries(specs)) {
    const fromEnvironment = spec.environment === undefined ? undefined : environment[spec.environment]
    const given = parsed.values[name] ?? fromEnvironment
    if (given !== undefined) explicit.add(name)
    values[name] = given === undefined ? spec.default : convert(name, spec, given)
  }
  return { values, words: parsed.positionals, wantsHelp: parsed.values.help === true, explicit }
}

function convert(name: string, spec: FlagSpec, given: string | boolean): string | number | boolean {
  if (spec.type === 'boolean') return given === true || given === 'true' || given === '1'
  if (spec.type === 'string') return String(given)
  const number = Number(given)
  if (!Number.isSafeInteger(number) || String(given).trim() === '')
    throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(given)}.`)
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = spec
  if (number < least || number > most) {
    const range = most === Number.POSITIVE_INFINITY ? `of ${least} or more` : `from ${least} to ${most}`
    throw new UsageError(`--${name} takes a number ${range}, not ${number}.`)
  }
  if (spec.type === 'port' && (number < 0 || number > 65535)) {
    throw new UsageError(`--${name} takes a port from 0 to 65535 (0 chooses a free one), not ${number}.`)
  }
  return number
}

/** A reader that has seen enough, as `| head` has, ends the program and is no fault of it. */
export function endWithReader(output: NodeJS.WriteStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

/** The text of --help. */
export function flagHelp(usage: string, about: string, specs: Record<string, FlagSpec>): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const left = `  --${name}${spec.type === 'boolean' ? '' : ` ${spec.hint ?? (spec.type === 'port' ? 'N' : 'TEXT')}`}`
    const notes = [
      spec.default === undefined || spec.type === 'boolean' ? '' : `default ${spec.default}`,
      spec.environment === undefined ? '' : `or ${spec.environment}=`,
    ]
    const note = notes.filter((part) => part !== '').join(', ')
    return `${left.padEnd(28)} ${spec.help}${note === '' ? '' : ` (${note})`}`
  })
  return `${usage}\n\n${about}\n\n${rows.join('\n')}\n`
}
