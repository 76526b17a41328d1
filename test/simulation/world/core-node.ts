import { createHash } from 'node:crypto'
import type Sqlite from 'better-sqlite3'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createAfterRestore } from '#core/backup/after-restore.ts'
import { createDatabase, type Database } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { createEvidenceStore, type EvidenceStore } from '#core/platform/evidence.ts'
import { createCookies } from '#core/platform/http.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { createKysely, createRunner } from '#core/platform/sqlite-driver.ts'
import type { HttpTransport } from '#core/platform/transport.ts'
import { createPayScore } from '#core/payments/payscore/payscore.ts'
import type { SignedWire } from '#core/payments/payscore/signed-wire.ts'
import { createSeal } from '#core/privacy/seal.ts'
import { createWorks, type Works } from '#core/works.ts'
import type { Chance } from './chance.ts'
import { CABINETS } from './cast.ts'
import { AUDIT_KEY, SEAL_KEYS } from './core-image.ts'
import type { Count } from './count.ts'
import type { Disk } from './disk.ts'
import type { Moment } from './edge-node.ts'
import { createNodeLog, type Tell } from './log.ts'
import type { Network } from './network.ts'
import { createNodeClock, type Machine, storageDelayMs } from './node.ts'
import { MERCHANT } from './provider-node.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** The core's computer. Requests that arrive while no core runs on it fail, as over HTTP. */
export interface CoreNode {
  readonly machine: Machine
  /** What is committed, for checks; nothing is ever left open between two tasks. */
  readonly sqlite: Sqlite.Database
  readonly works: Works | undefined
  readonly boots: number
  readonly policy: ReturnType<typeof createPolicy>
  boot(): void
  crash(moment: Moment): void
  /** A crash that was still to come does not come. */
  spare(): void
  /** The power fails, and what the disk keeps is what it was when `image` was taken: it had only pretended to sync since. */
  goBack(image: Buffer): void
  /** When that happened last; undefined: never. */
  readonly wentBackAtMs: number | undefined
  /**
   * One request, answered or not: carried there and back, lost with the process that was working on it.
   * @throws when it was refused; never settles when its answer was lost, so the caller brings its own patience
   */
  request<T>(
    who: Life | undefined,
    name: string,
    work: (works: Works, db: Database) => Promise<T>,
  ): Promise<T>
  /**
   * The batch of events that came last is committed, and nothing of the next was read: what it is answered may leave, also
   * when another unit has the connection by then.
   */
  readonly isBatchCommitted: boolean
  /** Told after each commit. */
  onCommit: () => void
  /** A request that ended with something else than an answer or a refusal: over HTTP a 500. */
  onFailed: (name: string, error: unknown) => void
  /** A process that ended by itself: a bug. */
  onFatal: (error: unknown) => void
}

const AWAY_SHORTEST_MS = 300
const AWAY_LONGEST_MS = 20_000

