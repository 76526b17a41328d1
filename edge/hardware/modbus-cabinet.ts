import type { Logger } from 'pino'
import { type Clock, type Timer, wait } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { DoorParts, Flag, Point, Profile, WriteAction } from '#protocol/wire/profile.ts'
import type {
  BoardReading,
  CabinetHardware,
  ClimateSample,
  DoorReading,
  HardwareListener,
  Lock,
  Pace,
  ScaleSweep,
} from './ports.ts'
import { createFaultTeller } from './fault-teller.ts'
import { doorReading, isLocked } from './ports.ts'
import type { RegisterBus, RegisterRange } from './register-bus.ts'
import { decodeFlag, decodePoint, encodePoint, type FetchedRange, planReads } from './registers.ts'

export interface ModbusCabinetOptions {
  bus: RegisterBus
  profile: Profile
  clock: Clock
  log: Logger
  periodsMs: { board: Record<Pace, number>; scales: Record<Pace, number> }
  silentDeviceRetryMs: number
  staleAfterMs: number
}

/** Pause between two looks at the lock after a command. */
const READ_BACK_PAUSE_MS = 40
/** Temperatures that lie outside the board's own block are read this often. */
const CLIMATE_PERIOD_MS = 2000

interface Poll {
  readonly name: string
  periodMs(): number
  run(): Promise<void>
  dueMonoMs: number
}

/**
 * Drives a cabinet by its profile: one loop runs whichever reading is most overdue; a device that does not answer is
 * left alone for a while, so that it cannot starve the others; commands go between two requests.
 */
