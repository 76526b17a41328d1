import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { gaussian } from '#protocol/base/random.ts'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import type {
  BoardReading,
  CabinetHardware,
  ClimateSample,
  HardwareListener,
  Pace,
  ScaleSweep,
} from '#edge/hardware/ports.ts'
import { PRODUCTS, SHELVES } from './cast.ts'
import type { CameraAilment } from './camera-ailment.ts'
import type { Chance } from './chance.ts'
import type { Count } from './count.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** What is wrong with the hardware at the moment. */
export interface Ailments {
  /** The bus does not answer: readings are stale, commands throw. */
  isBusDead: boolean
  /** The relay clicks, the lock does not move. */
  isLockStuck: boolean
  /** A scale that gives no number, or the same number for ever. */
  scale: { sensor: string; how: 'silent' | 'stuck' | 'mad' } | undefined
  camera: CameraAilment | undefined
}

/** A row of the agent's journal of commands: `args` is JSON. */
export interface OrderedUnlock {
  readonly command_id: string
  readonly args: string
}

/** The steel, the goods and the air: what is really the case, whatever any software believes. It survives every crash. */
export interface CabinetBody {
  readonly cabinetId: string
  readonly ailments: Ailments
  /** One, or two with the last shelf behind the second. Doors count from 0. */
  readonly doorCount: number
  isDoorOpen(door: number): boolean
  isUnlocked(door: number): boolean
  readonly setpointDeciCelsius: number
  /** Pieces by product. */
  readonly goods: ReadonlyMap<string, number>
  /**
   * Each time the lock is told to free the bolt, which takes its time: what the journal knew in that moment. The memory may
   * be another one when the bolt moves.
   */
  onUnlockOrdered: (door: number) => OrderedUnlock | undefined
  /** Each time the bolt was really drawn. */
  onUnlocked: (atMs: number, door: number, ordered: OrderedUnlock | undefined) => void
  /** Somebody pulls. @returns whether the door opened */
  pullDoor(door: number): boolean
  pushDoor(door: number): void
  /** @returns whether there was one to take; only with its door open */
  take(sku: string): boolean
  putBack(sku: string): void
  /** Every shelf is touched, so scales are read again and again for a moment. */
  readonly shelfOf: (sku: string) => string
  readonly doorOf: (shelf: string) => number
  attach(life: Life, clock: Clock): CabinetHardware
}

/** What changes is told at once, and what does not is the same half a minute later. */
const BOARD_IDLE_MS = 30_000
const BOARD_SESSION_MS = 400
/** A session begins with a weighing of its own. */
const SCALES_IDLE_MS = 30_000
/** The longest that the settings of the agent allow. */
const SCALES_SESSION_MS = 200
/** The default of the agent, and how far back its baseline reaches. */
const SCALES_QUIET_MS = 500
const QUIET_MS = 4000
const CLIMATE_MS = 30_000
const RELAY_MS = 40
const READ_BACK_MS = 180
const BUS_TIMEOUT_MS = 600
const NOISE_GRAMS = 0.6
const GRAMS = new Map<string, number>(PRODUCTS.map(({ sku, unitGrams }) => [sku, unitGrams]))
const SENSORS = SHELVES.map(({ id }) => ({ shelf: id, sensor: id }))
const LAST_SHELF = SHELVES.at(-1)?.id

