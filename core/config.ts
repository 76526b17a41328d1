import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import Type from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { createPolicy, type Policy, PolicySchema } from '#core/platform/policy.ts'

/** What a core is started with. Numbers of the business are the policy; these are addresses and files. */
export const SettingsSchema = Type.Object(
  {
    data: Type.String({ title: 'Data folder', default: 'data', minLength: 1 }),
    host: Type.String({ title: 'Address to listen on', default: '127.0.0.1', minLength: 1 }),
    port: Type.Integer({ title: 'HTTP port, 0 for a free one', default: 8080, minimum: 0, maximum: 65535 }),
    'mqtt-port': Type.Integer({
      title: 'MQTT port for cabinets (TLS), 0 for a free one',
      default: 8883,
      minimum: 0,
      maximum: 65535,
    }),
    'device-port': Type.Integer({
      title: 'HTTPS port for cabinets, 0 for a free one',
      default: 8443,
      minimum: 0,
      maximum: 65535,
    }),
    'device-hosts': Type.Optional(
      Type.String({
        title:
          'Names and addresses under which cabinets reach this core, with commas; they stand in its certificate, the first is told to cabinets',
        pattern: '^[A-Za-z0-9.:-]+(,[A-Za-z0-9.:-]+)*$',
      }),
    ),
    'mqtt-url': Type.Optional(
      Type.String({
        title: 'Broker to connect to instead of the embedded one',
        pattern: '^mqtts?://[^/]+$',
      }),
    ),
    'mqtt-ca': Type.Optional(
      Type.String({ title: 'PEM file of the authority of that broker; without it our own' }),
    ),
    'device-mqtt-url': Type.Optional(
      Type.String({
        title: 'Where cabinets reach that broker, when it differs',
        pattern: '^mqtts?://[^/]+$',
      }),
    ),
    mosquitto: Type.Optional(
      Type.String({ title: 'Folder made by mosquitto-config; its Mosquitto serves, and is kept up to date' }),
    ),
    'password-port': Type.Integer({
      title: 'mosquitto-config: port for cabinets with a password',
      default: 8884,
      minimum: 1,
      maximum: 65535,
    }),
    'core-mqtt-port': Type.Integer({
      title: 'mosquitto-config: port for the core, on this computer',
      default: 8885,
      minimum: 1,
      maximum: 65535,
    }),
    'emqx-secret': Type.Optional(
      Type.String({ title: 'File with the secret with which an EMQX asks who may connect' }),
    ),
    out: Type.Optional(Type.String({ title: 'mosquitto-config: folder to write' })),
    'second-factor': Type.Union([Type.Literal('required'), Type.Literal('offered')], {
      title:
        'Leads, managers, finance and admins sign in with a code besides the password: required, or offered (for trials)',
      default: 'required',
    }),
    'plain-mqtt': Type.Boolean({
      title: 'Cabinets speak MQTT without TLS; for a network that nobody else can reach',
      default: false,
    }),
    'public-url': Type.Optional(
      Type.String({
        title: 'Address under which phones and the provider reach this core',
        pattern: '^https?://[^/]+$',
      }),
    ),
    provider: Type.Optional(Type.String({ title: 'File with the payment provider account (merchant.json)' })),
    notices: Type.Optional(Type.String({ title: 'File with the message gateway (notices.json)' })),
    policy: Type.Optional(Type.String({ title: 'File with policy settings that differ from the defaults' })),
    seed: Type.Optional(Type.String({ title: 'File with the first cabinet, products and accounts' })),
    orders: Type.Optional(
      Type.Integer({
        title: 'seed: invent so many orders over two years, in an empty data folder',
        minimum: 1,
        maximum: 5_000_000,
      }),
    ),
    tickets: Type.Optional(
      Type.Integer({
        title: 'seed --orders: so many of them are asked about; one of a hundred when left out',
        minimum: 0,
        maximum: 5_000_000,
      }),
    ),
    'workshop-url': Type.Optional(
      Type.String({ title: 'Page of the simulator, linked from the start page' }),
    ),
    'allow-plain-http': Type.Boolean({
      title: 'Serve plain HTTP on an address that others can reach',
      default: false,
    }),
    'json-ready': Type.Boolean({ title: 'Print one JSON line when ready', default: false }),
    'exit-with-parent': Type.Boolean({ title: 'Stop when standard input ends', default: false }),
    backups: Type.Optional(
      Type.String({
        title: 'Folder of the hourly backups, at best on another disk; data/backups when left out',
        minLength: 1,
      }),
    ),
    'check-seconds': Type.Integer({
      title: 'Ask whether every promise holds, every so many seconds',
      default: 60,
      minimum: 1,
      maximum: 3600,
    }),
    'on-call': Type.Optional(
      Type.String({
        title: 'Address that is told (POST, JSON) when a person is needed',
        pattern: '^https?://',
      }),
    ),
    'disk-reserve-mib': Type.Integer({
      title: 'With less room on the disk than this no new session is opened, in MiB',
      default: 256,
      minimum: 1,
      maximum: 1_000_000,
    }),
    from: Type.Optional(
      Type.String({ title: 'Backup that is restored, or a folder of them: the newest', minLength: 1 }),
    ),
    to: Type.Optional(Type.String({ title: 'Folder for a backup, or for a copy of the keys', minLength: 1 })),
    keys: Type.Optional(Type.String({ title: 'Folder with the keys for a restore', minLength: 1 })),
    json: Type.Boolean({ title: 'Print what a command found as JSON', default: false }),
    day: Type.Optional(
      Type.String({ title: 'Day of a statement or a bill, 2026-03-01; yesterday when left out' }),
    ),
    operator: Type.Optional(Type.String({ title: 'Only this operator, in a statement or a report' })),
    csv: Type.Boolean({ title: 'Print a statement or a report as CSV', default: false }),
    month: Type.Optional(
      Type.String({
        title: 'Month of a report, 2026-10; the last one that ended when left out',
        pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
      }),
    ),
    table: Type.Optional(
      Type.String({
        title: 'Only this table of a report: figures, types, causes, refunds, cabinets, products, days',
      }),
    ),
    'log-level': Type.Union(
      ['debug', 'info', 'warn', 'error'].map((level) => Type.Literal(level)),
      { title: 'Least level that is logged: debug, info, warn, error', default: 'info' },
    ),
  },
  { additionalProperties: false },
)
export type Settings = Type.Static<typeof SettingsSchema>

