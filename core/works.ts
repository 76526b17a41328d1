import type { Ids } from '#protocol/base/ids.ts'
import type { Live } from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import { watchAbsence } from '#core/cabinets/absence.ts'
import { createAlarmShelving } from '#core/cabinets/alarm-shelving.ts'
import { keepCommandPictures } from '#core/cabinets/command-pictures.ts'
import { createCommands } from '#core/cabinets/commands.ts'
import { createPresence } from '#core/cabinets/presence.ts'
import { createLostTail } from '#core/backup/lost-tail.ts'
import { isLossKnown } from '#core/backup/windows.ts'
import { createProjections, createStreamObserver } from '#core/cabinets/projections.ts'
import { createRegistry } from '#core/cabinets/registry.ts'
import { createTwins } from '#core/cabinets/twins.ts'
import { createCommerce, type CommercePorts } from '#core/commerce.ts'
import type { UpMessage } from '#core/ingest/broker-link.ts'
import { combineHandlers } from '#core/ingest/handlers.ts'
import { createIngest } from '#core/ingest/ingest.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import type { Database } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { createDueWork } from '#core/platform/due.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'
import { createExpiryWatch } from '#core/restock/expiry-watch.ts'
import { createBatchBlocks } from '#core/restock/batch-blocks.ts'
import { createVisits, visitHandlers } from '#core/restock/visits.ts'
import { createSessionWitness } from '#core/sessions/witness.ts'
import { openPolicyBook } from '#core/policies/book.ts'

/** What the works reach the world through. */
export interface WorksPorts {
  readonly wire: CabinetWire
  readonly evidence: EvidenceStore
  /** Everything that selling needs; without it the core watches cabinets and sells nothing. */
  readonly commerce: CommercePorts | undefined
  /** Whether a new visit could be recorded; without it there always is. */
  readonly hasRoom?: () => boolean
  /** Telemetry for whoever is watching. */
  readonly onLive: (cabinetId: string, live: Live) => void
}

/**
 * Everything of a core that decides: cabinets, their streams, commands and twins, and what is sold. It knows no HTTP, no
 * broker and no file; `app.ts` gives it the real ones.
 */
export type Works = Awaited<ReturnType<typeof createWorks>>

/** About as long as a visit takes. */
const GREET_AGAIN_MS = 60_000

export async function createWorks(given: CoreDeps, ports: WorksPorts) {
  // From here on the limits that a lead saved hold over those that the core was started with.
  const policies = await openPolicyBook(given)
  const deps: CoreDeps = { ...given, policy: policies.policy }
  const { db, ids, log } = deps
  const { wire, evidence } = ports
  const due = createDueWork(deps)
  const registry = createRegistry(deps)
  await registry.load()
  const presence = createPresence(deps)
  const twins = createTwins({
    ...deps,
    wire,
    presence,
    identity: await databaseIdentity(db, ids),
    isLossKnown,
  })
  const commands = createCommands({ ...deps, wire, presence })
  const expiry = createExpiryWatch({ ...deps, due })
  const witness = createSessionWitness()
  const lostTail = createLostTail(deps)
  const batchBlocks = createBatchBlocks({ ...deps, expiry })
  const visits = createVisits({ ...deps, commands, expiry, due, witness, presence })
  const absence = watchAbsence({ ...deps, presence, due })
  const shelving = createAlarmShelving({ db, due })
  const commerce =
    ports.commerce === undefined
      ? undefined
      : createCommerce({
          ...deps,
          policies,
          due,
          commands,
          presence,
          witness,
          twins,
          evidence,
          hasRoom: ports.hasRoom ?? (() => true),
          ...ports.commerce,
        })
  const ingest = createIngest({
    ...deps,
    wire,
    handlers: combineHandlers(
      lostTail.handlers,
      createProjections({ ids, commands, twins }),
      keepCommandPictures(evidence),
      visitHandlers(),
      ...(commerce === undefined ? [] : [commerce.handlers]),
    ),
    observer: createStreamObserver({
      ids,
      commands,
      onForgotten: (tx, cabinetId) => lostTail.onForgotten(tx, cabinetId),
    }),
    linkIdOf: (cabinetId) => presence.nowOf(cabinetId).linkId,
    onGreeted: (cabinetId, hello) => {
      presence.greeted(cabinetId, hello.linkId)
      witness.onHello(cabinetId, hello)
      twins.onHello(cabinetId, hello)
      // It names one visit of several: whether another one is still running shows when it greets without any.
      if (hello.session !== undefined && hello.hardware.doors !== undefined)
        deps.clock.setTimer('ask a cabinet with several doors again', GREET_AGAIN_MS, () =>
          ingest.askAllToGreet([cabinetId]),
        )
    },
  })

  /** Called in the parser of the connection: everything here only queues or remembers. */
  function onMessage(message: UpMessage): void {
    const { cabinetId, channel, payload, isRetained } = message
    if (registry.find(cabinetId)?.partition !== message.partition) {
      log.warn({ cabinetId, topic: message.topic }, 'a message of an unknown cabinet was ignored')
      return
    }
    if (channel === 'hello' || channel === 'ev') {
      presence.heard(cabinetId)
      ingest.accept(message)
      return
    }
    const parsed = parseFrame(channel, payload)
    if (!parsed.ok) {
      log.warn({ cabinetId, channel, reason: parsed.reason }, 'a frame that cannot be read was ignored')
      return
    }
    if (channel === 'cmdr') {
      presence.heard(cabinetId)
      commands.onReply(cabinetId, parsed.value as Parameters<typeof commands.onReply>[1])
    } else if (channel === 'live') {
      const live = parsed.value as Live
      presence.saw(cabinetId, live)
      ports.onLive(cabinetId, live)
    } else if (!isRetained) presence.stateHeard(cabinetId, parsed.value as { on: boolean; linkId: string })
  }

  return {
    due,
    registry,
    presence,
    twins,
    commands,
    visits,
    batchBlocks,
    shelving,
    commerce,
    ingest,
    evidence,
    onMessage,
    /** Takes up what the last process left, before anything new may come. */
    async start(): Promise<void> {
      await absence.start()
      await expiry.start()
      await ingest.start()
      await commands.resume()
      await commerce?.resume()
      due.start()
      presence.start()
    },
    async stop(): Promise<void> {
      presence.stop()
      await due.stop()
      twins.stop()
      commands.stop()
    },
  }
}

/** Names this database: twins count their versions inside it, so that a restored core is not ignored. */
async function databaseIdentity(db: Database, ids: Ids): Promise<string> {
  return db.write('identity', async (tx) => {
    const row = await tx.selectFrom('fact').select('value').where('name', '=', 'identity').executeTakeFirst()
    if (row !== undefined) return row.value
    const value = ids.next('epoch')
    await tx.insertInto('fact').values({ name: 'identity', value }).execute()
    return value
  })
}
