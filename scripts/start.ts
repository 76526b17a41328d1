import { rmSync } from 'node:fs'
import path from 'node:path'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { buildConsole } from './build-console.ts'
import { flagHelp, type FlagSpec, readFlags, UsageError } from './flags.ts'
import { choosePort } from './ports.ts'
import { DEMO_CABINET, type RunningSystem, ROOT, startSystem } from './system.ts'

const USAGE = 'npm start -- [flags]'
const ABOUT =
  'Starts the whole system with one simulated cabinet and prints its addresses, sign-ins and what to try.'
const FLAGS = {
  port: { type: 'port', default: 8080, environment: 'PORT', help: 'consumer pages and staff console' },
  'mqtt-port': {
    type: 'port',
    default: 8883,
    environment: 'MQTT_PORT',
    help: 'MQTT broker of the core (TLS)',
  },
  'device-port': {
    type: 'port',
    default: 8443,
    environment: 'DEVICE_PORT',
    help: 'HTTPS of the core for cabinets',
  },
  'workshop-port': {
    type: 'port',
    default: 8090,
    environment: 'WORKSHOP_PORT',
    help: 'the page on which you act as shopper and technician',
  },
  'provider-port': {
    type: 'port',
    default: 8091,
    environment: 'PROVIDER_PORT',
    help: 'the payment provider stand-in',
  },
  'notices-port': {
    type: 'port',
    default: 8092,
    environment: 'NOTICES_PORT',
    help: 'the message gateway stand-in',
  },
  host: {
    type: 'string',
    hint: 'ADDRESS',
    default: '127.0.0.1',
    environment: 'HOST',
    help: 'address to listen on',
  },
  data: {
    type: 'string',
    hint: 'DIR',
    default: 'data',
    environment: 'DATA_DIR',
    help: 'data folder: databases, keys, evidence, logs',
  },
  fresh: { type: 'boolean', help: 'empty the data folder first' },
} satisfies Record<string, FlagSpec>

/** A newcomer wants to see the temperature chart grow; a shop is content with a reading every five minutes. */
const SHORT_WINDOWS = { climateWindowMs: 20_000 }

async function main(): Promise<number> {
  const { values, wantsHelp, explicit } = readFlags(USAGE, FLAGS, process.argv.slice(2), process.env)
  if (wantsHelp) {
    process.stdout.write(flagHelp(USAGE, ABOUT, FLAGS))
    return 0
  }
  const dataDir = path.resolve(ROOT, String(values.data))
  if (values.fresh === true) rmSync(dataDir, { recursive: true, force: true })
  const port = (flag: keyof typeof FLAGS) => choosePort(flag, Number(values[flag]), explicit.has(flag))
  const ports = {
    core: await port('port'),
    mqtt: await port('mqtt-port'),
    device: await port('device-port'),
    workshop: await port('workshop-port'),
    provider: await port('provider-port'),
    notices: await port('notices-port'),
  }
  const say = (line: string) => process.stderr.write(`${line}\n`)
  await buildConsole({ say })
  const system = await startSystem({
    dataDir,
    host: String(values.host),
    ports,
    cameras: 2,
    edgeSettings: SHORT_WINDOWS,
    say,
  })
  process.stdout.write(welcome(system))
  return runUntilStopped(system)
}

function welcome(system: RunningSystem): string {
  const { core, simulator } = system
  const edgeFile = (name: string) => shownPath(path.join(system.dataDir, 'edge', name))
  const signIns = system
    .signIns()
    .map(({ name, role, password }) => `    ${name.padEnd(12)} ${password.padEnd(26)} ${role}`)
    .join('\n')
  return `
The system is running. Everything below is real but the cabinet, the provider and the phone, which are simulated.

  Consumer page   ${core.url}/c/${DEMO_CABINET}      what the code on the cabinet opens
  Workshop        ${simulator.workshopUrl}      the cabinet: take goods, cover the camera, cut the network
  Staff console   ${core.url}/staff/
  Provider books  ${simulator.providerUrl}/      what the payment provider believes
  Messages        ${simulator.noticesUrl}/      what reached the consumer's phone
  Broker          mqtts://127.0.0.1:${core.mqttPort}      Serial for other masters: ${simulator.servicePath}
  Other clients   mosquitto_sub -h 127.0.0.1 -p ${core.mqttPort} --cafile ${shownPath(core.caFile)} \\
                    --cert ${edgeFile('client.pem')} --key ${edgeFile('client.key')} -i ${DEMO_CABINET} -t 'vc/1/+/${DEMO_CABINET}/dn/#'

  Staff sign-ins (kept in ${shownPath(path.join(system.dataDir, 'core', 'sign-ins.json'))})
${signIns}

  Try this
    1. Open the consumer page, choose “Open”, pick a person on the provider's page and agree.
    2. In the workshop: open the door, click two goods, close the door.
    3. The consumer page shows what was taken and the charge. Tap “Something wrong?” and dispute it.
    4. Sign in to the staff console as “agent” and settle the ticket; as “operator” set another temperature.

  Stop with Ctrl-C. Logs: ${shownPath(path.join(system.dataDir, 'log'))}
`
}

/** Short inside the working folder; elsewhere whole, so that it can be copied from anywhere. */
function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? path.resolve(file) : relative
}

/** @returns the exit code: 0 when a person stopped it, 1 when a part ended by itself */
function runUntilStopped(system: RunningSystem): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false
    const stop = (code: number) => {
      if (isStopping) return
      isStopping = true
      system.stop().then(
        () => resolve(code),
        (error: unknown) => {
          process.stderr.write(`Stopping failed: ${messageOf(error)}\n`)
          resolve(1)
        },
      )
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))
    system.onUnexpectedExit((part, how) => {
      process.stderr.write(
        `The ${part} ended by itself (${how}). Its log, ${system.logFile(part)}, ends with:\n${system.logTail(part)}\n`,
      )
      stop(1)
    })
  })
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const isExpected = error instanceof UsageError || error instanceof CabinetError
    process.stderr.write(`${isExpected ? error.message : ((error as Error).stack ?? messageOf(error))}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  },
)