const PROPERTIES = SettingsSchema.properties as Record<
  string,
  { type?: string; title?: string; default?: string | number | boolean }
>

/**
 * Settings and words of a command line.
 * @throws CabinetError with a sentence that names the flag
 */
export function readSettings(args: readonly string[]): {
  settings: Settings
  words: string[]
  wantsHelp: boolean
} {
  const options = Object.fromEntries(
    Object.entries(PROPERTIES).map(([name, { type }]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }) as typeof parsed
  } catch (error) {
    throw new CabinetError('config_invalid', `${messageOf(error).split('. To specify')[0]}; see --help.`)
  }
  const values: Record<string, unknown> = {}
  for (const [name, { type, default: fallback }] of Object.entries(PROPERTIES)) {
    const given = parsed.values[name]
    const value = given === undefined ? fallback : type === 'integer' ? Number(given) : given
    if (value !== undefined) values[name] = value
  }
  const checked = parseValue(SettingsSchema, values)
  if (!checked.ok) throw new CabinetError('config_invalid', `--${checked.reason.replace(/^\//, '')}.`)
  return { settings: checked.value, words: parsed.positionals, wantsHelp: parsed.values['help'] === true }
}

/** The lines of --help. */
export function helpText(): string {
  const rows = Object.entries(PROPERTIES).map(([name, { type, title, default: fallback }]) => {
    const left = type === 'boolean' ? `--${name}` : `--${name} ${type === 'integer' ? 'N' : 'TEXT'}`
    const note = fallback === undefined || type === 'boolean' ? '' : ` (default ${String(fallback)})`
    return `  ${left.padEnd(24)} ${title ?? ''}${note}`
  })
  return [
    'npm run core -- [command] [flags]',
    '',
    'Without a command: starts the core with its broker.',
    '  migrate                  bring the database up to date and stop',
    '  seed                     create what --seed names and stop; with --orders N also two years of invented business',
    '  config                   print settings and policy',
    '  enrol-code CABINET       print a new enrolment code',
    '  mosquitto-config         write the files of a Mosquitto that serves instead of the embedded broker (--out DIR)',
    '  check-provider           try account, keys, clock and address of the payment provider [--json]',
    '  audit-ledger             hold the journal against orders, payments and refunds [--json]',
    '  statement                a day of the operators [--day D] [--operator O] [--csv | --json]',
    '  report                   a month of support [--month M] [--operator O] [--table T] [--csv | --json]',
    '  reconcile                compare a day with the bill of the provider [--day D] [--json]',
    '  check-invariants         ask whether every promise holds, beside a core that runs [--json]',
    '  backup                   make a sealed backup now [--to FOLDER] [--json]',
    '  keys                     copy the keys that no backup holds [--to FOLDER]',
    '  restore                  put a backup into an empty data folder [--from FILE] [--keys FOLDER] [--json]',
    '  openapi                  print the description of the HTTP interface',
    '',
    ...rows,
    '',
  ].join('\n')
}

