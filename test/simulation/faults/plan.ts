import { CAMERA_AILMENTS, type CameraAilment } from '../world/camera-ailment.ts'
import { CABINETS, CONSUMERS } from '../world/cast.ts'
import type { VisitPlan } from '../world/visit-plan.ts'
import { SKUS } from '../actors/consumer.ts'
import type { StaffPlan } from '../actors/staff.ts'
import type { Chance } from '../world/chance.ts'

/** Where the troubles of a run lie. */
export const FOCUSES = ['everything', 'money', 'door', 'stream'] as const
export type Focus = (typeof FOCUSES)[number]

/** Without another wish the seed says where its troubles lie, so that a run over many seeds sees all of them. */
export function focusOf(seed: number): Focus {
  return (['everything', 'everything', 'money', 'door', 'stream'] as const)[seed % 5] ?? 'everything'
}

/** One trouble, as data: what, where, when, for how long. Dropping entries of a plan makes a smaller case of it. */
export type Fault = { readonly atMs: number; readonly forMs: number } & (
  | { kind: 'bad lines'; lossShare: number; duplicateShare: number; lateShare: number; lateLongestMs: number }
  | { kind: 'partition'; cabinetId: string }
  | { kind: 'half-open'; cabinetId: string; way: 'up' | 'down' }
  | { kind: 'kill edge'; cabinetId: string; moment: CrashMoment; nth: number; isPowerCut: boolean }
  | { kind: 'restart edge'; cabinetId: string }
  | { kind: 'kill core'; moment: CrashMoment; nth: number }
  | { kind: 'kill broker' }
  /** The broker alone, as one that runs by itself: it keeps what it retained, and the core finds it again later than others. */
  | { kind: 'restart broker'; awayMs: number; coreLaterMs: number }
  | { kind: 'clock of edge'; cabinetId: string; offsetMs: number }
  | { kind: 'clock of core'; stepMs: number }
  | { kind: 'bus dead'; cabinetId: string }
  | { kind: 'lock stuck'; cabinetId: string }
  | { kind: 'scale'; cabinetId: string; sensor: string; how: 'silent' | 'stuck' | 'mad' }
  /** Of the one cabinet that has a camera, if this run has one. */
  | { kind: 'camera'; cabinetId: string; how: CameraAilment }
  | {
      kind: 'bad provider'
      lostBefore: number
      lostAfter: number
      fails: number
      twice: number
      slow: number
    }
  | { kind: 'bad callbacks'; lost: number; twice: number; late: number }
  | { kind: 'provider'; how: ScriptedFault; delayMs: number | null }
  | { kind: 'replayed command'; cabinetId: string }
  /** What the cabinet keeps is what it was so long ago: a card from a drawer, or a disk that had synced nothing since. */
  | { kind: 'old card'; cabinetId: string }
  | { kind: 'new card'; cabinetId: string }
  /** A copy of the card runs in another machine. */
  | { kind: 'cloned card'; cabinetId: string }
  /** The power of the core fails, and its disk had synced nothing for so long although it said so. */
  | { kind: 'lying core disk' }
  /** Undefined: the disk of the core. */
  | { kind: 'disk full'; cabinetId: string | undefined }
  | { kind: 'failing commit'; cabinetId: string | undefined; nth: number; isKept: boolean }
)
export type CrashMoment = 'now' | 'before-commit' | 'after-commit'
export type ScriptedFault =
  | 'double_payment'
  | 'delayed_deduction'
  | 'insufficient_balance'
  | 'refund_abnormal'
  | 'refund_closed'
  | 'refund_slow'
  | 'refund_refused'

export interface Plan {
  readonly focus: Focus
  /** Faults may begin until here; then everything heals. */
  readonly activeMs: number
  readonly visits: readonly VisitPlan[]
  readonly staff: readonly StaffPlan[]
  readonly faults: readonly Fault[]
}

const ACTIVE_SHORTEST_MS = 600_000
const ACTIVE_LONGEST_MS = 620_000
const FIRST_VISIT_MS = 6000
const YEAR_MS = 365 * 24 * 3_600_000

