import path from 'node:path'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { folderCommand, isFolderCommand } from './folder-commands.ts'
import { type CoreAddresses, createApp } from './app.ts'
import {
  auditLedgerCommand,
  checkProviderCommand,
  type CommandResult,
  FINANCE_COMMANDS,
  reconcileCommand,
  requireCore,
  statementCommand,
} from './finance-command.ts'
import { reportCommand } from './report-command.ts'
import { checkExposure, helpText, readJsonFile, readPolicy, readSettings, type Settings } from './config.ts'
import { PolicySchema } from './platform/policy.ts'
import { createMosquittoFolder } from './broker/mosquitto-folder.ts'
import { describeInterface } from './interface-description.ts'
import { createLog } from './platform/log.ts'
import { historyCommand } from './seed/command.ts'
import { applySeed, parseSeed, type Seeded } from './seed.ts'

type CoreApp = Awaited<ReturnType<typeof createApp>>

async function main(): Promise<number | undefined> {
  const { settings, words, wantsHelp } = readSettings(process.argv.slice(2))
  const [command = 'start', argument] = words
  if (wantsHelp) return say(helpText())
  if (command === 'config') return say(configText(settings))
  const clock = createSystemClock()
  const random = createSystemRandom()
  const log = createLog(settings['log-level'])
  const warning = checkExposure(settings)
  if (warning !== undefined && command === 'start') log.warn(warning)
  const ids = createIds(clock, random)
  if (command === 'check-provider') {
    const answerWithinMs = readPolicy(settings).providerAnswerMs
    return tell(await checkProviderCommand(settings, { clock, ids, random, answerWithinMs }))
  }
  if (isFolderCommand(command)) return tell(await folderCommand(command, settings, { clock, ids, random }))
  if (command === 'openapi')
    return say(JSON.stringify(await describeInterface({ clock, random, log, ids }), null, 2))
  if (FINANCE_COMMANDS.includes(command) || command === 'report') requireCore(settings.data)
  const core = await createApp(settings, { clock, random, log, ids })
  try {
    switch (command) {
      case 'start':
        return await start(core, settings)
      case 'migrate':
        return say(`The database in ${path.resolve(settings.data)} is up to date.`)
      case 'seed':
        return say(
          JSON.stringify(
            settings.orders === undefined
              ? await seed(core, settings)
              : await historyCommand(
                  {
                    ...core.deps,
                    applySeed: (file) => applySeed(seedDeps(core, settings), file),
                    close: () => core.stop(),
                    say: (line) => void process.stderr.write(`${line}\n`),
                  },
                  settings,
                ),
            null,
            2,
          ),
        )
      case 'enrol-code':
        return say(await enrolCode(core, argument))
      case 'mosquitto-config':
        return say(await writeMosquittoConfig(core, settings))
      case 'audit-ledger':
        return tell(await auditLedgerCommand(core.db, settings, clock.now()))
      case 'statement':
        return tell(await statementCommand(core.db, settings, clock.now()))
      case 'report':
        return tell(await reportCommand(core.db, settings, clock.now()))
      case 'reconcile':
        return tell(await reconcileCommand(billsOf(core), settings, clock.now()))
      default:
        throw new CabinetError('config_invalid', `There is no command ${command}; see --help.`)
    }
  } finally {
    if (command !== 'start') await core.stop()
  }
}

async function start(core: CoreApp, settings: Settings): Promise<undefined> {
  const { log } = core.deps
  const seeded = await seed(core, settings)
  let isStopping = false
  const stop = (why: string) => {
    if (isStopping) return
    isStopping = true
    log.info(`stopping: ${why}`)
    core.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the core did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  if (settings['exit-with-parent']) {
    process.stdin.on('end', () => stop('the parent has gone'))
    process.stdin.on('close', () => stop('the parent has gone'))
    process.stdin.resume()
  }
  // A state that nobody foresaw is not repaired in flight: what is committed is safe, and the next start continues.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected failure; the core ends and must be started again')
    process.exit(70)
  })
  try {
    const addresses = await core.start()
    announce(addresses, seeded, settings)
    log.info({ url: addresses.url, mqttPort: addresses.mqttPort }, 'the core is ready')
  } catch (error) {
    await core.stop()
    throw error
  }
  return undefined
}