/** docs/reference/core-configuration.md, whole; a test keeps the two equal. */
export function configurationReference(): string {
  const cell = (value: unknown) => (value === undefined ? '' : `\`${JSON.stringify(value)}\``)
  const flags = Object.entries(PROPERTIES).map(
    ([name, { title, default: fallback }]) => `| \`--${name}\` | ${title ?? ''} | ${cell(fallback)} |`,
  )
  const policy = Object.entries(PolicySchema.properties).map(([name, schema]) => {
    const {
      title,
      description,
      default: fallback,
      minimum,
      maximum,
    } = schema as unknown as Record<string, unknown>
    return `| \`${name}\` | ${String(title)} | ${String(description)} | ${String(fallback)} | ${String(minimum)} … ${String(maximum)} |`
  })
  return [
    '# Configuration of the core',
    '',
    'Made from the code by `npm run docs`; a test keeps the two equal.',
    'A wrong value stops the start with a sentence that names the setting.',
    '',
    '## Flags',
    '',
    '| flag | meaning | default |',
    '|---|---|---|',
    ...flags,
    '',
    '## Policy',
    '',
    'Numbers on which the business decides. `--policy FILE` is a JSON object with the settings that differ; all need a restart.',
    '`npm run core -- config --policy FILE` shows what holds.',
    '',
    '| setting | meaning | unit | default | range |',
    '|---|---|---|---|---|',
    ...policy,
    '',
    '## Data folder',
    '',
    '| file | what | mode |',
    '|---|---|---|',
    '| `core/core.sqlite` | everything but pictures and traces | 700 on the folder |',
    '| `core/evidence/` | pictures and weight traces, named by the SHA-256 of their bytes | 700 |',
    '| `core/authority/` | certificate authority and certificate of the server, PEM; `ca.pem` is public, back up `ca.key`: without it every cabinet must be enrolled again | 600 |',
    '| `core/enrolment.key` | key of the hashes of enrolment codes | 600 |',
    '| `core/backup.key` | key of the backups; a backup does not hold it, so keep a copy elsewhere: `npm run core -- keys --to FOLDER` | 600 |',
    '| `backups/` | sealed backups, 24 hourly and 35 daily; another folder with `--backups` | 700 |',
    '| `core/audit.key` | key of the audit chain, made on the first start; without it the chain cannot be checked | 600 |',
    '| `core/sign-ins.json` | passwords of accounts that the seed made, to be handed out and deleted | 600 |',
    '',
  ].join('\n')
}

/** A JSON file named by a setting. @throws CabinetError naming the flag and the file */
export function readJsonFile(flag: string, file: string): unknown {
  if (!existsSync(file))
    throw new CabinetError('config_invalid', `--${flag}: there is no file ${path.resolve(file)}.`)
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CabinetError('config_invalid', `--${flag}: ${file} is not JSON (${messageOf(error)}).`, {
      cause: error,
    })
  }
}

const SECRET_LETTERS_LEAST = 32
/** A secret from a file that only this user reads. @throws CabinetError naming the flag and what to do */
export function readSecret(flag: string, file: string): string {
  if (!existsSync(file))
    throw new CabinetError('config_invalid', `--${flag}: there is no file ${path.resolve(file)}.`)
  if ((statSync(file).mode & 0o077) !== 0)
    throw new CabinetError('config_invalid', `--${flag}: others may read ${file}; chmod 600 it.`)
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < SECRET_LETTERS_LEAST)
    throw new CabinetError(
      'config_invalid',
      `--${flag}: ${file} holds ${secret.length} letters, at least ${SECRET_LETTERS_LEAST} are needed; make one with: openssl rand -base64 32`,
    )
  return secret
}

export function readPolicy(settings: Settings): Policy {
  if (settings.policy === undefined) return createPolicy()
  const overrides = readJsonFile('policy', settings.policy)
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides))
    throw new CabinetError('config_invalid', `--policy: ${settings.policy} holds no object of settings.`)
  return createPolicy(overrides as Record<string, unknown>)
}

/** Under which names cabinets reach this core; the first is told to them. */
export function serverHosts(settings: Settings): string[] {
  if (settings['device-hosts'] !== undefined) return settings['device-hosts'].split(',')
  const named =
    settings['public-url'] === undefined ? settings.host : new URL(settings['public-url']).hostname
  const isAny = ['0.0.0.0', '::', '[::]'].includes(named)
  return [...new Set([...(isAny ? [] : [named.replace(/^\[|\]$/g, '')]), '127.0.0.1', 'localhost'])]
}

/** Plain HTTP only where nobody else can listen, or by an explicit word. */
export function checkExposure(settings: Settings): string | undefined {
  const isSecure = settings['public-url']?.startsWith('https:') === true
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(settings.host)
  if (isSecure) return undefined
  if (!isLoopback && !settings['allow-plain-http']) {
    throw new CabinetError(
      'config_invalid',
      `--host ${settings.host} is reachable by others, but --public-url is not https. Put a TLS proxy in front and give its address, or say --allow-plain-http.`,
    )
  }
  return 'Plain HTTP: cookies are not marked Secure. This is meant for this computer only.'
}