const KINDS: Record<Focus, ReadonlyArray<Fault['kind']>> = {
  everything: [
    'bad lines',
    'bad lines',
    'partition',
    'half-open',
    'kill edge',
    'kill edge',
    'restart edge',
    'kill core',
    'kill core',
    'kill broker',
    'restart broker',
    'old card',
    'new card',
    'cloned card',
    'clock of edge',
    'clock of core',
    'bus dead',
    'lock stuck',
    'scale',
    'bad provider',
    'bad provider',
    'bad callbacks',
    'provider',
    'replayed command',
    'disk full',
    'failing commit',
  ],
  money: [
    'kill core',
    'kill core',
    'kill core',
    'bad provider',
    'bad provider',
    'bad callbacks',
    'provider',
    'provider',
    'disk full',
    'failing commit',
  ],
  door: [
    'bad lines',
    'partition',
    'half-open',
    'kill edge',
    'kill edge',
    'kill core',
    'bus dead',
    'lock stuck',
    'clock of edge',
    'clock of edge',
    'replayed command',
    'failing commit',
    'camera',
    'camera',
  ],
  stream: [
    'bad lines',
    'bad lines',
    'partition',
    'half-open',
    'kill edge',
    'kill core',
    'kill broker',
    'restart broker',
    'restart broker',
    'old card',
    'new card',
    'cloned card',
    'clock of edge',
    'restart edge',
    'disk full',
    'failing commit',
  ],
}

/** Everything that happens in a run and is not chance of the moment: drawn once, from the seed. */
export function drawPlan(chance: Chance, focus: Focus): Plan {
  const activeMs = chance.between(ACTIVE_SHORTEST_MS, ACTIVE_LONGEST_MS)
  const visits = drawVisits(chance.fork('visits'), activeMs, focus)
  const of = chance.fork('faults')
  const faults = Array.from({ length: of.between(2, 6) }, () => drawFault(of, focus, activeMs, visits))
  // A clock that jumps matters most while something is under way.
  for (const { atMs } of faults.filter(({ kind }) => kind === 'clock of edge'))
    if (of.isTrue(0.6))
      faults.push({
        kind: 'bad lines',
        atMs: Math.max(0, atMs - 10_000),
        forMs: 20_000,
        lossShare: 0,
        duplicateShare: of.next() * 0.4,
        lateShare: 0.4 + of.next() * 0.5,
        lateLongestMs: 15_000,
      })
  // Money without a trouble at the provider would be no trouble with money.
  while (focus === 'money' && !faults.some(isOfProvider)) faults.push(drawFault(of, focus, activeMs, visits))
  const lying = drawLyingDisk(chance.fork('lying core disk'), activeMs, visits)
  if (lying !== undefined && focus !== 'door') faults.push(lying)
  return {
    focus,
    activeMs,
    visits,
    staff: drawStaff(chance.fork('staff'), activeMs, focus, faults),
    faults: faults.toSorted((a, b) => a.atMs - b.atMs),
  }
}

const LYING_DISK_SHARE = 0.1

/** Drawn apart, and only in some runs: it makes many a question of the others moot, and copying a disk costs. */
function drawLyingDisk(chance: Chance, activeMs: number, visits: readonly VisitPlan[]): Fault | undefined {
  if (!chance.isTrue(LYING_DISK_SHARE)) return undefined
  // Now and then what it keeps last is a door that is just being asked for.
  const [soonestMs, latestMs] = chance.isTrue(0.3) ? [0, 500] : [-20_000, 40_000]
  const atMs = chance.pick(visits).atMs + chance.between(soonestMs, latestMs)
  const forMs = chance.isTrue(0.7) ? chance.between(1000, 40_000) : chance.between(40_000, 150_000)
  return {
    kind: 'lying core disk',
    atMs: Math.max(0, Math.min(atMs, activeMs - 1000)),
    forMs: Math.min(forMs, activeMs - 1000),
  }
}

export function isOfProvider({ kind }: Fault): boolean {
  return kind === 'bad provider' || kind === 'bad callbacks' || kind === 'provider'
}