export function createCabinetBody(deps: {
  cabinetId: string
  doorCount: number
  scheduler: Scheduler
  chance: Chance
  count: Count
}): CabinetBody {
  const { cabinetId, doorCount, scheduler, chance, count } = deps
  const doors = Array.from({ length: doorCount }, () => ({ isOpen: false, isUnlocked: false }))
  const doorAt = (door: number) => {
    const found = doors[door]
    if (found === undefined) throw new RangeError(`${cabinetId} has no door ${door}`)
    return found
  }
  const doorOf = (shelf: string) => (doorCount > 1 && shelf === LAST_SHELF ? 1 : 0)
  const isAnyOpen = () => doors.some((one) => one.isOpen)
  const ailments: Ailments = { isBusDead: false, isLockStuck: false, scale: undefined, camera: undefined }
  const goods = new Map<string, number>()
  for (const { lanes } of SHELVES) for (const { sku, stock } of lanes) goods.set(sku, stock)
  const stuck = new Map<string, number>()
  let setpointDeciCelsius = 40
  let nudge: (() => void) | undefined
  /** When door or goods last moved. */
  let movedAtMs = -60_000

  function moveLock(door: number, isFree: boolean, ordered: OrderedUnlock | undefined): void {
    if (ailments.isLockStuck) {
      count('lock stuck')
      return
    }
    const moved = doorAt(door)
    const was = moved.isUnlocked
    moved.isUnlocked = isFree
    if (isFree && !was) body.onUnlocked(scheduler.nowMs, door, ordered)
    nudge?.()
  }
  /** Until goods move. */
  const weights = new Map<string, number>()
  function trueGrams(shelf: string): number {
    let grams = weights.get(shelf)
    if (grams === undefined) {
      grams = 1000
      for (const { id, lanes } of SHELVES)
        if (id === shelf) for (const { sku } of lanes) grams += (goods.get(sku) ?? 0) * (GRAMS.get(sku) ?? 0)
      weights.set(shelf, grams)
    }
    return grams
  }
  function readScale(sensor: string): number | null {
    if (ailments.isBusDead) return null
    const fault = ailments.scale?.sensor === sensor ? ailments.scale.how : undefined
    if (fault === 'silent') return null
    if (fault === 'mad') return chance.between(-40_000, 40_000)
    const grams = Math.round((trueGrams(sensor) + gaussian(chance) * NOISE_GRAMS) * 10) / 10
    if (fault !== 'stuck') stuck.delete(sensor)
    else if (!stuck.has(sensor)) stuck.set(sensor, grams)
    return stuck.get(sensor) ?? grams
  }

  const body: CabinetBody = {
    cabinetId,
    ailments,
    goods,
    onUnlockOrdered: () => undefined,
    onUnlocked: () => undefined,
    doorCount,
    isDoorOpen: (door) => doorAt(door).isOpen,
    isUnlocked: (door) => doorAt(door).isUnlocked,
    get setpointDeciCelsius() {
      return setpointDeciCelsius
    },
    pullDoor(door) {
      const pulled = doorAt(door)
      if (!pulled.isUnlocked && !pulled.isOpen) return false
      pulled.isOpen = true
      movedAtMs = scheduler.nowMs
      nudge?.()
      return true
    },
    pushDoor(door) {
      doorAt(door).isOpen = false
      movedAtMs = scheduler.nowMs
      nudge?.()
    },
    take(sku) {
      const count = goods.get(sku) ?? 0
      if (!doorAt(doorOf(body.shelfOf(sku))).isOpen || count === 0) return false
      goods.set(sku, count - 1)
      weights.clear()
      nudge?.()
      return true
    },
    putBack(sku) {
      goods.set(sku, (goods.get(sku) ?? 0) + 1)
      weights.clear()
      nudge?.()
    },
    shelfOf: (sku) => SHELVES.find(({ lanes }) => lanes.some((lane) => lane.sku === sku))?.id ?? '',
    doorOf,
    attach,
  }
  return body

  function attach(life: Life, clock: Clock): CabinetHardware {
    let listener: HardwareListener | undefined
    let pace: Pace = 'idle'
    const looks: Array<{ again(): void; cancel(): void }> = []
    let isBusFaultTold = false
    const attachedMonoMs = clock.monoMs()
    let weighedMonoMs = attachedMonoMs

    function board(): BoardReading {
      const atMonoMs = clock.monoMs()
      if (ailments.isBusDead)
        return {
          atMonoMs,
          isDoorOpen: null,
          isUnlocked: null,
          isBoltSeated: null,
          isKeyTurned: null,
          isMainsOn: null,
        }
      const [first, ...further] = doors.map(({ isOpen, isUnlocked }) => ({
        isDoorOpen: isOpen,
        isUnlocked,
        isBoltSeated: !isUnlocked && !isOpen,
        isKeyTurned: false,
      }))
      if (first === undefined) throw new Error('assertion failed: a cabinet has a door')
      return {
        atMonoMs,
        ...first,
        isMainsOn: true,
        ...(further.length === 0 ? {} : { furtherDoors: further }),
      }
    }
    function climate(): ClimateSample {
      const isDead = ailments.isBusDead
      return {
        atMonoMs: clock.monoMs(),
        airDeciCelsius: isDead ? null : setpointDeciCelsius + (isAnyOpen() ? 15 : 0),
        evaporatorDeciCelsius: isDead ? null : setpointDeciCelsius - 80,
        setpointDeciCelsius: isDead ? null : setpointDeciCelsius,
        isCompressorOn: isDead ? null : true,
        isDefrosting: isDead ? null : false,
      }
    }
    function scales(): ScaleSweep {
      return {
        atMonoMs: clock.monoMs(),
        grams: Object.fromEntries(SENSORS.map(({ sensor }) => [sensor, readScale(sensor)])),
      }
    }
    function tellBoard(): void {
      if (!life.isAlive || listener === undefined) return
      if (ailments.isBusDead !== isBusFaultTold) {
        isBusFaultTold = ailments.isBusDead
        listener.onBusFault({
          phase: isBusFaultTold ? 'began' : 'ended',
          reason: 'bus_timeout',
        })
      }
      listener.onBoard(board())
    }
    /** The real bus logs what its listener throws and polls on; only a full disk is a reason that is nobody's fault. */
    function patiently(run: () => void): void {
      try {
        run()
      } catch (error) {
        if (storageTroubleOf(error) !== 'full') throw error
        count('reading that found no room')
      }
    }
    /** A repeated look whose period follows the pace. */
    function look(name: string, periodMs: () => number, run: () => void): void {
      let timer: Timer | undefined
      function again(): void {
        timer?.cancel()
        timer = scheduler.at(life, name, periodMs(), () => {
          // Nothing that a listener throws ends the polling of a real bus either.
          again()
          patiently(run)
        })
      }
      again()
      looks.push({ again, cancel: () => timer?.cancel() })
    }
    /**
     * Idle scales are read rarely here, because nothing happens to them. The readings since the last time that a real bus
     * would have brought are brought together, in their order: the weights stood still.
     */
    function weigh(): void {
      if (listener === undefined) return
      const nowMonoMs = clock.monoMs()
      const stillMs = isAnyOpen()
        ? 0
        : Math.min(QUIET_MS, scheduler.nowMs - movedAtMs, nowMonoMs - attachedMonoMs)
      const fromMonoMs = Math.max(nowMonoMs - stillMs, weighedMonoMs + SCALES_QUIET_MS)
      for (let atMonoMs = fromMonoMs; atMonoMs < nowMonoMs; atMonoMs += SCALES_QUIET_MS)
        listener.onScales({ ...scales(), atMonoMs })
      weighedMonoMs = nowMonoMs
      listener.onScales(scales())
    }
    const lockMove = (door: number, isFree: boolean) =>
      new Promise<boolean>((resolve, reject) => {
        if (!life.isAlive) return
        if (ailments.isBusDead) {
          scheduler.at(life, 'bus timeout', BUS_TIMEOUT_MS, () =>
            reject(new Error('the board does not answer')),
          )
          return
        }
        const ordered = isFree ? body.onUnlockOrdered(door) : undefined
        // The relay needs no software once it was told.
        scheduler.at(undefined, 'relay', RELAY_MS, () => moveLock(door, isFree, ordered))
        scheduler.at(life, 'read back', READ_BACK_MS, () => {
          if (ailments.isBusDead) reject(new Error('the board does not answer'))
          else {
            const { isOpen, isUnlocked } = doorAt(door)
            resolve(isFree ? isUnlocked : !isUnlocked && !isOpen)
          }
        })
      })
    const lockOf = (door: number) => ({
      unlock: () => lockMove(door, true),
      lock: () => lockMove(door, false),
    })

    return {
      sensors: doorCount === 1 ? SENSORS : SENSORS.map((one) => ({ ...one, door: doorOf(one.shelf) })),
      lock: lockOf(0),
      ...(doorCount === 1 ? {} : { furtherLocks: [lockOf(1)] }),
      thermostat: {
        writeSetpoint: (setpoint) =>
          new Promise((resolve, reject) => {
            scheduler.at(life, 'write setpoint', 60, () => {
              if (ailments.isBusDead) {
                reject(new Error('the thermostat does not answer'))
                return
              }
              setpointDeciCelsius = setpoint
              resolve({ status: 'written', readBack: setpoint })
            })
          }),
      },
      board,
      climate,
      scales,
      setPace(given) {
        if (pace === given) return
        pace = given
        if (given === 'session') patiently(weigh)
        for (const one of looks) one.again()
      },
      start(given) {
        listener = given
        nudge = () => void scheduler.at(life, 'contact', chance.between(5, 60), () => patiently(tellBoard))
        const isBusy = () => pace === 'session'
        scheduler.at(life, 'first reading', 30, () => patiently(tellBoard))
        look('board', () => (isBusy() ? BOARD_SESSION_MS : BOARD_IDLE_MS), tellBoard)
        look('scales', () => (isBusy() ? SCALES_SESSION_MS : SCALES_IDLE_MS), weigh)
        look(
          'climate',
          () => CLIMATE_MS,
          () => given.onClimate(climate()),
        )
      },
      async stop() {
        for (const one of looks) one.cancel()
        listener = undefined
      },
    }
  }
}
