import path from 'node:path'
import { parseArgs } from 'node:util'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { isId } from '#protocol/base/ids.ts'
import type { ProbeLine } from './hardware/probe-command.ts'
import { parseSettings, readSettingsFile, settingEntries, type Settings } from './config.ts'

export interface RunOptions {
  dataFolder: string
  /** Without a slash at the end. */
  coreUrl: string
  serialPath: string
  cameras: ReadonlyArray<{ id: string; url: string }>
  profileFile: string | undefined
  enrolCode: string | undefined
  credentialKind: 'certificate' | 'password'
  /** Plain HTTP and MQTT to another computer. */
  mayBePlain: boolean
  mqttUrl: string | undefined
  isReadyReported: boolean
  exitsWithParent: boolean
  settings: Settings
}
export type CommandLine =
  | { command: 'help' }
  | { command: 'run'; options: RunOptions }
  | ({ command: 'probe' } & ProbeLine)
  | { command: 'profiles'; name: string | undefined }

const OPTIONS = {
  data: { type: 'string' },
  core: { type: 'string' },
  serial: { type: 'string' },
  port: { type: 'string' },
  camera: { type: 'string', multiple: true },
  profile: { type: 'string' },
  'enrol-code': { type: 'string' },
  credential: { type: 'string' },
  'allow-plain': { type: 'boolean' },
  'mqtt-url': { type: 'string' },
  config: { type: 'string' },
  set: { type: 'string', multiple: true },
  'json-ready': { type: 'boolean' },
  'exit-with-parent': { type: 'boolean' },
  json: { type: 'boolean' },
  scan: { type: 'boolean' },
  watch: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @throws config_invalid with a sentence that names the flag and what to do */
export function parseCommandLine(args: readonly string[]): CommandLine {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    throw wrong(`${messageOf(error)}; npm run edge -- --help shows the flags.`, error)
  }
  const { values, positionals } = parsed
  if (values.help) return { command: 'help' }
  const [verb, ...rest] = positionals
  if (verb === 'profiles' && rest.length <= 1) return { command: 'profiles', name: rest[0] }
  if (rest.length > 0 || (verb !== undefined && verb !== 'probe')) {
    throw wrong(
      `${JSON.stringify(positionals.join(' '))} is not a command; there are probe and profiles [NAME].`,
    )
  }
  if (verb === 'probe') {
    const serialPath = values.serial ?? values.port
    if (serialPath === undefined)
      throw missing('--serial PATH', 'the serial device, for example /dev/ttyUSB0')
    return {
      command: 'probe',
      serialPath,
      profileFile: values.profile,
      asJson: values.json ?? false,
      scans: values.scan ?? false,
      ...(values.watch === undefined ? {} : { watchSeconds: parseSeconds(values.watch) }),
    }
  }
  if (values.data === undefined)
    throw missing('--data DIR', 'the folder for the database, evidence and credentials')
  if (values.core === undefined)
    throw missing('--core URL', 'the address of the core, for example http://127.0.0.1:8080')
  if (values.serial === undefined)
    throw missing('--serial PATH', 'the serial device, for example /dev/ttyUSB0')
  const fromFile = values.config === undefined ? {} : readSettingsFile(values.config)
  const fromFlags = Object.fromEntries((values.set ?? []).map(parseSet))
  return {
    command: 'run',
    options: {
      // One folder may serve several parts of the system on one computer; each keeps to its own below it.
      dataFolder: path.resolve(values.data, 'edge'),
      coreUrl: parseUrl('--core', values.core, ['http:', 'https:']).replace(/\/+$/, ''),
      serialPath: values.serial,
      cameras: (values.camera ?? []).map(parseCamera),
      profileFile: values.profile,
      enrolCode: values['enrol-code'],
      credentialKind: parseKind(values.credential ?? 'certificate'),
      mayBePlain: values['allow-plain'] ?? false,
      mqttUrl:
        values['mqtt-url'] === undefined
          ? undefined
          : parseUrl('--mqtt-url', values['mqtt-url'], ['mqtt:', 'mqtts:', 'ws:', 'wss:']),
      isReadyReported: values['json-ready'] ?? false,
      exitsWithParent: values['exit-with-parent'] ?? false,
      settings: parseSettings({ ...fromFile, ...fromFlags }, values.config ?? '--set'),
    },
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true })
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 600)) throw wrong(`--watch ${text} must be seconds, at most 600.`)
  return seconds
}