export function createModbusCabinet(options: ModbusCabinetOptions): CabinetHardware {
  const { bus, profile, clock, log } = options
  const climatePlaces = placesOfClimate(profile)
  const doors: readonly DoorParts[] = [profile, ...(profile.furtherDoors ?? [])]
  const boardPlaces: Array<Point | Flag> = doors.flatMap(placesOfDoor)
  if (profile.power) boardPlaces.push(profile.power.isMainsOn)
  const boardPlan = planReads(profile, boardPlaces)
  const boardKeys = new Set(boardPlan.map(keyOf))
  const climatePlan = planReads(profile, climatePlaces).filter((range) => !boardKeys.has(keyOf(range)))
  const scalePlan = planReads(
    profile,
    profile.scales.map((scale) => scale.netGrams),
  )
  /** Ranges that failed, with the moment from which they may be asked again. */
  const silentUntil = new Map<string, number>()

  let pace: Pace = 'idle'
  let listener: HardwareListener | undefined
  let isStopped = false
  let timer: Timer | undefined
  let running: Promise<void> = Promise.resolve()
  let board: BoardReading = staleBoard(clock.monoMs())
  const faults = createFaultTeller(clock, (fault) => listener?.onBusFault(fault))
  let climate: ClimateSample = staleClimate(clock.monoMs())
  let scales: ScaleSweep = { atMonoMs: clock.monoMs(), grams: {} }

  async function fetch(plan: readonly RegisterRange[]): Promise<FetchedRange[]> {
    const fetched: FetchedRange[] = []
    for (const range of plan) fetched.push({ range, words: await fetchOne(range) })
    return fetched
  }
  async function fetchOne(range: RegisterRange): Promise<number[] | null> {
    const key = keyOf(range)
    const until = silentUntil.get(key)
    if (until !== undefined && clock.monoMs() < until) return null
    if (!bus.isOpen) return null
    try {
      // One that was silent gets a single try, so that it costs the others one time-out, not three.
      const words = await bus.read(range, until === undefined ? undefined : 1)
      if (silentUntil.delete(key))
        log.info({ unit: range.unit, register: range.start }, 'device answers again')
      return words
    } catch (error) {
      if (until === undefined) log.warn({ unit: range.unit, register: range.start }, messageOf(error))
      silentUntil.set(key, clock.monoMs() + options.silentDeviceRetryMs)
      return null
    }
  }

  async function pollBoard(): Promise<void> {
    const fetched = await fetch(boardPlan)
    board = decodeBoard(fetched)
    faults.onBoard(fetched.some(({ words }) => words !== null))
    listener?.onBoard(board)
    if (profile.climate && climatePlan.length === 0) takeClimate(fetched)
  }
  async function pollClimate(): Promise<void> {
    takeClimate(await fetch(planReads(profile, climatePlaces)))
  }
  async function pollScales(): Promise<void> {
    const fetched = await fetch(scalePlan)
    const grams: Record<string, number | null> = {}
    for (const scale of profile.scales) grams[scale.sensor] = decodePoint(fetched, scale.netGrams)
    scales = { atMonoMs: clock.monoMs(), grams }
    listener?.onScales(scales)
  }
  function decodeBoard(fetched: readonly FetchedRange[]): BoardReading {
    return {
      atMonoMs: clock.monoMs(),
      ...decodeDoor(fetched, profile),
      ...(profile.furtherDoors === undefined
        ? {}
        : { furtherDoors: profile.furtherDoors.map((door) => decodeDoor(fetched, door)) }),
      isMainsOn: profile.power ? decodeFlag(fetched, profile.power.isMainsOn) : null,
    }
  }
  function takeClimate(fetched: readonly FetchedRange[]): void {
    const points = profile.climate
    if (!points) return
    climate = {
      atMonoMs: clock.monoMs(),
      airDeciCelsius: rounded(decodePoint(fetched, points.airDeciCelsius)),
      ...(points.secondAirDeciCelsius
        ? { secondAirDeciCelsius: rounded(decodePoint(fetched, points.secondAirDeciCelsius)) }
        : {}),
      evaporatorDeciCelsius: points.evaporatorDeciCelsius
        ? rounded(decodePoint(fetched, points.evaporatorDeciCelsius))
        : null,
      setpointDeciCelsius: rounded(decodePoint(fetched, points.setpointDeciCelsius)),
      isCompressorOn: points.isCompressorOn ? decodeFlag(fetched, points.isCompressorOn) : null,
      isDefrosting: points.isDefrosting ? decodeFlag(fetched, points.isDefrosting) : null,
    }
    listener?.onClimate(climate)
  }

  const polls: Poll[] = [
    { name: 'board', periodMs: () => options.periodsMs.board[pace], run: pollBoard, dueMonoMs: 0 },
    { name: 'scales', periodMs: () => options.periodsMs.scales[pace], run: pollScales, dueMonoMs: 0 },
  ]
  if (profile.climate && climatePlan.length > 0) {
    polls.push({ name: 'climate', periodMs: () => CLIMATE_PERIOD_MS, run: pollClimate, dueMonoMs: 0 })
  }

  function schedule(): void {
    if (isStopped) return
    const next = polls.reduce((first, other) => (other.dueMonoMs < first.dueMonoMs ? other : first))
    timer = clock.setTimer(`read the ${next.name}`, Math.max(0, next.dueMonoMs - clock.monoMs()), () => {
      timer = undefined
      const startedMonoMs = clock.monoMs()
      // The rhythm is kept when a reading took long, but missed readings are not made up for.
      next.dueMonoMs = Math.max(next.dueMonoMs + next.periodMs(), startedMonoMs)
      running = next
        .run()
        .catch((error: unknown) => log.error({ err: error }, `reading the ${next.name} failed`))
        .finally(schedule)
    })
  }

  async function writeAll(actions: readonly WriteAction[]): Promise<boolean> {
    try {
      for (const action of actions) await bus.write(action.unit, action.register, action.value)
      return true
    } catch (error) {
      if (error instanceof CabinetError && error.code === 'bus_exception') return false
      throw error
    }
  }
  /** What this board can do beyond the lock and the setpoint; absent where the profile knows no way. */
  function extras(): Pick<CabinetHardware, 'tares' | 'startDefrost' | 'showDigits'> {
    const tares = profile.scales.flatMap(({ sensor, tare }) =>
      tare === undefined ? [] : [[sensor, () => writeAll(tare)] as const],
    )
    const { display } = profile
    const { defrost, isDefrosting } = profile.climate ?? {}
    return {
      tares: Object.fromEntries(tares),
      ...(defrost === undefined || isDefrosting === undefined
        ? {}
        : {
            async startDefrost() {
              if (!(await writeAll([defrost]))) return false
              const fetched: FetchedRange[] = []
              for (const range of planReads(profile, [isDefrosting]))
                fetched.push({ range, words: await bus.read(range) })
              return decodeFlag(fetched, isDefrosting) === true
            },
          }),
      ...(display === undefined
        ? {}
        : {
            showDigits: (number) => bus.write(display.unit, display.register, number ?? display.blankValue),
          }),
    }
  }

  async function readLock(): Promise<BoardReading> {
    const fetched: FetchedRange[] = []
    for (const range of boardPlan) fetched.push({ range, words: await bus.read(range) })
    board = decodeBoard(fetched)
    listener?.onBoard(board)
    return board
  }
  async function command(
    index: number,
    action: WriteAction | undefined,
    isDone: (door: DoorReading) => boolean,
  ): Promise<boolean> {
    const untilMonoMs = clock.monoMs() + (doors[index] ?? profile).lock.settleMs
    // Without an action the lock falls shut by itself; all there is to do is to look whether it did.
    if (action !== undefined && !(await writeAll([action]))) return false
    for (;;) {
      if (isDone(doorReading(await readLock(), index))) return true
      if (clock.monoMs() >= untilMonoMs) return false
      await wait(clock, 'lock settles', READ_BACK_PAUSE_MS)
    }
  }
  function lockOf({ lock }: DoorParts, index: number): Lock {
    return {
      unlock: () =>
        command(index, lock.unlock, (door) => door.isUnlocked === true && door.isBoltSeated !== true),
      lock: () => command(index, lock.lock, (door) => isLocked(door) === true),
    }
  }

  return {
    lock: lockOf(profile, 0),
    furtherLocks: (profile.furtherDoors ?? []).map((door, index) => lockOf(door, index + 1)),
    thermostat: {
      async writeSetpoint(setpoint) {
        const points = profile.climate
        if (!points) return { status: 'refused' }
        const point = points.setpointDeciCelsius
        try {
          await bus.write(point.unit, point.register, encodePoint(setpoint, point))
        } catch (error) {
          if (
            error instanceof RangeError ||
            (error instanceof CabinetError && error.code === 'bus_exception')
          )
            return { status: 'refused' }
          throw error
        }
        const range = planReads(profile, [point])
        const fetched: FetchedRange[] = []
        for (const one of range) fetched.push({ range: one, words: await bus.read(one) })
        return { status: 'written', readBack: rounded(decodePoint(fetched, point)) }
      },
    },
    ...extras(),
    sensors: profile.scales.map(({ shelf, sensor, door }) => ({ shelf, sensor, door: door ?? 0 })),
    board: () =>
      clock.monoMs() - board.atMonoMs > options.staleAfterMs ? staleBoard(clock.monoMs()) : board,
    climate: () =>
      clock.monoMs() - climate.atMonoMs > Math.max(options.staleAfterMs, 2 * CLIMATE_PERIOD_MS)
        ? staleClimate(clock.monoMs())
        : climate,
    scales: () => scales,
    setPace(given) {
      if (given === pace) return
      pace = given
      const now = clock.monoMs()
      for (const poll of polls) poll.dueMonoMs = Math.min(poll.dueMonoMs, now + poll.periodMs())
      if (timer) {
        timer.cancel()
        schedule()
      }
    },
    start(given) {
      listener = given
      bus.start({
        onLost: (reason, detail) => faults.onLost(reason, detail),
        onRestored: () => faults.onRestored(),
      })
      const now = clock.monoMs()
      for (const poll of polls) poll.dueMonoMs = now
      schedule()
    },
    async stop() {
      isStopped = true
      timer?.cancel()
      await running
      await bus.stop()
    },
  }
}

