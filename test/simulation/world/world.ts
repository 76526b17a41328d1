import type { VisitLine } from '#protocol/api/restock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { createIds } from '#protocol/base/ids.ts'
import type { DeviceApi } from '#edge/enrolment/device-api.ts'
import { CABINETS } from './cast.ts'
import { createCabinetBody } from './cabinet-body.ts'
import { type Chance, createChance } from './chance.ts'
import { type CoreNode, createCoreNode } from './core-node.ts'
import { type Count, createCounter } from './count.ts'
import { type Disk, Killed } from './disk.ts'
import { type Card, createEdgeNode, type EdgeNode } from './edge-node.ts'
import type { Tell } from './log.ts'
import { createNetwork, type Network } from './network.ts'
import { createNodeClock } from './node.ts'
import { createProviderNode, type ProviderNode } from './provider-node.ts'
import { createScheduler, type Life, type Scheduler } from './scheduler.ts'
import { loadSettledDisks } from './settled-disks.ts'
import type { VisitPlan } from './visit-plan.ts'

/** What somebody really did at a cabinet; the receipt is compared with it. */
export interface Visit {
  readonly plan: VisitPlan
  readonly sessionId: string
  /** Pieces in the bag. */
  readonly taken: Map<string, number>
  openedAtMs: number | undefined
  closedAtMs: number | undefined
}

/** What somebody of the staff really did at an open door. */
export interface StaffVisit {
  readonly visitId: string
  readonly cabinetId: string
  readonly lines: readonly VisitLine[]
}

/** A person: their own chance, their own ids. */
export interface Actor {
  readonly chance: Chance
  readonly ids: Ids
}

export interface World {
  readonly seed: number
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly network: Network
  readonly core: CoreNode
  readonly coreDisk: Disk
  readonly provider: ProviderNode
  readonly edges: readonly EdgeNode[]
  readonly count: Count
  /** Troubles, by kind. */
  readonly counts: Readonly<Record<string, number>>
  /** What people did and what the rules answered, by kind. */
  readonly tally: Count
  readonly tallies: Readonly<Record<string, number>>
  readonly visits: Visit[]
  readonly staffVisits: StaffVisit[]
  /** By cabinet: how often its card was changed or ran elsewhere as well. */
  readonly cardTroubles: Map<string, number>
  /** Copies of cards that are running in other machines, by cabinet. */
  readonly clones: Map<string, EdgeNode>
  readonly tell: Tell | undefined
  /** Faults are over and nobody begins anything new. */
  isHealing: boolean
  edge(cabinetId: string): EdgeNode
  /** Starts a copy of a card elsewhere; there is one at a time. */
  runClone(cabinetId: string, card: Card): void
  /** The session for which a door of a cabinet was last released. */
  holderOf(cabinetId: string, door: number): string | undefined
  setHolder(cabinetId: string, door: number, sessionId: string): void
  actor(name: string): Actor
  /** Something that must never happen; the first one ends the run. */
  violate(invariantId: string, message: string): void
  readonly violations: ReadonlyArray<{ invariantId: string; message: string; atMs: number }>
  close(): void
}

/** Pictures cost much, so one cabinet in some runs has a camera: those that look at the door. */
const WATCHED = 'cab-b'
export const hasCamera = (seed: number) => seed % 5 === 3
/** In some runs one cabinet has a second door, with the last shelf behind it. */
const SPLIT = 'cab-c'
const doorCountOf = (seed: number, cabinetId: string) => (cabinetId === SPLIT && seed % 3 === 1 ? 2 : 1)