function parseCamera(text: string): { id: string; url: string } {
  const at = text.indexOf('=')
  const id = text.slice(0, at)
  if (at < 1 || !isId(id))
    throw wrong(
      `--camera ${text} must be ID=URL, the id in lower case, for example top=http://127.0.0.1:9000/snapshot.jpg.`,
    )
  return { id, url: parseUrl('--camera', text.slice(at + 1), ['http:', 'https:']) }
}

/** `name=value`; the value is JSON, or text when it is none. */
function parseSet(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw wrong(`--set ${text} must be NAME=VALUE, for example cameraIdleMs=5000.`)
  const raw = text.slice(at + 1)
  try {
    return [text.slice(0, at), JSON.parse(raw)]
  } catch {
    return [text.slice(0, at), raw]
  }
}

function parseKind(text: string): 'certificate' | 'password' {
  if (text === 'certificate' || text === 'password') return text
  throw wrong(`--credential ${text} must be certificate or password.`)
}

function parseUrl(flag: string, text: string, protocols: readonly string[]): string {
  let url: URL
  try {
    url = new URL(text)
  } catch (error) {
    throw wrong(`${flag} ${text} is not an address; give one like ${protocols[0]}//127.0.0.1:8080.`, error)
  }
  if (!protocols.includes(url.protocol))
    throw wrong(`${flag} ${text} must start with ${protocols.map((one) => `${one}//`).join(' or ')}.`)
  return text
}

function missing(flag: string, what: string): CabinetError {
  return wrong(`${flag} is missing: ${what}. npm run edge -- --help shows all flags.`)
}
function wrong(sentence: string, cause?: unknown): CabinetError {
  return new CabinetError('config_invalid', sentence, { cause })
}

export function helpText(): string {
  const settings = settingEntries().map(
    (entry) => `  ${entry.name.padEnd(26)} ${entry.title} [${entry.byDefault} ${entry.unit}; ${entry.range}]`,
  )
  return `The agent of one cabinet: lock, door, scales, cold, cameras, and everything that happens there, told to the core.

  npm run edge -- --data DIR --core URL --serial PATH [--camera ID=URL …] [flags]
  npm run edge -- probe --port DEV [--profile FILE] [--scan] [--watch SECONDS] [--json]
                       read every point of a profile once, write nothing, and say what to change; --scan asks every address
                       who is there, --watch goes on reading and says which points moved
  npm run edge -- profiles [NAME]    profiles that come with the agent; with NAME one of them as JSON, to begin with

  --data DIR           where database, evidence and credentials are kept (DIR/edge is used)
  --core URL           address of the core
  --serial PATH        serial device of the cabinet's bus
  --camera ID=URL      a camera that answers GET with a JPEG; may be repeated
  --profile FILE       hardware profile as JSON, or the name of one that comes with the agent (default: reference)
  --enrol-code CODE    one-time code from the cabinet's page, for the first start; a new one enrols again
  --credential KIND    what is asked for at the enrolment: certificate (default) or password
  --allow-plain        speak plain HTTP and MQTT with another computer; for a network that nobody else can reach
  --mqtt-url URL       address of the broker, instead of the one that the core gave
  --config FILE        settings as JSON
  --set NAME=VALUE     one setting; may be repeated; goes before the file
  --json-ready         print {"ready":true,"cabinetId":…} on standard output once it runs
  --exit-with-parent   stop when the process that started this one is gone

Settings:
${settings.join('\n')}
`
}