export function createCoreNode(deps: {
  disk: Disk
  scheduler: Scheduler
  network: Network
  chance: Chance
  count: Count
  tell: Tell | undefined
  wire: (life: Life) => SignedWire
  gateway: (life: Life) => HttpTransport
}): CoreNode {
  const { scheduler, network, chance, count } = deps
  const machine: Machine = { name: 'core', wallOffsetMs: 0 }
  const { sqlite } = deps.disk
  const run = createRunner(sqlite)
  // Two changes within a minute are what a late document is dangerous for; and there is no other core that schedules work.
  const policy = createPolicy({
    setpointPauseMs: 0,
    dueWorkLookMs: 15_000,
    // A cabinet at rest is heard every half minute.
    suspectAfterMs: 45_000,
    offlineAfterMs: 75_000,
  })
  const blobs = new Map<string, Uint8Array>()
  let life: Life = { name: 'core', isAlive: false }
  let works: Works | undefined
  let database: Database | undefined
  let boots = 0
  let ambush: Exclude<Moment, { kind: 'now' }> | undefined
  let wentBackAtMs: number | undefined
  let isBatchCommitted = false

  /**
   * The real door over one connection. Every read and every unit takes its virtual time first, and what a unit resolved
   * with arrives later than its commit: in between the process may die, and others may come first.
   */
  function openDatabase(own: Life, clock: CoreDeps['clock'], delays: Chance): Database {
    const inner = createDatabase({
      clock,
      auditKey: AUDIT_KEY,
      writer: sqlite,
      read: createKysely(async (query) => {
        await take(own, 'read', delays)
        return run(query)
      }),
      gather: (commit) => void scheduler.at(own, 'commit', storageDelayMs(delays), () => gather(own, commit)),
      close: () => undefined,
      // The process ends: nobody knows what is on the disk.
      onBroken: () => die(),
    })
    inner.onCommit(() => {
      if (ambush?.kind === 'after-commit' && --ambush.nth <= 0) {
        ambush = undefined
        count('core killed after a commit')
        die()
      }
      node.onCommit()
    })
    return {
      ...inner,
      async write(name, unit) {
        if (name === 'ingest') isBatchCommitted = false
        const outcome = await inner.write(name, unit).then(
          (value) => ({ ok: true as const, value }),
          (error: unknown) => ({ ok: false as const, error }),
        )
        await take(own, 'written', delays)
        isBatchCommitted ||= name === 'ingest' && outcome.ok
        if (outcome.ok) return outcome.value
        throw outcome.error
      },
    }
  }
  /** What takes no time is no task of its own; a dead process gets no answer. */
  async function take(own: Life, name: string, delays: Chance): Promise<void> {
    const delayMs = storageDelayMs(delays)
    if (delayMs > 0 || !own.isAlive) await scheduler.pause(own, name, delayMs)
  }
  function gather(own: Life, commit: () => void): void {
    if (ambush?.kind === 'before-commit' && --ambush.nth <= 0) {
      ambush = undefined
      count('core killed before a commit')
      die()
    }
    if (ambush?.kind === 'failing-commit' && --ambush.nth <= 0) {
      deps.disk.breakCommit(ambush.isKept)
      ambush = undefined
      count('core commit failed')
    }
    if (own.isAlive) commit()
  }

  function die(): void {
    if (!life.isAlive) return
    life.isAlive = false
    // The files are closed; what was not committed is gone.
    if (sqlite.inTransaction) sqlite.exec('ROLLBACK')
    works = undefined
    database = undefined
    network.onProcessDeath(life, false)
    deps.tell?.('core', '*** killed')
    scheduler.at(undefined, 'core starts', chance.between(AWAY_SHORTEST_MS, AWAY_LONGEST_MS), boot)
  }

  /** Rows as in production, bytes in memory: writing files durably is tested with real files. */
  function createMemoryEvidence(db: Database, clock: CoreDeps['clock']): EvidenceStore {
    const real = createEvidenceStore({ db, dir: '/nonexistent', clock })
    return {
      ...real,
      readEvidence: async () => undefined,
      async readEvidenceText(sha256) {
        const bytes = blobs.get(sha256)
        return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
      },
      removeUnreferenced: async () => 0,
      async progressOf({ sha256 }) {
        const bytes = blobs.get(sha256)
        return { receivedBytes: bytes?.length ?? 0, isComplete: bytes !== undefined }
      },
      async takeChunk({ cabinetId, sha256, bytes, mediaType }) {
        if (createHash('sha256').update(bytes).digest('hex') !== sha256)
          throw new Error('the chunk does not hash to its name')
        blobs.set(sha256, bytes)
        await db.write('store evidence', (tx) =>
          tx
            .insertInto('blob')
            .values({ sha256, cabinetId, byteCount: bytes.length, mediaType, storedAtMs: clock.now() })
            .onConflict((conflict) => conflict.doNothing())
            .execute(),
        )
        return { receivedBytes: bytes.length, isComplete: true }
      },
    }
  }

  function boot(): void {
    if (life.isAlive) return
    const own: Life = { name: 'core', isAlive: true }
    life = own
    boots++
    start(own).catch((error: unknown) => {
      if (!own.isAlive) return
      // A core that finds no room at its start ends with that word, and is started again.
      if (storageTroubleOf(error) === 'full') {
        count('core found no room at its start')
        die()
      } else node.onFatal(error)
    })
  }
  async function start(own: Life): Promise<void> {
    const clock = createNodeClock(scheduler, machine, own)
    const random = chance.fork(`boot ${boots}`)
    const log = createNodeLog('core', deps.tell)
    const db = openDatabase(own, clock, random.fork('storage'))
    const core: CoreDeps = { db, clock, ids: createIds(clock, random), random, log, policy }
    const publicUrl = () => 'https://core.example'
    let made: Works | undefined
    // As `core/app.ts` does it: who came while nobody here listened greets once more.
    let isUp = false
    const greet = () => made?.ingest.askAllToGreet(CABINETS.map(({ cabinetId }) => cabinetId))
    const wire = network.attachCore(
      own,
      (message) => made?.onMessage(message),
      () => {
        isUp = true
        greet()
      },
    )
    const opened = await createWorks(core, {
      wire,
      evidence: createMemoryEvidence(db, clock),
      commerce: {
        provider: createPayScore({
          clock,
          merchant: MERCHANT,
          wire: deps.wire(own),
          notifyUrl: () => `${publicUrl()}/provider/callback`,
        }),
        gateway: { baseUrl: 'https://gateway.example', key: 'none' },
        transport: deps.gateway(own),
        seal: createSeal(SEAL_KEYS, random),
        cookies: createCookies(publicUrl()),
        publicUrl,
      },
      onLive: () => undefined,
      hasRoom: () => !deps.disk.isFull,
    })
    // It looks for a restore every few seconds, and there is none in other runs.
    if (wentBackAtMs !== undefined && opened.commerce !== undefined)
      createAfterRestore({ ...core, ...opened.commerce }).start()
    await opened.start()
    made = opened
    works = opened
    if (isUp) greet()
    database = db
  }

  const node: CoreNode = {
    machine,
    sqlite,
    policy,
    get works() {
      return works
    },
    get boots() {
      return boots
    },
    get isBatchCommitted() {
      return isBatchCommitted
    },
    boot,
    crash(moment) {
      if (!life.isAlive) return
      if (moment.kind === 'now') {
        count('core killed')
        die()
      } else ambush = { ...moment }
    },
    spare() {
      ambush = undefined
    },
    goBack(image) {
      die()
      ambush = undefined
      deps.disk.put(image)
      wentBackAtMs = scheduler.nowMs
      const kept = new Set(sqlite.prepare('SELECT sha256 FROM blob').pluck().all())
      for (const sha256 of blobs.keys()) if (!kept.has(sha256)) blobs.delete(sha256)
    },
    get wentBackAtMs() {
      return wentBackAtMs
    },
    request(who, name, work) {
      return new Promise((resolve, reject) => {
        scheduler.at(undefined, name, chance.between(5, 40), () => {
          const answer = (settle: () => void) => void scheduler.at(who, name, chance.between(5, 40), settle)
          const own = life
          if (works === undefined || database === undefined || !own.isAlive) {
            answer(() => reject(new Error('the core does not answer')))
            return
          }
          work(works, database).then(
            (value) => {
              if (own.isAlive) answer(() => resolve(value))
            },
            (error: unknown) => {
              if (!own.isAlive) return
              if (!(error instanceof CabinetError)) node.onFailed(name, error)
              answer(() => reject(error))
            },
          )
        })
      })
    },
    onCommit: () => undefined,
    onFailed: () => undefined,
    onFatal: () => undefined,
  }
  return node
}