function placesOfDoor({ lock, door }: DoorParts): Flag[] {
  const places = [lock.isUnlocked, lock.isBoltSeated, door.isOpen]
  return lock.isKeyTurned ? [...places, lock.isKeyTurned] : places
}
function decodeDoor(fetched: readonly FetchedRange[], { lock, door }: DoorParts): DoorReading {
  return {
    isDoorOpen: decodeFlag(fetched, door.isOpen),
    isUnlocked: decodeFlag(fetched, lock.isUnlocked),
    isBoltSeated: decodeFlag(fetched, lock.isBoltSeated),
    isKeyTurned: lock.isKeyTurned ? decodeFlag(fetched, lock.isKeyTurned) : null,
  }
}

function placesOfClimate(profile: Profile): Array<Point | Flag> {
  const points = profile.climate
  if (!points) return []
  return [
    points.airDeciCelsius,
    ...(points.secondAirDeciCelsius ? [points.secondAirDeciCelsius] : []),
    points.setpointDeciCelsius,
    ...(points.evaporatorDeciCelsius ? [points.evaporatorDeciCelsius] : []),
    ...(points.isCompressorOn ? [points.isCompressorOn] : []),
    ...(points.isDefrosting ? [points.isDefrosting] : []),
  ]
}
function keyOf(range: RegisterRange): string {
  return `${range.unit} ${range.kind} ${range.start} ${range.count}`
}
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value)
}
function staleBoard(atMonoMs: number): BoardReading {
  return {
    atMonoMs,
    isDoorOpen: null,
    isUnlocked: null,
    isBoltSeated: null,
    isKeyTurned: null,
    isMainsOn: null,
  }
}
function staleClimate(atMonoMs: number): ClimateSample {
  return {
    atMonoMs,
    airDeciCelsius: null,
    evaporatorDeciCelsius: null,
    setpointDeciCelsius: null,
    isCompressorOn: null,
    isDefrosting: null,
  }
}
