import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type SimulatorAddresses, startSimulator } from './app.ts'
import { runControl } from './control/command-line.ts'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const HELP = `npm run simulator -- [flags]            start the cabinet, camera, network, provider and message stand-ins
npm run simulator -- control --help      act on a running one

  --data DIR            where goods positions, keys and books are kept (default data; DIR/simulator is used)
  --goods FILE          products and where they lie (default scripts/seed/demo.json)
  --seed N              seed of the physics (default 1)
  --host ADDRESS        address to listen on (default 127.0.0.1)
  --port N              workshop page, controls and camera (default 8090; 0 chooses a free one, as for all ports)
  --provider-port N     payment provider (default 8091)
  --notices-port N      message gateway (default 8092)
  --link-http-port N    the cabinet's way to the core, HTTP (default 8093)
  --link-mqtt-port N    the cabinet's way to the core, MQTT (default 8094)
  --core-http URL       where the core really is (default http://127.0.0.1:8080)
  --core-mqtt HOST:PORT where its broker really is (default 127.0.0.1:1883)
  --serial-device PATH  answer on a real serial device instead of a pseudo-terminal
  --trace-serial        write every frame of the edge's line to standard error, in hexadecimal
  --json-ready          print one JSON line with all addresses when ready
  --exit-with-parent    stop when standard input closes
`
const OPTIONS = {
  data: { type: 'string', default: 'data' },
  goods: { type: 'string', default: path.join(ROOT, 'scripts/seed/demo.json') },
  seed: { type: 'string', default: '1' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8090' },
  'provider-port': { type: 'string', default: '8091' },
  'notices-port': { type: 'string', default: '8092' },
  'link-http-port': { type: 'string', default: '8093' },
  'link-mqtt-port': { type: 'string', default: '8094' },
  'core-http': { type: 'string', default: 'http://127.0.0.1:8080' },
  'core-mqtt': { type: 'string', default: '127.0.0.1:1883' },
  'serial-device': { type: 'string' },
  'trace-serial': { type: 'boolean', default: false },
  'json-ready': { type: 'boolean', default: false },
  'exit-with-parent': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options']

const args = process.argv.slice(2)
try {
  if (args[0] === 'control') await control(args.slice(1))
  else await serve()
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(error instanceof CabinetError || error instanceof TypeError ? 2 : 1)
}

async function control(words: string[]) {
  const { exitCode, stdout, stderr } = await runControl(words)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = exitCode
}

async function serve() {
  const { values } = parseArgs({ args, options: OPTIONS })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const clock = createSystemClock()
  const random = createSystemRandom()
  const dataDir = path.resolve(values.data)
  makeFolder(path.join(dataDir, 'simulator'))
  // `control` finds a running simulator by this file.
  const addressFile = path.join(dataDir, 'simulator', 'addresses.json')
  await refuseSecond(addressFile)
  const simulator = await startSimulator({
    clock,
    random,
    ids: createIds(clock, random),
    dataDir,
    goodsFile: path.resolve(values.goods),
    seed: wholeNumber('--seed', values.seed, 2 ** 32 - 1),
    host: values.host,
    ports: {
      control: wholeNumber('--port', values.port, 65_535),
      provider: wholeNumber('--provider-port', values['provider-port'], 65_535),
      notices: wholeNumber('--notices-port', values['notices-port'], 65_535),
      linkHttp: wholeNumber('--link-http-port', values['link-http-port'], 65_535),
      linkMqtt: wholeNumber('--link-mqtt-port', values['link-mqtt-port'], 65_535),
    },
    serialDevice: values['serial-device'],
    onSerialLost: (error) => {
      process.stderr.write(`${error.message}\n`)
      process.exit(2)
    },
    onFrame: values['trace-serial']
      ? (direction, bytes) => traceFrame(clock.monoMs(), direction, bytes)
      : undefined,
    coreHttp: values['core-http'],
    coreMqtt: values['core-mqtt'],
  })
  writeFileSync(addressFile, `${JSON.stringify(simulator.addresses, null, 2)}\n`)
  if (values['json-ready'])
    process.stdout.write(`${JSON.stringify({ ready: true, ...simulator.addresses })}\n`)
  else process.stdout.write(welcome(simulator.addresses))

  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    rmSync(addressFile, { force: true })
    simulator.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Stopping failed: ${messageOf(error)}\n`)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  if (values['exit-with-parent']) {
    process.stdin.on('end', stop)
    process.stdin.on('close', stop)
    process.stdin.on('error', stop)
    process.stdin.resume()
  }
}

function traceFrame(atMs: number, direction: 'rx' | 'tx', bytes: Uint8Array) {
  const hex = Buffer.from(bytes).toString('hex').replace(/../g, '$& ').trim()
  process.stderr.write(`${(atMs / 1000).toFixed(3)} ${direction} ${hex}\n`)
}

function makeFolder(folder: string) {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new CabinetError('data_folder_unusable', `The folder ${folder} (--data): ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

/** Two simulators on one folder would pull the terminal from under each other. */
async function refuseSecond(addressFile: string) {
  if (!existsSync(addressFile)) return
  const { controlUrl } = JSON.parse(readFileSync(addressFile, 'utf8')) as Partial<SimulatorAddresses>
  const isAlive = await fetch(`${controlUrl}/state`, { signal: AbortSignal.timeout(1000) }).then(
    (answer) => answer.ok,
    () => false,
  )
  if (isAlive) {
    throw new CabinetError(
      'data_folder_unusable',
      `A simulator runs on this data folder already, at ${controlUrl}: stop it, or choose another folder with --data.`,
    )
  }
}

/** @throws CabinetError config_invalid naming the flag */
function wholeNumber(flag: string, text: string, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new CabinetError(
      'config_invalid',
      `${flag} is ${JSON.stringify(text)}; it must be a whole number from 0 to ${most}.`,
    )
  }
  return value
}

function welcome(a: SimulatorAddresses): string {
  return `The far end of every wire is ready.

  Workshop          ${a.workshopUrl}
  Camera            ${a.cameraUrl}
  Serial, cabinet   ${a.serialPath}
  Serial, service   ${a.servicePath}   for other masters, for example:
                    mbpoll -m rtu -b 115200 -P none -a 1 -r 23 -c 1 -t 4 ${a.servicePath}
  Way to the core   ${a.linkHttpUrl} and mqtt port ${a.linkMqttPort}
  Payment provider  ${a.providerUrl}   keys: ${a.merchantFile}
  Messages          ${a.noticesUrl}   settings: ${a.noticesFile}

  Act on it: npm run simulator -- control --help        Stop: Ctrl-C
`
}
