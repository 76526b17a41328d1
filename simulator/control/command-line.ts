import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '#protocol/base/errors.ts'
import { CommandLineError, controlCommands, Words } from './commands.ts'
import type { SimulatorState } from './state.ts'

export interface CommandLineResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** `npm run simulator -- control <command> [words] [--url U] [--data DIR] [--json]` against a running simulator. */
export async function runControl(args: readonly string[]): Promise<CommandLineResult> {
  try {
    const { values, positionals } = parseArgs({
      args: protectNegatives(args),
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        data: { type: 'string', default: 'data' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const [name, ...rest] = positionals.map(restoreNegative)
    if (values.help || name === undefined) return { exitCode: 0, stdout: helpText(), stderr: '' }
    const command = Object.hasOwn(controlCommands, name) ? controlCommands[name] : undefined
    if (command === undefined) {
      throw new CommandLineError(
        `there is no command ${name}; known: ${Object.keys(controlCommands).join(', ')}`,
      )
    }
    const words = new Words(rest)
    const request = command.request(words)
    words.finish()
    const url = values.url ?? findUrl(values.data)
    const answer = await fetch(`${url.replace(/\/(control\/?)?$/, '')}/control/${request.path}`, {
      method: request.method,
      headers: { 'content-type': 'application/json' },
      body: request.method === 'POST' ? JSON.stringify(request.body ?? {}) : undefined,
    }).catch((error: unknown) => {
      throw new CommandLineError(
        `no simulator answers at ${url} (${messageOf(error)}); start it with npm start or npm run simulator, or name it with --url`,
      )
    })
    const body: unknown = await answer.json()
    if (!answer.ok) return { exitCode: 1, stdout: '', stderr: `${refusalText(body)}\n` }
    return { exitCode: 0, stdout: `${values.json ? JSON.stringify(body) : show(body)}\n`, stderr: '' }
  } catch (error) {
    const isUsage = error instanceof CommandLineError || error instanceof TypeError
    if (!isUsage) throw error
    return {
      exitCode: 2,
      stdout: '',
      stderr: `${messageOf(error)}. See: npm run simulator -- control --help\n`,
    }
  }
}

/** parseArgs takes -5 for a flag; a temperature may be negative. */
function protectNegatives(args: readonly string[]): string[] {
  return args.map((arg) => (/^-\d/.test(arg) ? `\u2212${arg.slice(1)}` : arg))
}
function restoreNegative(word: string): string {
  return word.replace(/^\u2212/, '-')
}

/** The running simulator of this data folder wrote its addresses there. */
function findUrl(dataDir: string): string {
  const file = path.join(dataDir, 'simulator', 'addresses.json')
  try {
    const addresses = JSON.parse(readFileSync(file, 'utf8')) as { controlUrl?: string }
    if (addresses.controlUrl !== undefined) return addresses.controlUrl
  } catch (error) {
    throw new CommandLineError(
      `no running simulator is noted in ${file} (${messageOf(error)}); name its folder with --data or its address with --url`,
    )
  }
  throw new CommandLineError(`${file} names no address; name it with --url`)
}

function helpText(): string {
  const rows = Object.entries(controlCommands).map(
    ([name, { usage, help }]) => `  ${`${name} ${usage}`.padEnd(42)} ${help}`,
  )
  return [
    'npm run simulator -- control <command> [--url URL] [--data DIR] [--json]',
    '',
    'Act as shopper and technician on a running simulator.',
    '',
    ...rows,
    '',
    'Examples: control take s3 cola-330 · control camera covered · control network cut · control shop normal-visit',
    '',
  ].join('\n')
}

function refusalText(body: unknown): string {
  return typeof body === 'object' && body !== null && 'message' in body
    ? String(body.message)
    : JSON.stringify(body)
}
function show(body: unknown): string {
  return isState(body) ? showState(body) : JSON.stringify(body, null, 2)
}
function isState(body: unknown): body is SimulatorState {
  return typeof body === 'object' && body !== null && 'shelves' in body && 'climate' in body
}
function showState(state: SimulatorState): string {
  const shelves = state.shelves.map((shelf) => {
    const counts = new Map<string, number>()
    for (const { sku } of shelf.items) counts.set(sku ?? 'foreign', (counts.get(sku ?? 'foreign') ?? 0) + 1)
    const goods = [...counts].map(([sku, count]) => `${sku} ×${count}`).join(', ')
    const grams = shelf.grams === null ? 'fault' : `${shelf.grams.toFixed(1)} g`
    return `  ${shelf.id}  ${grams.padStart(10)}  ${goods}`
  })
  const { lock, climate, network, serial } = state
  return [
    `door ${state.door}, lock ${lock.state}, bolt ${lock.isBoltSeated ? 'seated' : 'free'}`,
    ...shelves,
    `hand: ${state.hand.map((item) => item.itemId).join(', ') || 'empty'}`,
    `air ${(climate.airDeciCelsius / 10).toFixed(1)} °C, set ${(climate.setpointDeciCelsius / 10).toFixed(1)} °C, compressor ${climate.isCompressorOn ? 'on' : 'off'}`,
    `camera ${state.camera.mode}, network ${network.mode}${network.delayMs > 0 ? ` +${network.delayMs} ms` : ''}, serial ${serial.mode}`,
    `faults: ${state.faults.join(', ') || 'none'}`,
  ].join('\n')
}
