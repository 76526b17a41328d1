import { wait } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import { createIds, type Ids } from '#protocol/base/ids.ts'
import { createSeededRandom, integerBelow, type Random } from '#protocol/base/random.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { type RunningSystem, startSystem } from '#scripts/system.ts'
import type { RunningDisks } from '#test/power-loss/running-disks.ts'
import { expectEqual, ExpectationError, expectThat } from '#test/support/eventually.ts'
import { SHORT_EDGE_SETTINGS, SHORT_POLICY } from '../play.ts'
import type { Campaign, CampaignPlay } from '../scenario.ts'
import { createWorkshop, createWorld, type Staff, type World } from '../world.ts'
import {
  checkDelivery,
  checkDoors,
  checkMoney,
  checkRefunds,
  checkVisits,
  type Compared,
  waitForRest,
} from './checks.ts'
import { type DoorWitness, watchDoor } from './door-witness.ts'
import { changeSetpoint, type Place, refundOnePiece, visit, type Visit } from './load.ts'
import { readRecords } from './records.ts'
import { drawStrike, strike, type Strike, type Target } from './strike.ts'

const clock = createSystemClock()
const ROUNDS = { test: 2, all: 10, full: 100 } as const
const SHOPPERS = ['李伟', '王芳', 'Anna'] as const
/** Nobody runs out of money: that would be another story. */
const BALANCE_FEN = 5_000_000
const ARRIVE_WITHIN_MS = 1500
const STAFF_WITHIN_MS = 5000
const LOG_LINES = 6
/** How long a start may take while everything else on the machine starts as well. */
const READY_WITHIN_MS = 60_000
/** The unlock that nobody uses ends soon, or a round would wait for it. */
const POLICY = { ...SHORT_POLICY, notOpenedMs: 5000, reopenGraceMs: 1000 }
/** As many as the rounds fill; most of a round is waiting for starts. */
const FLEETS_AT_ONCE = 3
/** Then a new fleet, with full shelves. */
const ROUNDS_PER_FLEET = 25

export const killRounds: Campaign = {
  name: 'kill-rounds',
  shows:
    'SIGKILL of edge, core and broker at random moments under load, also two at once: nothing lost, nothing doubled, no door late',
  async campaign(play) {
    play.say(
      await playKillRounds({
        ...play,
        rounds: play.rounds ?? ROUNDS[play.effort],
        strikesPerRound: 1,
        fleetsAtOnce: FLEETS_AT_ONCE,
      }),
    )
    return []
  },
}

export interface KillRounds extends Omit<CampaignPlay, 'effort'> {
  readonly rounds: number
  /** One after the other within the same visits; between two of them everything is up again. */
  readonly strikesPerRound: number
  /** Fleets that live side by side. */
  readonly fleetsAtOnce?: number
  /** The disks of core and edges lose with each kill what was not synced, as by a power cut. */
  readonly disks?: RunningDisks
}

/** @returns what was done and compared, as a sentence. @throws ExpectationError naming the round, with the ends of the logs */
export async function playKillRounds(play: KillRounds): Promise<string> {
  const { rounds, fleetsAtOnce = 1 } = play
  const random = createSeededRandom(play.seed)
  const totals = { events: 0, visits: 0, sales: 0, refunds: 0, kills: new Map<string, number>() }
  const waiting = Array.from({ length: Math.ceil(rounds / ROUNDS_PER_FLEET) }, (_, at) => ({
    first: at * ROUNDS_PER_FLEET + 1,
    last: Math.min(rounds, (at + 1) * ROUNDS_PER_FLEET),
    of: rounds,
    // Each fleet has dice of its own, so that the seed decides and not which of two is faster.
    random: createSeededRandom(integerBelow(random, 2 ** 32)),
  }))
  const lanes = await Promise.allSettled(
    Array.from({ length: fleetsAtOnce }, async () => {
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
          await playFleet(play, next.random, next, totals)
      } catch (error) {
        waiting.length = 0
        throw error
      }
    }),
  )
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  const kills = [...totals.kills].map(([what, count]) => `${what} ${count}`).join(', ')
  return `${rounds} rounds: ${totals.visits} visits (${totals.sales} sales), ${totals.refunds} refunds, ${totals.events} events compared; killed: ${kills}`
}

