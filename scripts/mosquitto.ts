import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Clock, wait } from '#protocol/base/clock.ts'
import { findFreePort } from './ports.ts'

export const MOSQUITTO = '/usr/sbin/mosquitto'
const READY_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 20

export interface RunningMosquitto {
  /** What the core is told with --mosquitto. */
  readonly folder: string
  /** SIGKILL is a power cut for the process. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Again with the same files and on the same ports, as its supervisor would. */
  restart(): Promise<void>
}

/**
 * A Mosquitto of Debian with the files that the core generates.
 * @throws Error when it is not installed or does not start; says what to do
 */
export async function startMosquitto(
  clock: Clock,
  dataDir: string,
  host: string,
  certificatePort: number,
): Promise<RunningMosquitto> {
  if (!existsSync(MOSQUITTO)) throw new Error('Mosquitto is not here: apt-get install mosquitto')
  const folder = path.join(dataDir, 'mosquitto')
  const ports = ['--mqtt-port', certificatePort, '--password-port', await findFreePort(host)].map(String)
  await promisify(execFile)(
    process.execPath,
    [
      'core/main.ts',
      'mosquitto-config',
      '--data',
      dataDir,
      '--host',
      host,
      '--out',
      folder,
      ...ports,
      '--core-mqtt-port',
      String(await findFreePort(host)),
      '--log-level',
      'error',
    ],
    { cwd: path.resolve(import.meta.dirname, '..'), env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  let child = await launch(clock, folder)
  async function stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    await gone
  }
  return {
    folder,
    stop,
    async restart() {
      await stop()
      child = await launch(clock, folder)
    },
  }
}

/** @returns when it has taken its ports */
async function launch(clock: Clock, folder: string): Promise<ChildProcess> {
  const pidFile = path.join(folder, 'mosquitto.pid')
  rmSync(pidFile, { force: true })
  const child = spawn(MOSQUITTO, ['-c', path.join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  for (let waitedMs = 0; !existsSync(pidFile); waitedMs += LOOK_EVERY_MS) {
    if (child.exitCode !== null || waitedMs > READY_WITHIN_MS)
      throw new Error(`Mosquitto did not start with the generated files: ${said}`)
    await wait(clock, 'Mosquitto starts', LOOK_EVERY_MS)
  }
  return child
}
