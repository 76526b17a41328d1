import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { known } from './parts.ts'
import type { SystemOptions } from './options.ts'
import type { Place } from './places.ts'

/** The ports that are promised to others before the part that listens is there. */
export interface SystemPorts {
  readonly core: number
  readonly mqtt: number
  readonly device: number
  readonly workshop: number
  readonly provider: number
  readonly notices: number
}

/** What each part is started with, read anew at each start: a simulator comes back on the ports that it had. */
export interface CommandLines {
  simulator(place: Place): string[]
  core(mosquittoFolder: string | undefined): string[]
  edge(place: Place): string[]
}

export function createCommandLines(
  options: SystemOptions,
  about: { readonly host: string; readonly ports: SystemPorts; readonly first: Place },
): CommandLines {
  const { dataDir } = options
  const { host, ports } = about
  const { seedFile } = about.first
  const publicUrl = `http://${host}:${ports.core}`
  const policyFile = writeSettings(dataDir, 'policy.json', options.policy)
  const edgeFile = writeSettings(dataDir, 'edge.json', options.edgeSettings)

  function simulator({ simulator, ...place }: Place): string[] {
    const isFirst = place.dataDir === dataDir
    const wish = isFirst ? ports : { workshop: 0, provider: 0, notices: 0 }
    return [
      'simulator/main.ts',
      '--data',
      place.dataDir,
      '--host',
      host,
      '--port',
      String(simulator === undefined ? wish.workshop : portOf(simulator.workshopUrl)),
      '--provider-port',
      String(simulator === undefined ? wish.provider : portOf(simulator.providerUrl)),
      '--notices-port',
      String(simulator === undefined ? wish.notices : portOf(simulator.noticesUrl)),
      '--link-mqtt-port',
      String(simulator?.linkMqttPort ?? 0),
      '--link-http-port',
      String(simulator === undefined ? 0 : portOf(simulator.linkHttpUrl)),
      '--core-mqtt',
      `${host}:${ports.mqtt}`,
      '--core-http',
      `https://${host}:${ports.device}`,
      '--goods',
      place.seedFile,
      ...(options.seed === undefined ? [] : ['--seed', String(options.seed)]),
      '--json-ready',
      '--exit-with-parent',
    ]
  }
  function core(mosquittoFolder: string | undefined): string[] {
    const far = known(about.first.simulator, 'simulator')
    return [
      'core/main.ts',
      '--data',
      dataDir,
      '--host',
      host,
      '--port',
      String(ports.core),
      '--mqtt-port',
      String(ports.mqtt),
      '--device-port',
      String(ports.device),
      ...(mosquittoFolder === undefined ? [] : ['--mosquitto', mosquittoFolder]),
      '--second-factor',
      options.secondFactor ?? 'offered',
      '--public-url',
      publicUrl,
      '--provider',
      far.merchantFile,
      '--notices',
      far.noticesFile,
      '--seed',
      seedFile,
      '--workshop-url',
      far.workshopUrl,
      ...(policyFile === undefined ? [] : ['--policy', policyFile]),
      '--json-ready',
      '--exit-with-parent',
    ]
  }
  function edge({ enrolmentCode, ...place }: Place): string[] {
    const far = known(place.simulator, place.simulatorPart)
    return [
      ...(options.edgeProgram === undefined ? ['edge/main.ts'] : []),
      ...(options.edgeFlags ?? []),
      '--data',
      place.dataDir,
      '--core',
      `https://${host}:${portOf(far.linkHttpUrl)}`,
      '--mqtt-url',
      `mqtts://${host}:${far.linkMqttPort}`,
      '--serial',
      far.serialPath,
      ...Object.entries(far.cameraUrls)
        .slice(0, options.cameras ?? 1)
        .flatMap(([id, url]) => ['--camera', `${id}=${url}`]),
      ...(enrolmentCode === undefined ? [] : ['--enrol-code', enrolmentCode]),
      ...(edgeFile === undefined ? [] : ['--config', edgeFile]),
      '--json-ready',
      '--exit-with-parent',
    ]
  }

  return { simulator, core, edge }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function writeSettings(
  dataDir: string,
  name: string,
  settings: Record<string, unknown> | undefined,
): string | undefined {
  if (settings === undefined) return undefined
  const file = path.join(dataDir, name)
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`)
  return file
}