export async function createWorld(
  seed: number,
  tell?: (atMs: number, who: string, what: string) => void,
): Promise<World> {
  const disks = await loadSettledDisks()
  disks.core.reset()
  const chance = createChance(seed)
  const { count, counts } = createCounter()
  const { count: tally, counts: tallies } = createCounter()
  const violations: Array<{ invariantId: string; message: string; atMs: number }> = []
  const holders = new Map<string, string>()
  const scheduler = createScheduler((owner, error, name) => {
    // What a dead process still throws on its way down is nobody's business.
    if (owner !== undefined && !owner.isAlive) return
    if (error instanceof Killed) return
    violate(
      'crash',
      `${owner?.name ?? 'the world'}: ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  })
  const told: Tell | undefined =
    tell === undefined ? undefined : (who, what) => tell(scheduler.nowMs, who, what)
  function violate(invariantId: string, message: string): void {
    told?.('invariant', `${invariantId} ${message}`)
    violations.push({ invariantId, message, atMs: scheduler.nowMs })
  }

  const network = createNetwork({ scheduler, chance: chance.fork('network'), count })
  const provider = createProviderNode({ scheduler, chance: chance.fork('provider'), count })
  const core = createCoreNode({
    disk: disks.core,
    scheduler,
    network,
    chance: chance.fork('core'),
    count,
    tell: told,
    wire: (life) => provider.wire(life),
    gateway: (life) => provider.gateway(life),
  })
  core.onFatal = (error) =>
    violate('crash', `core: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  core.onFailed = (name, error) =>
    violate('crash', `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  provider.deliver = (headers, body) => deliverCallback(headers, body)
  const edges = CABINETS.map(({ cabinetId, partition }) => {
    const own = chance.fork(cabinetId)
    const disk = disks.edges.get(cabinetId)
    if (disk === undefined) throw new Error(`there is no disk for ${cabinetId}`)
    disk.reset()
    return createEdgeNode({
      cabinetId,
      partition,
      body: createCabinetBody({
        cabinetId,
        doorCount: doorCountOf(seed, cabinetId),
        scheduler,
        chance: own.fork('body'),
        count,
      }),
      disk,
      hasCamera: cabinetId === WATCHED && hasCamera(seed),
      scheduler,
      network,
      chance: own,
      count,
      tell: told,
      api: deviceApi,
    })
  })

  const CALLBACK_WITHIN_MS = 5000
  function deliverCallback(headers: Record<string, string>, body: string): Promise<boolean> {
    return Promise.race([
      core
        .request(undefined, 'callback', async (works) => {
          const { commerce } = works
          if (commerce === undefined) throw new Error('nothing is sold')
          await commerce.callbacks.take(commerce.provider.parseCallback(headers, Buffer.from(body)))
          return true
        })
        .catch(() => false),
      scheduler.pause(undefined, 'callback answer', CALLBACK_WITHIN_MS).then(() => false),
    ])
  }

  /** Evidence goes by HTTPS over the same lines as everything else. */
  function deviceApi(cabinetId: string, life: Life): DeviceApi {
    const within = 15_000
    async function ask<T>(name: string, work: Parameters<typeof core.request<T>>[2]): Promise<T> {
      const silence = scheduler.pause(life, 'upload answer', within).then((): never => {
        throw new Error('no answer')
      })
      if (network.cutOff.has(cabinetId)) return silence
      silence.catch(() => undefined)
      return Promise.race([core.request(life, name, work), silence])
    }
    return {
      uploadOffset: ({ sha256 }) =>
        ask('upload offset', async (works) => {
          const { receivedBytes } = await works.evidence.progressOf({ cabinetId, sha256 })
          return receivedBytes
        }),
      uploadChunk: ({ sha256, total, mediaType }, offset, chunk) =>
        ask('upload', async (works) => {
          const { receivedBytes, isComplete } = await works.evidence.takeChunk({
            cabinetId,
            sha256,
            offset,
            totalBytes: total,
            mediaType: mediaType as 'application/json',
            bytes: chunk,
          })
          return { offset: receivedBytes, done: isComplete }
        }),
    }
  }

  const clock = createNodeClock(
    scheduler,
    { name: 'people', wallOffsetMs: 0 },
    { name: 'people', isAlive: true },
  )
  const world: World = {
    seed,
    chance,
    scheduler,
    network,
    core,
    coreDisk: disks.core,
    provider,
    edges,
    count,
    counts,
    tally,
    tallies,
    visits: [],
    staffVisits: [],
    cardTroubles: new Map(),
    clones: new Map(),
    runClone(cabinetId, card) {
      const about = CABINETS.find((one) => one.cabinetId === cabinetId)
      if (about === undefined || world.clones.size > 0) return
      const own = chance.fork(`clone of ${cabinetId}`)
      const doorCount = doorCountOf(seed, cabinetId)
      const body = createCabinetBody({ cabinetId, doorCount, scheduler, chance: own.fork('body'), count })
      // A board in somebody's flat: nothing is connected to it.
      body.ailments.isBusDead = true
      const clone = createEdgeNode({
        ...about,
        body,
        disk: disks.spare,
        hasCamera: false,
        scheduler,
        network,
        chance: own,
        count,
        tell: told,
        api: deviceApi,
      })
      world.clones.set(cabinetId, clone)
      clone.putIn(card)
    },
    tell: told,
    isHealing: false,
    edge(cabinetId) {
      const found = edges.find((one) => one.cabinetId === cabinetId)
      if (found === undefined) throw new Error(`there is no cabinet ${cabinetId}`)
      return found
    },
    holderOf: (cabinetId, door) => holders.get(`${cabinetId}/${door}`),
    setHolder: (cabinetId, door, sessionId) => void holders.set(`${cabinetId}/${door}`, sessionId),
    actor(name) {
      const own = chance.fork(name)
      return { chance: own, ids: createIds(clock, own) }
    },
    violate,
    violations,
    close() {
      provider.stop()
    },
  }
  return world
}