function announce(addresses: CoreAddresses, seeded: Seeded, settings: Settings): void {
  if (settings['json-ready']) {
    const { signIns, enrolmentCodes } = seeded
    const line = { ready: true, ...addresses, enrolmentCodes, ...(signIns.length === 0 ? {} : { signIns }) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const lines = [
    `The core is ready: ${addresses.url}, staff at ${addresses.url}/staff.`,
    `  cabinets: ${addresses.deviceUrl} and MQTT on port ${addresses.mqttPort}; their authority is ${addresses.caFile}`,
    ...seeded.signIns.map(({ name, role, password }) => `  sign-in ${name} (${role}): ${password}`),
    ...seeded.enrolmentCodes.map(({ cabinetId, code }) => `  enrolment code of ${cabinetId}: ${code}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function seed(core: CoreApp, settings: Settings): Promise<Seeded> {
  if (settings.seed === undefined) return { signIns: [], enrolmentCodes: [] }
  const file = parseSeed(readJsonFile('seed', settings.seed), settings.seed)
  return applySeed(seedDeps(core, settings), file)
}

function seedDeps(core: CoreApp, settings: Settings) {
  return {
    ...core.deps,
    accounts: core.accounts,
    registry: core.registry,
    credentials: core.credentials,
    signInsFile: path.join(settings.data, 'core', 'sign-ins.json'),
  }
}

async function writeMosquittoConfig({ access }: CoreApp, settings: Settings): Promise<string> {
  const { out } = settings
  if (out === undefined) throw new CabinetError('config_invalid', 'Say where: mosquitto-config --out DIR.')
  const folder = createMosquittoFolder(out, {
    host: settings.host,
    certificatePort: settings['mqtt-port'],
    passwordPort: settings['password-port'],
    coreHost: '127.0.0.1',
    corePort: settings['core-mqtt-port'],
  })
  folder.write(await access.mosquittoState())
  return [
    `The files are in ${path.resolve(out)}. Start the broker, then the core with it:`,
    `  mosquitto -c ${path.join(path.resolve(out), 'mosquitto.conf')}`,
    `  npm run core -- --data ${settings.data} --mosquitto ${out}`,
  ].join('\n')
}

async function enrolCode(core: CoreApp, cabinetId: string | undefined): Promise<string> {
  if (cabinetId === undefined)
    throw new CabinetError('config_invalid', 'Say which cabinet: enrol-code CABINET.')
  const { code } = await core.credentials.createCode(cabinetId, 'system')
  return code
}

function billsOf({ commerce }: CoreApp) {
  if (commerce === undefined)
    throw new CabinetError(
      'config_invalid',
      'There is no provider to ask: give --provider FILE and --notices FILE.',
    )
  return commerce.bills
}

function configText(settings: Settings): string {
  const policy = readPolicy(settings)
  const rows = Object.entries(PolicySchema.properties).map(([name, schema]) => {
    const { title, description } = schema as { title?: string; description?: string }
    return `  ${name.padEnd(28)} ${String(policy[name as keyof typeof policy]).padStart(12)} ${(description ?? '').padEnd(6)} ${title ?? ''}`
  })
  const given = Object.entries(settings).map(([name, value]) => `  --${name.padEnd(26)} ${String(value)}`)
  return ['Settings', ...given, '', 'Policy', ...rows, ''].join('\n')
}

function tell({ text, code }: CommandResult): number {
  say(text)
  return code
}
function say(text: string): 0 {
  process.stdout.write(`${text.trimEnd()}\n`)
  return 0
}

main().then(
  (code) => {
    if (code !== undefined) process.exitCode = code
  },
  (error: unknown) => {
    const isExpected = error instanceof CabinetError
    process.stderr.write(
      `${isExpected ? error.message : error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error)}\n`,
    )
    process.exit(isExpected && error.entry.kind === 'config' ? 2 : 1)
  },
)