function drawVisits(chance: Chance, activeMs: number, focus: Focus): VisitPlan[] {
  const visits: VisitPlan[] = []
  const total = chance.between(2, 3)
  for (let index = 0; index < total; index++) {
    const visit: VisitPlan = {
      atMs: chance.between(FIRST_VISIT_MS, activeMs - 60_000),
      consumerId: chance.pick(CONSUMERS).consumerId,
      cabinetId: chance.pick(CABINETS).cabinetId,
      door: chance.fork(`door ${index}`).between(0, 1),
      touches: drawTouches(chance),
      opens: chance.isTrue(0.9),
      pauseMs: chance.between(1500, 6000),
      opensAgain: chance.isTrue(0.12),
      taps: chance.isTrue(0.2) ? chance.between(2, 3) : 1,
      dispute: chance.isTrue(focus === 'money' ? 0.6 : 0.3)
        ? chance.pick(['item_returned', 'not_taken', 'charged_twice', 'other'] as const)
        : 'no',
      disputeAfterMs: chance.between(5000, 120_000),
    }
    visits.push(visit)
    // A second person at the same moment: at the same door, or at the other one.
    if (chance.isTrue(0.15))
      visits.push({
        ...visit,
        door: chance.fork(`other door ${index}`).between(0, 1),
        atMs: visit.atMs + chance.between(0, 400),
        consumerId: chance.pick(CONSUMERS).consumerId,
      })
  }
  return visits
}

function drawTouches(chance: Chance): string[] {
  const touches: string[] = []
  const held: string[] = []
  for (let left = chance.between(0, 3); left > 0; left--) {
    const sku = chance.pick(SKUS)
    touches.push(sku)
    held.push(sku)
  }
  if (held.length > 0 && chance.isTrue(0.25)) touches.push(`-${chance.pick(held)}`)
  return touches
}

function drawStaff(chance: Chance, activeMs: number, focus: Focus, faults: readonly Fault[]): StaffPlan[] {
  const plans: StaffPlan[] = []
  const atMs = () => chance.between(FIRST_VISIT_MS, activeMs)
  // A wish that is lost on the way, or that the core forgets.
  const rain = faults.filter(({ kind }) => kind === 'bad lines' || kind === 'lying core disk')
  for (let left = chance.between(0, 2); left > 0; left--) {
    const during = rain.length > 0 && chance.isTrue(0.6) ? chance.pick(rain) : undefined
    const change: StaffPlan = {
      kind: 'setpoint',
      atMs: during === undefined ? atMs() : during.atMs + chance.between(0, during.forMs),
      cabinetId: chance.pick(CABINETS).cabinetId,
      deciCelsius: chance.between(30, 90),
    }
    plans.push(change)
    // A slip of the finger, corrected at once.
    if (chance.isTrue(0.5))
      plans.push({
        ...change,
        atMs: change.atMs + chance.between(200, 4000),
        deciCelsius: chance.between(30, 90),
      })
  }
  for (let left = chance.between(0, focus === 'money' ? 4 : 2); left > 0; left--) {
    const refund: StaffPlan = {
      kind: 'refund',
      atMs: chance.between(60_000, activeMs),
      who: chance.between(0, 2),
      nth: chance.between(0, 3),
      isWhole: chance.isTrue(0.6),
    }
    plans.push(refund)
    // A colleague has the same order open.
    if (chance.isTrue(0.5))
      plans.push({ ...refund, who: (refund.who + 1) % 3, atMs: refund.atMs + chance.between(0, 60) })
  }
  for (let left = focus === 'money' ? 0 : chance.between(0, 1); left > 0; left--)
    plans.push({
      kind: 'command',
      atMs: atMs(),
      cabinetId: chance.pick(CABINETS).cabinetId,
      name: chance.pick(['door.unlock', 'door.unlock', 'door.lock', 'climate.defrost', 'agent.restart']),
      opens: chance.isTrue(0.8),
    })
  for (let left = focus === 'money' ? 0 : chance.between(0, 1); left > 0; left--)
    plans.push({
      kind: 'visit',
      atMs: atMs(),
      cabinetId: chance.pick(CABINETS).cabinetId,
      what: chance.pick(['restock', 'restock', 'count'] as const),
      adds: Array.from({ length: chance.between(1, 4) }, () => chance.pick(SKUS)),
      pauseMs: chance.between(1500, 5000),
      opens: chance.isTrue(0.9),
    })
  for (let left = chance.between(1, 2); left > 0; left--)
    plans.push({ kind: 'clear the desk', atMs: chance.between(60_000, activeMs), who: chance.between(0, 2) })
  return plans
}

const LASTING: ReadonlySet<Fault['kind']> = new Set([
  'bad lines',
  'partition',
  'half-open',
  'bad provider',
  'bad callbacks',
  'scale',
  'camera',
])

const SUDDEN: ReadonlySet<Fault['kind']> = new Set(['clock of edge', 'disk full', 'failing commit'])

