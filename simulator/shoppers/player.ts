import { type Clock, wait } from '#protocol/base/clock.ts'
import { unreachable } from '#protocol/base/decision.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import type { CameraMode } from '#simulator/camera/modes.ts'
import type { Cabinet, Gesture } from '#simulator/cabinet/cabinet-types.ts'
import type { Item } from '#simulator/cabinet/goods.ts'
import { between } from '#simulator/cabinet/motions.ts'
import type { NetworkMode } from '#simulator/link/proxy.ts'
import type { PutBack, Step, Take, Visit } from './steps.ts'

/** What a shopper can act on besides the goods. */
export interface Surroundings {
  setCamera(mode: CameraMode, camera?: string): void
  setNetwork(mode: NetworkMode, delayMs?: number): void
}

/** The truth about a visit, for comparison with the charge. Only the simulator knows it. */
export interface VisitTruth {
  /** Net pieces that left the shelves; a negative number was put there. Goods of one SKU on another shelf count as there. */
  readonly taken: Readonly<Record<string, number>>
  readonly items: ReadonlyArray<{ itemId: string; sku: string | undefined; grams: number }>
  /** Goods that were moved to another shelf and stayed in the cabinet. */
  readonly misplaced: ReadonlyArray<{ itemId: string; sku: string | undefined; from: string; to: string }>
  readonly foreign: ReadonlyArray<{ itemId: string; grams: number; shelf: string }>
  readonly restocked: Readonly<Record<string, number>>
  readonly durationMs: number
}

export interface Shopper {
  /** Several gestures, each finished before the next. @returns the items that changed hands */
  take(options: Take): Promise<Item[]>
  putBack(options: PutBack): Promise<Item[]>
  /** Plays a whole visit. One at a time: a second one is refused with `conflict`. */
  play(visit: Visit): Promise<VisitTruth>
  readonly isPlaying: boolean
  /** Whatever is being played or handled ends now; who asked for it is refused with `conflict`. */
  abandon(): void
}

/** How one person acts: human pauses are divided by `speed`; `signal` ends what they do. */
interface Pace {
  readonly speed: number
  readonly signal: AbortSignal
}

/** Milliseconds between two things that a person does; divided by the visit's speed. */
const PAUSES = {
  betweenSteps: [400, 1200],
  betweenPieces: [500, 1100],
  /** A quick double pick lies within 0.3 s, motion included. */
  quick: [150, 220],
} as const
const POLL_MS = 20
const DEFAULT_WAIT_MS = 30_000