interface Totals {
  events: number
  visits: number
  sales: number
  refunds: number
  readonly kills: Map<string, number>
}
interface Rounds {
  readonly first: number
  readonly last: number
  readonly of: number
}

/** A fleet and what is remembered of it from round to round. */
interface Fleet {
  readonly system: RunningSystem
  readonly world: World
  readonly places: readonly Place[]
  readonly witnesses: readonly DoorWitness[]
  readonly lead: Staff
  readonly operator: Staff
  readonly ids: Ids
  readonly compared: Compared
  readonly refundIds: string[]
}

async function playFleet(play: KillRounds, random: Random, rounds: Rounds, totals: Totals): Promise<void> {
  const system = await startSystem({
    dataDir: `${play.dataDir}/from-round-${rounds.first}`,
    seed: play.seed,
    moreCabinets: SHOPPERS.length - 1,
    policy: POLICY,
    edgeSettings: SHORT_EDGE_SETTINGS,
    readyWithinMs: READY_WITHIN_MS,
    ...(play.disks === undefined ? {} : { environmentOf: play.disks.environmentOf }),
  })
  const died: string[] = []
  system.onUnexpectedExit((part, how) => died.push(`the ${part} ended by itself (${how})`))
  const witnesses = system.cabinets.map(watchDoor)
  let round = rounds.first
  try {
    const fleet = await gather(system, witnesses)
    for (; round <= rounds.last; round++) {
      const startedMs = clock.monoMs()
      const plans = Array.from({ length: play.strikesPerRound }, () =>
        drawStrike(
          random,
          system.cabinets.map(({ edgePart }) => edgePart),
          play.strikesPerRound,
        ),
      )
      const summary = await playRound(fleet, plans, random, totals, play.disks)
      expectThat(died.length === 0, died.join('; '))
      const what = plans.map(
        (plan) => `${plan.targets.join(' and ')} after ${plan.afterMs} ms, down ${plan.downMs} ms`,
      )
      play.say(
        `round ${round} of ${rounds.of}: ${what.join('; ')}: ${summary} (${((clock.monoMs() - startedMs) / 1000).toFixed(1)} s)`,
      )
    }
  } catch (error) {
    throw new ExpectationError(
      `round ${round} of ${rounds.of}: ${messageOf(error)}${died.length === 0 ? '' : `; ${died.join('; ')}`}${logs(system)}`,
      { cause: error },
    )
  } finally {
    for (const witness of witnesses) witness.stop()
    await system.stop()
  }
}

function logs(system: RunningSystem): string {
  const parts = ['core' as const, ...system.cabinets.map(({ edgePart }) => edgePart)]
  return parts.map((part) => `\n--- ${part}\n${system.logTail(part, LOG_LINES)}`).join('')
}

/** Everybody who takes part has been there once before the first kill: consents are given, cookies are set. */
async function gather(system: RunningSystem, witnesses: readonly DoorWitness[]): Promise<Fleet> {
  const world = createWorld(system)
  const ids = createIds(clock, createSystemRandom())
  const places = await Promise.all(
    system.cabinets.map(async (cabinet, index): Promise<Place> => {
      const consumer = await world.consumer(SHOPPERS[index], cabinet.cabinetId)
      await world.provider.setBalance(consumer.openid, BALANCE_FEN)
      const workshop = createWorkshop(cabinet.simulator.controlUrl)
      const session = await consumer.open()
      await workshop.visit([
        { do: 'wait-unlocked', timeoutMs: 10_000 },
        { do: 'open' },
        { do: 'close' },
        { do: 'wait-locked', timeoutMs: 10_000 },
      ])
      await consumer.sessionIn(session.sessionId, ['settled'])
      return { cabinet, workshop, consumer }
    }),
  )
  return {
    system,
    world,
    places,
    witnesses,
    lead: await world.staff('lead'),
    operator: await world.staff('operator'),
    ids,
    compared: new Map(),
    refundIds: [],
  }
}