function drawFault(chance: Chance, focus: Focus, activeMs: number, visits: readonly VisitPlan[]): Fault {
  // Most troubles meet somebody at the door; the others fill the time between.
  const near = visits.length > 0 && chance.isTrue(0.75) ? chance.pick(visits) : undefined
  const cabinetId = near?.cabinetId ?? chance.pick(CABINETS).cabinetId
  const kind = chance.pick(KINDS[focus])
  // What lasts is there when somebody comes; what strikes, strikes while they are there, or while the door is being asked.
  const [soonestMs, latestMs] = LASTING.has(kind)
    ? [-20_000, 10_000]
    : SUDDEN.has(kind) && chance.isTrue(0.6)
      ? [300, 9000]
      : [-3000, 40_000]
  const atMs =
    near === undefined
      ? chance.between(0, activeMs)
      : Math.min(activeMs, near.atMs + chance.between(soonestMs, latestMs))
  const forMs = chance.isTrue(0.7) ? chance.between(1000, 40_000) : chance.between(40_000, 150_000)
  const at = { atMs: Math.max(0, atMs), forMs }
  const moment = (): { moment: CrashMoment; nth: number } => ({
    moment: chance.pick(['now', 'before-commit', 'after-commit', 'after-commit'] as const),
    nth: chance.between(1, 12),
  })
  const whose = () => (focus === 'money' || chance.isTrue(0.5) ? undefined : cabinetId)
  switch (kind) {
    case 'bad lines':
      return {
        ...at,
        kind,
        lossShare: chance.next() * 0.35,
        duplicateShare: chance.next() * 0.4,
        lateShare: chance.next() * 0.5,
        lateLongestMs: chance.pick([300, 3000, 15_000, 15_000]),
      }
    case 'partition':
      return { ...at, kind, cabinetId }
    case 'half-open':
      return { ...at, kind, cabinetId, way: chance.pick(['up', 'down'] as const) }
    case 'kill edge':
      return { ...at, kind, cabinetId, ...moment(), isPowerCut: chance.isTrue(0.3) }
    case 'restart edge':
    case 'old card':
    case 'new card':
    case 'cloned card':
      return { ...at, kind, cabinetId }
    case 'kill core':
      return { ...at, kind, ...moment() }
    case 'kill broker':
      return { ...at, kind }
    case 'restart broker':
      return { ...at, kind, awayMs: chance.between(200, 15_000), coreLaterMs: chance.between(0, 8000) }
    case 'clock of edge':
      return {
        ...at,
        kind,
        cabinetId,
        offsetMs: chance.pick([-56 * YEAR_MS, -3_600_000, -7000, 5000, 900_000, 10 * YEAR_MS]),
      }
    case 'clock of core':
      return { ...at, kind, stepMs: chance.pick([-2000, -300, 300, 2000]) }
    case 'bus dead':
      return { ...at, forMs: Math.min(forMs, 60_000), kind, cabinetId }
    case 'lock stuck':
      return { ...at, forMs: Math.min(forMs, 30_000), kind, cabinetId }
    case 'scale':
      return {
        ...at,
        kind,
        cabinetId,
        sensor: chance.pick(['s1', 's2']),
        how: chance.pick(['silent', 'stuck', 'mad'] as const),
      }
    case 'camera':
      return { ...at, kind, cabinetId: 'cab-b', how: chance.pick(CAMERA_AILMENTS) }
    case 'bad provider':
      return {
        ...at,
        kind,
        lostBefore: chance.next() * 0.4,
        lostAfter: chance.next() * 0.5,
        fails: chance.next() * 0.3,
        twice: chance.next() * 0.5,
        slow: chance.next() * 0.5,
      }
    case 'bad callbacks':
      return { ...at, kind, lost: chance.next() * 0.7, twice: chance.next() * 0.7, late: chance.next() * 0.7 }
    case 'provider':
      return {
        ...at,
        kind,
        how: chance.pick([
          'double_payment',
          'double_payment',
          'delayed_deduction',
          'insufficient_balance',
          'refund_abnormal',
          'refund_closed',
          'refund_slow',
          'refund_refused',
        ] as const),
        delayMs: chance.between(500, 60_000),
      }
    case 'lying core disk':
      return { ...at, kind }
    case 'replayed command':
      return { ...at, kind, cabinetId }
    case 'disk full':
      return { ...at, kind, cabinetId: whose() }
    case 'failing commit':
      return { ...at, kind, cabinetId: whose(), nth: chance.between(1, 12), isKept: chance.isTrue(0.5) }
  }
}
