import type Sqlite from 'better-sqlite3'
import type { Clock } from '#protocol/base/clock.ts'
import { createIds, type Ids } from '#protocol/base/ids.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { createAgent } from '#edge/agent.ts'
import type { Agent } from '#edge/agent-ports.ts'
import { parseSettings } from '#edge/config.ts'
import { createEdgeDatabase, type EdgeDatabase } from '#edge/database.ts'
import type { DeviceApi } from '#edge/enrolment/device-api.ts'
import type { EvidenceFiles } from '#edge/evidence/evidence-files.ts'
import type { CabinetBody } from './cabinet-body.ts'
import { createCamera, readSimulatedPicture } from './camera-eye.ts'
import type { Chance } from './chance.ts'
import type { Count } from './count.ts'
import { type Disk, diskError, Killed } from './disk.ts'
import { createNodeLog, type Tell } from './log.ts'
import type { Network } from './network.ts'
import { createNodeClock, type Machine } from './node.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** Where a crash strikes: at once, or around the n-th commit from now. */
export type Moment =
  | { kind: 'now' }
  | { kind: 'before-commit' | 'after-commit'; nth: number }
  /** The commit itself fails, with or without being on the disk. */
  | { kind: 'failing-commit'; nth: number; isKept: boolean }

/** A cabinet's computer: its disk outlives the agents that run on it. */
export interface EdgeNode {
  readonly machine: Machine
  readonly cabinetId: string
  readonly body: CabinetBody
  /** The database as it is on the disk now. */
  readonly sql: Sqlite.Database
  readonly isUp: boolean
  readonly disk: Disk
  readonly boots: number
  boot(): void
  crash(moment: Moment, isPowerCut: boolean): void
  /** A crash that was still to come does not come. */
  spare(): void
  /** Stops in order, as for an update, and starts again. */
  restart(): void
  /** Everything that the agent keeps, as it is now. */
  copyCard(): Card
  /** Without power and without its card; it does not start before `putIn`. */
  takeOut(): void
  /** @param card  undefined: one that was never used */
  putIn(card: Card | undefined): void
}

