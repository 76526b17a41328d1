import { visit } from './actors/consumer.ts'
import { act } from './actors/staff.ts'
import { heal, scheduleFaults } from './faults/carry-out.ts'
import { drawPlan, type Focus, focusOf, type Plan } from './faults/plan.ts'
import { checkAll, watch } from './invariants/index.ts'
import type { EdgeNode } from './world/edge-node.ts'
import { createWorld, type World } from './world/world.ts'

export interface RunResult {
  readonly seed: number
  readonly fingerprint: number
  /** The first thing that was broken, if anything. */
  readonly failure: { invariant: string; message: string; atMs: number } | undefined
  readonly simulatedMs: number
  readonly sessions: number
  readonly events: number
  /** Troubles, and what people did and the rules answered, by kind. */
  readonly faults: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, number>>
}

export interface RunOptions {
  readonly seed: number
  /** Undefined: the seed says it. */
  readonly focus: Focus | undefined
  /** Reads along. */
  readonly tell?: ((atMs: number, who: string, what: string) => void) | undefined
  /** Instead of what the seed draws. */
  readonly plan?: Plan | undefined
}

/**
 * After the last trouble things settle by themselves. From the first of these times on it is looked again and again
 * whether all is as it must be at rest; what is not so at the second is broken, unless it still moves.
 */
const SETTLE_SHORTEST_MS = 60_000
const SETTLE_MS = 180_000
const SETTLE_LOOK_MS = 20_000
const SETTLE_LONGEST_MS = 15 * 60_000

let present: World | undefined
/**
 * A process in which a promise was left rejected ends, and so does the run. A dead one still falls over its closed disk, and
 * one whose disk failed has ended by that already.
 */
process.on('unhandledRejection', (error) => {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (
    present === undefined ||
    /database connection is not open|this agent was killed|disk I\/O error/.test(message)
  )
    return
  present.violate('crash', message)
})

/** One run from its seed: a shop that is open for ten minutes with everything going wrong, then healed, then at rest. */
export async function runOne(options: RunOptions): Promise<RunResult> {
  const { seed } = options
  const focus = options.focus ?? focusOf(seed)
  const world = await createWorld(seed, options.tell)
  const plan = options.plan ?? drawPlan(world.chance.fork('plan'), focus)
  present = world
  const isBroken = () => world.violations.length > 0
  try {
    watch(world)
    world.core.boot()
    for (const edge of world.edges) edge.boot()
    for (const [index, one] of plan.visits.entries())
      begin(world, visit(world, world.actor(`visit ${index}`), one))
    for (const [index, one] of plan.staff.entries())
      begin(world, act(world, world.actor(`staff ${index}`), one))
    scheduleFaults(world, plan.faults)
    await world.scheduler.runUntil(plan.activeMs, isBroken)
    heal(world)
    if (!isBroken()) await checkAll(world, false)
    const settleMs = () => world.scheduler.nowMs - plan.activeMs
    await world.scheduler.runUntil(plan.activeMs + SETTLE_SHORTEST_MS, isBroken)
    while (!isBroken() && settleMs() < SETTLE_MS && !(await isAllWell(world)))
      await world.scheduler.runUntil(world.scheduler.nowMs + SETTLE_LOOK_MS, isBroken)
    if (isBroken() || settleMs() < SETTLE_MS) return resultOf(world)
    while (!isBroken() && !isAtRest(world) && settleMs() < SETTLE_LONGEST_MS)
      await world.scheduler.runUntil(world.scheduler.nowMs + SETTLE_MS / 3, isBroken)
    if (!isBroken()) await checkAll(world, true)
    return resultOf(world)
  } finally {
    world.close()
  }
}

function begin(world: World, acting: Promise<void>): void {
  acting.catch((error: unknown) =>
    world.violate('crash', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
}

/** Nothing moves any more, and nothing is asked that does not hold: the answer at the end of the run. */
async function isAllWell(world: World): Promise<boolean> {
  if (!isAtRest(world)) return false
  let isWell = true
  const judge = Object.create(world, {
    violate: {
      value: () => {
        isWell = false
      },
    },
  }) as World
  await checkAll(judge, true)
  return isWell
}

/** Nothing that time alone would still move. */
function isAtRest(world: World): boolean {
  const row = world.core.sqlite
    .prepare(
      `SELECT (SELECT count(*) FROM session WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue'))
            + (SELECT count(*) FROM staffVisit WHERE state IN ('opening','open'))
            + (SELECT count(*) FROM charge WHERE state IN ('submitted','unknown'))
            + (SELECT count(*) FROM refund WHERE state IN ('requested','submitted','unknown','processing'))
            + (SELECT count(*) FROM twin WHERE answeredVersion < version) AS open`,
    )
    .get() as { open: number }
  return row.open === 0 && world.edges.every((edge) => edge.isUp && hasToldAll(world, edge))
}

/** A reading of the cold is written every five minutes, at rest too, and is under way for a moment. */
function hasToldAll(world: World, edge: EdgeNode): boolean {
  const own = edge.sql.prepare('SELECT max(seq) AS seq FROM outbox').get() as { seq: number | null }
  const told = world.core.sqlite
    .prepare('SELECT lastSeq FROM receiver WHERE cabinetId = ?')
    .get(edge.cabinetId) as { lastSeq: number } | undefined
  return (own.seq ?? 0) <= (told?.lastSeq ?? 0)
}

function resultOf(world: World): RunResult {
  const first = world.violations[0]
  const { sessions, events } = world.core.sqlite
    .prepare('SELECT (SELECT count(*) FROM session) AS sessions, (SELECT count(*) FROM inbox) AS events')
    .get() as { sessions: number; events: number }
  world.scheduler.note(sessions)
  world.scheduler.note(events)
  return {
    seed: world.seed,
    fingerprint: world.scheduler.fingerprint,
    failure:
      first === undefined
        ? undefined
        : { invariant: first.invariantId, message: first.message, atMs: first.atMs },
    simulatedMs: world.scheduler.nowMs,
    sessions,
    events,
    faults: world.counts,
    answers: world.tallies,
  }
}
