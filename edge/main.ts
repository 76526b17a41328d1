import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pino, { type Logger } from 'pino'
import { every, wait } from '#protocol/base/clock.ts'
import { createDiskRoom, type DiskRoom } from '#protocol/base/disk-room.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { createAgent } from './agent.ts'
import { type AgentPorts, FIRMWARE } from './agent-ports.ts'
import { createHttpCamera } from './camera/http-camera.ts'
import { readPicture } from './camera/picture-reader.ts'
import { helpText, parseCommandLine, type RunOptions } from './command-line.ts'
import { createCaretaker } from './caretaker.ts'
import { type EdgeDatabase, openWritable } from './database.ts'
import { createMqttLink } from './delivery/mqtt-link.ts'
import type { Credentials } from './enrolment/credentials.ts'
import { createCoreAccess } from './enrolment/core-access.ts'
import { createDeviceApi } from './enrolment/device-api.ts'
import { enrolCabinet } from './enrolment/enrol-cabinet.ts'
import { createEvidenceFiles } from './evidence/evidence-files.ts'
import { createModbusCabinet } from './hardware/modbus-cabinet.ts'
import { runProbe } from './hardware/probe-command.ts'
import { loadProfile, profileText } from './hardware/profile-file.ts'
import { createSerialBus, type RegisterBus } from './hardware/register-bus.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const ids = createIds(clock, random)

/** Stopping must not hang on a dead disk or broker. */
const STOP_LONGEST_MS = 8000
const PARENT_LOOK_MS = 500
/** A start that found no room on the disk is tried again this often. */
const START_AGAIN_MS = 2000
/** EX_TEMPFAIL: whoever supervises this process starts it again. */
const RESTART_EXIT_CODE = 75
/** Ready means that a session can start; a cabinet without a network or planogram is as ready as it gets after this. */
const READY_ANYWAY_MS = 3000
const machineBoot = readMachineBoot()

try {
  const line = parseCommandLine(process.argv.slice(2))
  if (line.command === 'help') process.stdout.write(helpText())
  else if (line.command === 'profiles') process.stdout.write(profileText(line.name))
  else if (line.command === 'probe')
    process.exitCode = await runProbe(line, {
      clock,
      say: (text) => void process.stdout.write(text),
      whisper: (text) => void process.stderr.write(text),
    })
  else await runAgent(line.options)
} catch (error) {
  if (!(error instanceof CabinetError)) throw error
  process.stderr.write(`${error.message}\n`)
  // A timer that watches the parent would keep a failed start alive.
  process.exit(1)
}

