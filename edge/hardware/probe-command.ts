import { pino } from 'pino'
import { type Clock, every, wait } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Profile } from '#protocol/wire/profile.ts'
import { type ProbeResult, probe, scanUnits, type WatchedPoint, watchedPoints } from './probe.ts'
import { loadProfile } from './profile-file.ts'
import { createSerialBus, type RegisterBus } from './register-bus.ts'

export interface ProbeLine {
  readonly serialPath: string
  /** A file, or the name of a profile that comes with the agent. */
  readonly profileFile: string | undefined
  readonly asJson: boolean
  /** Ask every address whether anybody is there. */
  readonly scans?: boolean
  /** Go on reading for this long and say which points moved. */
  readonly watchSeconds?: number
}

const OPEN_MS = 2000
/** The line is one's own while probing; a silent device must not take it for long. */
const FAR_MS = 600_000
const WATCH_PAUSE_MS = 200

/** @returns the exit code: 0 when the cabinet can be run like this, 2 when something must be changed first */
export async function runProbe(
  line: ProbeLine,
  { clock, say, whisper }: { clock: Clock; say: (text: string) => void; whisper: (text: string) => void },
): Promise<number> {
  const profile = loadProfile(line.profileFile)
  const bus = createSerialBus({
    path: line.serialPath,
    profile,
    clock,
    log: pino({ level: 'silent' }),
    lostAfterMs: FAR_MS,
    reopenShortestMs: FAR_MS,
    reopenLongestMs: FAR_MS,
  })
  try {
    await opened(bus, clock)
    const result = await probe(bus, profile, clock)
    if (!line.asJson) say(asText(profile, line, result))
    const units =
      line.scans === true
        ? await scanUnits(bus, (unit) => {
            if (unit % 25 === 1) whisper(`asking units ${unit} to ${Math.min(unit + 24, 247)} …\n`)
          })
        : undefined
    const watched =
      line.watchSeconds === undefined
        ? undefined
        : await watch(bus, profile, clock, line.watchSeconds, whisper)
    if (line.asJson)
      say(
        `${JSON.stringify({ profile: profile.name, version: profile.version, port: line.serialPath, isUsable: isUsable(result), points: result.points, findings: result.findings, ...(units === undefined ? {} : { unitsThatAnswer: units }), ...(watched === undefined ? {} : { watched }) }, null, 2)}\n`,
      )
    else say(further(units, watched))
    return isUsable(result) ? 0 : 2
  } finally {
    await bus.stop()
  }
}

function isUsable({ findings }: ProbeResult): boolean {
  return findings.every(({ level }) => level === 'note')
}

/** @throws serial_open_failed */
function opened(bus: RegisterBus, clock: Clock): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const timer = clock.setTimer('open the serial port', OPEN_MS, resolve)
    const look = every(clock, 'is the serial port open', 20, () => {
      if (!bus.isOpen) return
      look.cancel()
      timer.cancel()
      resolve()
    })
    bus.start({
      onLost(_reason, detail) {
        look.cancel()
        timer.cancel()
        reject(new CabinetError('serial_open_failed', `The serial device cannot be opened: ${detail}.`))
      },
      onRestored: () => undefined,
    })
  })
}

async function watch(
  bus: RegisterBus,
  profile: Profile,
  clock: Clock,
  seconds: number,
  whisper: (text: string) => void,
): Promise<WatchedPoint[]> {
  whisper(
    `Watching for ${seconds} s: open and close the door, turn the key, press on one shelf after the other.\n`,
  )
  const untilMonoMs = clock.monoMs() + seconds * 1000
  const rounds = []
  while (clock.monoMs() < untilMonoMs) {
    rounds.push((await probe(bus, profile, clock)).points)
    await wait(clock, 'the next look', WATCH_PAUSE_MS)
  }
  return watchedPoints(rounds)
}

function asText(profile: Profile, line: ProbeLine, { points, findings }: ProbeResult): string {
  const rows = points.map((row) => {
    const value = row.value === null ? `–  (${row.problem})` : `${row.value} ${row.unitOfMeasure}`
    const raw = row.raw === undefined ? '' : ` [${row.raw.join(' ')}]`
    return `  unit ${String(row.unit).padStart(3)}  register ${String(row.register).padStart(5)}  ${row.name.padEnd(26)} ${value}${raw}`
  })
  const marks = { error: '✗', warning: '!', note: '·' }
  const found = findings.map(
    ({ level, about, says, advice }) => `  ${marks[level]} ${about}\n    ${says}\n    ${advice}`,
  )
  return [
    `profile ${profile.name} version ${profile.version} on ${line.serialPath}`,
    ...(profile.notes ?? []).map((note) => `  (${note})`),
    ...rows,
    '',
    ...found,
    isUsable({ points, findings, requests: [] })
      ? 'Everything of this profile answers and makes sense. Now watch it move: --watch 30'
      : 'Change what is marked, then probe again.',
    '',
  ].join('\n')
}

function further(units: readonly number[] | undefined, watched: readonly WatchedPoint[] | undefined): string {
  const lines: string[] = []
  if (units !== undefined)
    lines.push(units.length === 0 ? 'No address answers.' : `Addresses that answer: ${units.join(', ')}.`)
  for (const { name, seen } of watched ?? [])
    lines.push(
      seen.length < 2
        ? `  ${name.padEnd(26)} did not move (${seen[0]})`
        : `  ${name.padEnd(26)} ${seen.join(' → ')}`,
    )
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