/** What a cabinet's computer boots from: database and files. */
export interface Card {
  readonly image: Buffer
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** Defaults of the agent, except that it looks at nothing more often than the world changes. */
const SETTINGS = parseSettings(
  {
    liveIdleMs: 30_000,
    liveSessionMs: 2000,
    journalFlushMs: 2000,
    upkeepLookMs: 20_000,
    climateLookMs: 30_000,
    climateWindowMs: 300_000,
    cameraSessionMs: 4000,
    cameraIdleMs: 60_000,
  },
  'simulation',
)
const AWAY_SHORTEST_MS = 400
/** As the process of the agent does it. */
const START_AGAIN_MS = 2000
const AWAY_LONGEST_MS = 45_000

export function createEdgeNode(deps: {
  cabinetId: string
  partition: number
  body: CabinetBody
  disk: Disk
  hasCamera: boolean
  scheduler: Scheduler
  network: Network
  chance: Chance
  count: Count
  tell: Tell | undefined
  /** The core's interface for evidence, over the same lines. */
  api: (cabinetId: string, life: Life) => DeviceApi
}): EdgeNode {
  const { cabinetId, partition, body, disk, scheduler, network, chance, count } = deps
  const machine: Machine = { name: cabinetId, wallOffsetMs: chance.between(-800, 800) }
  const blobs = new Map<string, Uint8Array>()
  let life: Life = { name: cabinetId, isAlive: false }
  let agent: Agent | undefined
  let boots = 0
  let hasCard = true
  let ambush: (Exclude<Moment, { kind: 'now' }> & { isPowerCut: boolean }) | undefined

  const files: EvidenceFiles = {
    put: (sha256, bytes) => void blobs.set(sha256, bytes),
    read(sha256, offset, length) {
      const bytes = blobs.get(sha256)
      if (bytes === undefined) throw new Error(`the file ${sha256} is gone`)
      return bytes.subarray(offset, offset + length)
    },
    delete: (sha256) => void blobs.delete(sha256),
  }

  /** The real database, with somebody who may pull the plug around a commit. */
  function openDatabase(own: Life): EdgeDatabase {
    const inner = createEdgeDatabase(
      disk.open(() => own.isAlive),
      { onBroken: () => die(false) },
    )
    return {
      ...inner,
      transact(work) {
        if (inner.sql.inTransaction) return inner.transact(work)
        return inner.transact(() => {
          inner.afterCommit(() => strike(own, 'after-commit'))
          const result = work()
          if (ambush?.kind === 'failing-commit' && own.isAlive && --ambush.nth <= 0) {
            ambush = undefined
            count('edge commit failed')
            throw diskError()
          }
          strike(own, 'before-commit')
          return result
        })
      },
    }
  }
  function strike(own: Life, kind: 'before-commit' | 'after-commit'): void {
    if (!own.isAlive) throw new Killed('this agent was killed')
    if (ambush?.kind !== kind || --ambush.nth > 0) return
    const { isPowerCut } = ambush
    ambush = undefined
    count(`edge killed ${kind === 'after-commit' ? 'after' : 'before'} a commit`)
    die(isPowerCut)
    throw new Killed('this agent was killed')
  }

  /** Inside a transaction what is thrown afterwards rolls it back. */
  function die(isPowerCut: boolean): void {
    if (!life.isAlive) return
    life.isAlive = false
    agent = undefined
    network.onProcessDeath(life, isPowerCut)
    deps.tell?.(cabinetId, isPowerCut ? '*** power cut' : '*** killed')
    scheduler.at(undefined, 'edge starts', chance.between(AWAY_SHORTEST_MS, AWAY_LONGEST_MS), boot)
  }

  function boot(): void {
    if (life.isAlive || !hasCard) return
    const own: Life = { name: cabinetId, isAlive: true }
    life = own
    boots++
    const clock = createNodeClock(scheduler, machine, own)
    const random = chance.fork(`boot ${boots}`)
    const ids = createIds(clock, random)
    try {
      start(own, clock, random, ids)
    } catch (error) {
      // Killed while it was starting.
      if (!own.isAlive) return
      if (storageTroubleOf(error) !== 'full') throw error
      // The process waits for room and keeps the doors locked; nothing of the agent that could not start is left.
      count('edge found no room at its start')
      own.isAlive = false
      agent = undefined
      network.onProcessDeath(own, false)
      scheduler.at(undefined, 'edge starts', START_AGAIN_MS, boot)
    }
  }
  function start(own: Life, clock: Clock, random: Chance, ids: Ids): void {
    const log = createNodeLog(cabinetId, deps.tell)
    agent = createAgent({
      clock,
      ids,
      random,
      log,
      db: openDatabase(own),
      hardware: body.attach(own, clock),
      link: network.connect({ cabinetId, partition, life: own, clock, ids }),
      cameras: deps.hasCamera
        ? [createCamera({ body, scheduler, chance: random.fork('camera'), life: own })]
        : [],
      readPicture: readSimulatedPicture,
      files,
      createDeviceApi: () => deps.api(cabinetId, own),
      profileName: 'simulated',
      settings: SETTINGS,
      hasRoom: () => !disk.isFull,
      restart: () => void scheduler.at(own, 'restart', 10, restart),
      onReady: () => undefined,
    })
    agent.start()
  }

  function restart(): void {
    const running = agent
    if (running === undefined) return
    count('edge restarted')
    const own = life
    void running.stop().then(() => {
      if (!own.isAlive) return
      own.isAlive = false
      agent = undefined
      scheduler.at(undefined, 'edge starts', chance.between(AWAY_SHORTEST_MS, 5000), boot)
    })
  }

  return {
    machine,
    cabinetId,
    body,
    disk,
    sql: disk.sqlite,
    get isUp() {
      return life.isAlive
    },
    get boots() {
      return boots
    },
    boot,
    restart,
    copyCard: () => ({ image: disk.copy(), files: new Map(blobs) }),
    takeOut() {
      die(true)
      hasCard = false
      ambush = undefined
    },
    putIn(card) {
      if (card === undefined) disk.reset()
      else disk.put(card.image)
      blobs.clear()
      for (const [sha256, bytes] of card?.files ?? []) blobs.set(sha256, bytes)
      hasCard = true
      boot()
    },
    spare() {
      ambush = undefined
    },
    crash(moment, isPowerCut) {
      if (!life.isAlive) return
      if (moment.kind === 'now') {
        count('edge killed')
        die(isPowerCut)
      } else ambush = { ...moment, isPowerCut }
    },
  }
}