async function runAgent(options: RunOptions): Promise<void> {
  const { settings } = options
  const log = pino(
    { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  )
  const profile = loadProfile(options.profileFile)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('uncaughtException', (error) => {
    // The journal holds what counts; whoever started this process starts it again.
    log.fatal({ err: error }, 'a bug stopped the agent')
    process.exit(70)
  })
  if (options.exitsWithParent) watchParent(stop)

  const credentials = await enrolCabinet({
    dataFolder: options.dataFolder,
    coreUrl: options.coreUrl,
    code: options.enrolCode,
    kind: options.credentialKind,
    mayBePlain: options.mayBePlain,
    hardware: {
      profile: profile.name,
      firmware: FIRMWARE,
      sensors: profile.scales.length,
      cameras: options.cameras.length,
    },
    timeoutMs: settings.requestTimeoutMs,
    clock,
    random,
    log,
    signal: stopping.signal,
  })
  const own = log.child({ cabinetId: credentials.cabinetId })
  const restarting = new AbortController()
  const ready = once(() => {
    if (options.isReadyReported) {
      process.stdout.write(`${JSON.stringify({ ready: true, cabinetId: credentials.cabinetId })}\n`)
    }
  })
  const room = watchRoom(options, own)
  const db = await openWhenThereIsRoom(options, profile, own, room, stopping.signal)
  if (db === undefined) process.exit(0)
  const agent = assemble(options, credentials, profile, own, {
    db,
    hasRoom: () => !room.isLow(),
    restart: () => restarting.abort(),
    onReady: ready,
  })
  agent.start()
  const anyway = clock.setTimer('ready anyway', READY_ANYWAY_MS, ready)
  await aborted(AbortSignal.any([stopping.signal, restarting.signal]))
  const isRestarting = !stopping.signal.aborted
  own.info(isRestarting ? 'restarting' : 'stopping')
  anyway.cancel()
  const force = clock.setTimer('stop the agent', STOP_LONGEST_MS, () => {
    own.error('stopping took too long')
    // A restart is what a stuck agent needs most.
    if (isRestarting) startAgain(own)
    process.exit(1)
  })
  await agent.stop()
  force.cancel()
  if (isRestarting) startAgain(own)
  process.exit(0)
}

/**
 * A new program in the place of this one: same process id, same standard output, nothing of the old memory. So no supervisor
 * is needed for a restart, and one that watches the process notices nothing. Where the system cannot do that, the exit code
 * asks for it.
 */
function startAgain(log: Logger): never {
  if (process.execve === undefined || process.platform === 'win32') process.exit(RESTART_EXIT_CODE)
  try {
    process.execve(
      process.execPath,
      [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
      process.env,
    )
  } catch (error) {
    log.error({ err: error }, 'the process could not be replaced; it ends, to be started again')
  }
  process.exit(RESTART_EXIT_CODE)
}

function watchRoom({ dataFolder, settings }: RunOptions, log: Logger): DiskRoom {
  const room = createDiskRoom({
    folder: dataFolder,
    reserveBytes: settings.diskReserveBytes,
    clock,
    onChange: (isLow, freeBytes) =>
      isLow
        ? log.error({ freeBytes }, 'little room is left on the disk; no new sessions start')
        : log.warn({ freeBytes }, 'there is room on the disk again'),
  })
  room.start()
  return room
}

/**
 * A start needs a little room, for its own number at least. Until there is some the doors are kept locked; a process that
 * ended instead would leave that to nobody, and a supervisor that gives up would leave it so.
 * @returns undefined when the process is to stop before
 */
async function openWhenThereIsRoom(
  options: RunOptions,
  profile: Profile,
  log: Logger,
  room: DiskRoom,
  stopping: AbortSignal,
): Promise<EdgeDatabase | undefined> {
  const file = path.join(options.dataFolder, 'edge.sqlite')
  let caretaker: ReturnType<typeof createCaretaker> | undefined
  try {
    while (!stopping.aborted) {
      try {
        return openWritable(file, { onFull: () => room.noteFull() })
      } catch (error) {
        if (storageTroubleOf(error) !== 'full') throw error
        room.noteFull()
        if (caretaker === undefined) {
          log.error(
            { freeBytes: room.freeBytes() },
            'the disk is full: the agent cannot start. The doors are kept locked and nobody is let in. Make room; it goes on by itself',
          )
          caretaker = createCaretaker({
            hardware: createHardware(options, profile, log),
            clock,
            log: log.child({ part: 'caretaker' }),
            lockRetryMs: options.settings.lockRetryMs,
          })
          caretaker.start()
        }
        await Promise.race([wait(clock, 'look for room', START_AGAIN_MS), aborted(stopping)])
      }
    }
    return undefined
  } finally {
    await caretaker?.stop()
  }
}

function createHardware(options: RunOptions, profile: Profile, log: Logger) {
  const { settings } = options
  return createModbusCabinet({
    bus: createBus(options.serialPath, profile, log, settings),
    profile,
    clock,
    log: log.child({ part: 'hardware' }),
    periodsMs: {
      board: { idle: settings.boardIdleMs, session: settings.boardSessionMs },
      scales: { idle: settings.scalesIdleMs, session: settings.scalesSessionMs },
    },
    silentDeviceRetryMs: settings.silentDeviceRetryMs,
    staleAfterMs: settings.staleAfterMs,
  })
}

function assemble(
  options: RunOptions,
  credentials: Credentials,
  profile: Profile,
  log: Logger,
  rim: Pick<AgentPorts, 'db' | 'hasRoom' | 'restart' | 'onReady'>,
) {
  const { settings, dataFolder } = options
  const { cabinetId, partition } = credentials
  const access = createCoreAccess({
    ...options,
    credentials,
    clock,
    random,
    log: log.child({ part: 'credentials' }),
    onNext: () => link.drop('new credentials are tried'),
  })
  access.keeper.start()
  const link = createMqttLink({
    credentials: access.keeper,
    cabinetId,
    partition,
    clock,
    ids,
    random,
    log: log.child({ part: 'link' }),
    connectTimeoutMs: settings.connectTimeoutMs,
    keepaliveSeconds: settings.keepaliveSeconds,
    reconnectShortestMs: settings.reconnectShortestMs,
    reconnectLongestMs: settings.reconnectLongestMs,
  })
  return createAgent({
    clock,
    ids,
    random,
    log,
    hardware: createHardware(options, profile, log),
    link,
    cameras: options.cameras.map(({ id, url }) => createHttpCamera(id, url, settings.cameraTimeoutMs)),
    readPicture,
    files: createEvidenceFiles(path.join(dataFolder, 'evidence')),
    createDeviceApi: (nowMs) =>
      createDeviceApi({
        client: access.client,
        cabinetId,
        privateKeyPem: () => access.keeper.signingKey(),
        nowMs,
      }),
    profileName: profile.name,
    machineRun: () => ({ boot: machineBoot, uptimeMs: Math.round(os.uptime() * 1000) }),
    settings,
    ...rim,
  })
}

/** Linux names each run of the machine anew; elsewhere nobody does. */
function readMachineBoot(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function createBus(
  serialPath: string,
  profile: Profile,
  log: Logger,
  settings: Pick<
    RunOptions['settings'],
    'busLostAfterMs' | 'serialReopenShortestMs' | 'serialReopenLongestMs'
  >,
): RegisterBus {
  return createSerialBus({
    path: serialPath,
    profile,
    clock,
    log: log.child({ part: 'bus' }),
    lostAfterMs: settings.busLostAfterMs,
    reopenShortestMs: settings.serialReopenShortestMs,
    reopenLongestMs: settings.serialReopenLongestMs,
  })
}

function watchParent(stop: () => void): void {
  const parent = process.ppid
  process.on('disconnect', stop)
  every(clock, 'is the parent there', PARENT_LOOK_MS, () => {
    if (process.ppid !== parent) stop()
  })
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