async function playRound(
  fleet: Fleet,
  plans: readonly Strike[],
  random: Random,
  totals: Totals,
  disks: RunningDisks | undefined,
): Promise<string> {
  const { system, places, ids, lead, operator, refundIds } = fleet
  // Everything is drawn before it starts, so that the seed decides and not who comes first.
  const people = places.map((place) => ({
    place,
    afterMs: integerBelow(random, ARRIVE_WITHIN_MS),
    own: createSeededRandom(integerBelow(random, 2 ** 32)),
  }))
  const staff = createSeededRandom(integerBelow(random, 2 ** 32))
  const losses = createSeededRandom(integerBelow(staff, 2 ** 32))
  const refundable = readyToRefund(fleet)
  const [visits] = await Promise.all([
    Promise.all(
      people.map(async ({ place, afterMs, own }) => {
        await wait(clock, 'arrive', afterMs)
        return visit(place, ids, own)
      }),
    ),
    (async () => {
      for (const plan of plans) {
        await wait(clock, 'strike', plan.afterMs)
        await strike(system, plan, async (part) => disks?.cut(part, losses))
      }
    })(),
    (async () => {
      await wait(clock, 'staff', integerBelow(staff, STAFF_WITHIN_MS))
      const cabinet = system.cabinets[integerBelow(staff, system.cabinets.length)] ?? system.cabinets[0]
      if (cabinet !== undefined) await changeSetpoint(operator, cabinet.cabinetId, staff)
    })(),
    (async () => {
      await wait(clock, 'refund', integerBelow(staff, STAFF_WITHIN_MS))
      if (refundable === undefined) return
      const refundId = await refundOnePiece(lead, refundable, ids)
      if (refundId !== undefined) refundIds.push(refundId)
    })(),
  ])
  for (const { problem } of fleet.witnesses)
    expectThat(problem === undefined, `nobody watched a door any more: ${problem}`)
  const broken = visits.filter(({ refusal }) => refusal === 'internal')
  expectEqual(broken, [], 'phones that were told of a failure of ours instead of what happened')
  const records = await waitForRest(system, lead)
  const events = checkDelivery(system, fleet.compared)
  await checkMoney(records, fleet.world.provider)
  checkVisits(records, visits)
  checkRefunds(records, refundIds)
  checkDoors(
    records,
    fleet.witnesses.flatMap(({ unlockings }) => unlockings),
  )
  const sales = visits.filter(({ taken }) => taken !== undefined && Object.keys(taken).length > 0).length
  totals.events += events
  totals.visits += visits.filter(({ taken }) => taken !== undefined).length
  totals.sales += sales
  totals.refunds += refundable === undefined ? 0 : 1
  for (const { targets } of plans) {
    for (const target of targets) count(totals.kills, nameOf(target))
    if (targets.length > 1) count(totals.kills, 'two at once')
  }
  return describe(visits, events)
}

/** The latest paid order of which nothing was given back yet. */
function readyToRefund({ system }: Fleet): string | undefined {
  const { orders, refunds } = readRecords(system)
  const touched = new Set(refunds.map(({ orderId }) => orderId))
  return orders.findLast(({ orderId, state }) => state === 'paid' && !touched.has(orderId))?.orderId
}

function describe(visits: readonly Visit[], events: number): string {
  const done = visits.filter(({ taken }) => taken !== undefined).length
  const refusals = visits.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]))
  return `${done} of ${visits.length} visits${refusals.length === 0 ? '' : ` (refused: ${refusals.join(', ')})`}, ${events} events`
}

function count(kills: Map<string, number>, what: string): void {
  kills.set(what, (kills.get(what) ?? 0) + 1)
}

function nameOf(target: Target): string {
  return target.startsWith('edge') ? 'edge' : target
}