export function createShopper(options: {
  clock: Clock
  random: Random
  cabinet: Cabinet
  /** Brings the physics up to the clock. */
  sync: () => void
  surroundings: Surroundings
}): Shopper {
  const { clock, random, cabinet, sync, surroundings } = options
  function doorOf({ door = 0 }: { door?: number | undefined }) {
    const found = cabinet.doors[door]
    if (found === undefined) throw new CabinetError('not_found', `There is no door ${door}.`)
    return found
  }
  let ending = new AbortController()
  let isPlaying = false

  function paceOf(speed: number): Pace {
    return { speed, signal: ending.signal }
  }
  async function pause(ms: number, { signal }: Pace) {
    if (!(await wait(clock, 'shopper', ms, signal))) {
      throw new CabinetError(
        'conflict',
        'The visit was ended from outside: the simulator was reset or is stopping.',
      )
    }
  }
  async function until(condition: () => boolean, timeoutMs: number, what: string, pace: Pace) {
    const startMs = clock.monoMs()
    for (sync(); !condition(); sync()) {
      if (clock.monoMs() - startMs >= timeoutMs) {
        throw new CabinetError('precondition_failed', `${what} did not happen within ${timeoutMs} ms.`)
      }
      await pause(POLL_MS, pace)
    }
  }
  async function finish(gesture: Gesture, pace: Pace): Promise<Item> {
    await pause(Math.max(0, gesture.doneAtMs - cabinet.nowMs), pace)
    return gesture.item
  }

  async function take({ quantity = 1, style = 'normal', ...which }: Take, pace: Pace): Promise<Item[]> {
    const underWay: Array<Promise<Item>> = []
    for (let piece = 0; piece < quantity; piece++) {
      if (piece > 0 && style === 'quick') await pause(between(random, PAUSES.quick), pace)
      else if (piece > 0 && style !== 'together')
        await pause(between(random, PAUSES.betweenPieces) / pace.speed, pace)
      sync()
      const isShort = style === 'quick' || style === 'together'
      const gesture = finish(cabinet.take({ ...which, style: isShort ? 'quick' : style }), pace)
      underWay.push(gesture)
      if (!isShort) await gesture
    }
    return Promise.all(underWay)
  }
  async function putBack({ shelf, quantity = 1, ...which }: PutBack, pace: Pace): Promise<Item[]> {
    const done: Item[] = []
    for (let piece = 0; piece < quantity; piece++) {
      if (piece > 0) await pause(between(random, PAUSES.betweenPieces) / pace.speed, pace)
      sync()
      done.push(await finish(cabinet.putBack({ ...which, shelf: shelf ?? ownShelf(which) }), pace))
    }
    return done
  }
  /** Where the item came from; for a shopper who says nothing else. */
  function ownShelf(which: { itemId?: string; sku?: string }): string {
    const held = cabinet
      .snapshot()
      .hand.filter(
        (item) =>
          (which.itemId === undefined || item.itemId === which.itemId) &&
          (which.sku === undefined || item.sku === which.sku),
      )
    const home = held.at(-1)?.homeShelf
    if (home === undefined) {
      throw new CabinetError(
        'precondition_failed',
        held.length === 0
          ? `The hand does not hold ${which.itemId ?? which.sku ?? 'anything'}.`
          : 'This thing has no shelf of its own; name the shelf to put it on.',
      )
    }
    return home
  }

  async function run(step: Step, pace: Pace): Promise<void> {
    sync()
    switch (step.do) {
      case 'wait-unlocked':
        return until(
          () => !doorOf(step).isBoltSeated,
          step.timeoutMs ?? DEFAULT_WAIT_MS,
          'The unlocking',
          pace,
        )
      case 'wait-locked':
        return until(() => doorOf(step).isBoltSeated, step.timeoutMs ?? DEFAULT_WAIT_MS, 'The locking', pace)
      case 'wait':
        return pause(step.ms, pace)
      case 'open':
        cabinet.openDoor(step.door)
        return
      case 'close':
        cabinet.closeDoor({ isSoft: step.isSoft, door: step.door })
        return
      case 'take': {
        const { do: _, ...which } = step
        await take(which, pace)
        return
      }
      case 'put-back': {
        const { do: _, ...which } = step
        await putBack(which, pace)
        return
      }
      case 'lean':
        cabinet.lean(step)
        return pause(step.durationMs, pace)
      case 'touch':
        cabinet.touch(step)
        return pause(step.durationMs, pace)
      case 'foreign':
        await finish(cabinet.addForeign(step), pace)
        return
      case 'restock':
        cabinet.restock({ shelf: step.shelf, sku: step.sku, quantity: step.quantity })
        return pause(500, pace)
      case 'empty-hand':
        cabinet.emptyHand()
        return
      case 'camera':
        surroundings.setCamera(step.mode, step.camera)
        return
      case 'network':
        surroundings.setNetwork(step.mode, step.delayMs)
        return
      default:
        return unreachable(step)
    }
  }
  async function play({ steps, speed = 1 }: Visit): Promise<VisitTruth> {
    if (isPlaying)
      throw new CabinetError('conflict', 'A shopper is at the cabinet already; wait until the visit is over.')
    isPlaying = true
    const pace = paceOf(speed)
    const startMs = clock.monoMs()
    try {
      const before = positions(cabinet)
      for (const [index, step] of steps.entries()) {
        const isHuman = !step.do.startsWith('wait') && step.do !== 'camera' && step.do !== 'network'
        if (index > 0 && isHuman) await pause(between(random, PAUSES.betweenSteps) / speed, pace)
        await run(step, pace).catch((error: unknown) => {
          throw withStep(error, index, step)
        })
      }
      return compare(before, positions(cabinet), clock.monoMs() - startMs)
    } finally {
      isPlaying = false
    }
  }
  return {
    take: (which) => take(which, paceOf(1)),
    putBack: (which) => putBack(which, paceOf(1)),
    play,
    get isPlaying() {
      return isPlaying
    },
    abandon() {
      ending.abort()
      ending = new AbortController()
    },
  }
}

function withStep(error: unknown, index: number, step: Step): unknown {
  if (!(error instanceof CabinetError)) return error
  const detail = error.message.replace(` ${error.entry.remedy} (${error.code})`, '')
  return new CabinetError(error.code, `Step ${index + 1} (${step.do}): ${detail}`, {
    cause: error,
    context: error.context,
  })
}

/** Every item by its id, with the shelf where it lies; undefined when it is with the shopper. */
export type Positions = ReadonlyMap<string, { item: Item; shelf: string | undefined }>

export function positions(cabinet: Cabinet): Positions {
  const found = new Map<string, { item: Item; shelf: string | undefined }>()
  const { shelves, hand } = cabinet.snapshot()
  for (const shelf of shelves)
    for (const item of shelf.items) found.set(item.itemId, { item, shelf: shelf.id })
  for (const item of hand) found.set(item.itemId, { item, shelf: undefined })
  return found
}

/** What really happened between two moments. */
export function compare(before: Positions, after: Positions, durationMs: number): VisitTruth {
  const taken: Record<string, number> = {}
  const restocked: Record<string, number> = {}
  const items: Array<{ itemId: string; sku: string | undefined; grams: number }> = []
  const misplaced: Array<{ itemId: string; sku: string | undefined; from: string; to: string }> = []
  const foreign: Array<{ itemId: string; grams: number; shelf: string }> = []
  for (const [itemId, { item, shelf }] of before) {
    const now = after.get(itemId)?.shelf
    if (shelf !== undefined && now === undefined) {
      if (item.sku !== undefined) taken[item.sku] = (taken[item.sku] ?? 0) + 1
      items.push({ itemId, sku: item.sku, grams: item.grams })
    } else if (shelf === undefined && now !== undefined && item.sku !== undefined) {
      // An earlier visit's goods came back.
      taken[item.sku] = (taken[item.sku] ?? 0) - 1
    } else if (shelf !== undefined && now !== undefined && shelf !== now) {
      misplaced.push({ itemId, sku: item.sku, from: shelf, to: now })
    }
  }
  for (const [itemId, { item, shelf }] of after) {
    if (before.has(itemId) || shelf === undefined) continue
    if (item.sku === undefined) foreign.push({ itemId, grams: item.grams, shelf })
    else restocked[item.sku] = (restocked[item.sku] ?? 0) + 1
  }
  return { taken, items, misplaced, foreign, restocked, durationMs }
}
