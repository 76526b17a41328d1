import type { Timer } from '#protocol/base/clock.ts'
import type { Hello } from '#protocol/messages/frames.ts'
import type { TwinStatus } from '#protocol/base/twin-parts.ts'
import type { TwinAnswered } from '#protocol/messages/twin.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { PresenceBook } from './presence.ts'
import { adoptSetpoint, applySetpoint, recordSetpointAnswer, type SetpointChange } from './setpoints.ts'
import { loadDocument } from './twin-document.ts'
import { applyPart, type PartChange, recordParts } from './twin-parts.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const versionsOf = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('twin')
    .select(['version', 'setpointVersion', 'setpointDeciCelsius', 'answeredVersion', 'partsAnsweredVersion'])
    .where('cabinetId', '=', cabinetId),
)
const noteSent = preparedFor((db, cabinetId: string, version: number, sentAtMs: number) =>
  db
    .updateTable('twin')
    .set({ sentAtMs })
    .where('cabinetId', '=', cabinetId)
    .where('version', '=', version)
    .where('sentAtMs', 'is', null)
    .returning('version'),
)

/** Desired documents: kept here, sent in answer to a hello and on change, repeated until the cabinet answers. */
export interface Twins {
  /** After the commit of a hello. */
  onHello(cabinetId: string, hello: Hello): void
  /** After the commit of a change. */
  push(cabinetId: string): void
  /** @throws setpoint_out_of_range, conflict, too_many_requests */
  changeSetpoint(request: SetpointChange): Promise<void>
  /** @throws conflict, hours_invalid */
  changePart(request: PartChange): Promise<void>
  /** In the transaction of `climate.setpoint-applied`. */
  recordAnswer(
    tx: Tx,
    cabinetId: string,
    answer: { twinEpoch: string; version: number; status: TwinStatus; value?: number; reason?: string },
    atMs: number,
  ): Promise<void>
  /** In the transaction of `twin.answered`. */
  recordParts(tx: Tx, cabinetId: string, answered: TwinAnswered, atMs: number): Promise<void>
  stop(): void
}

const RESEND_SHORTEST_MS = 5000
const RESEND_LONGEST_MS = 300_000

export function createTwins(
  deps: CoreDeps & {
    wire: CabinetWire
    presence: PresenceBook
    identity: string
    /** Whether the database is known to have gone back by more than what this cabinet says. */
    isLossKnown: (tx: Tx, cabinetId: string) => Promise<boolean>
  },
): Twins {
  const { db, clock, ids, log, policy, wire, presence, identity, isLossKnown } = deps
  /** The next repetition for every cabinet that has not answered. */
  const pending = new Map<string, Timer>()

  function cancel(cabinetId: string): void {
    pending.get(cabinetId)?.cancel()
    pending.delete(cabinetId)
  }
  function push(cabinetId: string): void {
    cancel(cabinetId)
    void send(cabinetId, RESEND_SHORTEST_MS)
  }

  async function send(cabinetId: string, pauseMs: number): Promise<void> {
    try {
      // A cabinet that has not greeted asks by its hello.
      if (presence.nowOf(cabinetId).linkId === undefined) return
      const document = await loadDocument(db.read, cabinetId, { twinEpoch: identity, policy })
      if (document === undefined || document.answeredVersion >= document.twin.version) return
      if (wire.publish(cabinetId, 'twin', document.twin)) await markSent(cabinetId, document.twin.version)
      cancel(cabinetId)
      schedule(cabinetId, pauseMs)
    } catch (error) {
      log.error({ cabinetId, err: error }, 'the desired document could not be sent')
    }
  }
  function schedule(cabinetId: string, pauseMs: number): void {
    const timer = clock.setTimer('send a twin again', pauseMs, () => {
      pending.delete(cabinetId)
      // One that is not heard just now may be heard again without a new hello: it is looked after, not written to.
      if (presence.nowOf(cabinetId).presence === 'online')
        void send(cabinetId, Math.min(RESEND_LONGEST_MS, pauseMs * 2))
      else schedule(cabinetId, pauseMs)
    })
    pending.set(cabinetId, timer)
  }

  /**
   * A cabinet answers a wish that this core does not know, or knows as another one: it lost what it had written, and gave
   * the number away again, and then the last wish that a cabinet was told is still somebody's wish. Or the cabinet is wrong.
   */
  async function isOfForgotten(
    tx: Tx,
    cabinetId: string,
    answer: { version: number; status: TwinStatus; value?: number },
  ): Promise<boolean> {
    const [row] = await versionsOf(tx, cabinetId)
    if (row === undefined || answer.status !== 'applied' || answer.value === undefined) return false
    if (answer.version > row.version) return true
    return answer.version === row.setpointVersion && answer.value !== row.setpointDeciCelsius
  }

  async function adopt(
    tx: Tx,
    cabinetId: string,
    { version, value }: { version: number; value?: number | undefined },
  ): Promise<void> {
    await adoptSetpoint(tx, ids, cabinetId, {
      version,
      setpointDeciCelsius: value,
      isLossKnown: await isLossKnown(tx, cabinetId),
    })
  }

  async function markSent(cabinetId: string, version: number): Promise<void> {
    await db.write('twin sent', async (tx) => {
      const marked = await noteSent(tx, cabinetId, version, nowOf(tx))
      if (marked.length > 0) await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
    })
  }

  /** A cabinet that holds our present document already has answered it, even if that answer belongs to a lost past. */
  async function answerHello(cabinetId: string, hello: Hello): Promise<void> {
    try {
      const [row] = await versionsOf(db.read, cabinetId)
      if (row === undefined) return
      const { twin } = hello
      const isOurs = twin.twinEpoch === identity
      if (isOurs && twin.version > row.version) {
        log.warn(
          { cabinetId, known: row.version, held: twin.version },
          'a cabinet holds a later document than this core knows',
        )
        await db.write('adopt a twin', (tx) =>
          adopt(tx, cabinetId, { version: twin.version, value: twin.setpointDeciCelsius }),
        )
      } else if ((!isOurs || twin.version < row.version) && row.answeredVersion >= row.version) {
        // Its disk was replaced: what it answered once is not true any more.
        await db.write('ask a twin again', async (tx) => {
          await tx
            .updateTable('twin')
            .set({ answeredVersion: 0, partsAnsweredVersion: 0 })
            .where('cabinetId', '=', cabinetId)
            .execute()
        })
      }
      await send(cabinetId, RESEND_SHORTEST_MS)
    } catch (error) {
      log.error({ cabinetId, err: error }, 'a hello could not be answered with the desired document')
    }
  }

  return {
    push,
    onHello(cabinetId, hello) {
      cancel(cabinetId)
      void answerHello(cabinetId, hello)
    },
    async changeSetpoint(request) {
      const { cabinetId, setpointDeciCelsius, by } = request
      await db.write('change setpoint', (tx) => applySetpoint(tx, request, policy))
      log.info({ cabinetId, setpointDeciCelsius, staffId: by.staffId }, 'setpoint changed')
      push(cabinetId)
    },
    async changePart(request) {
      const { cabinetId, part, by } = request
      await db.write('change a twin', (tx) => applyPart(tx, request))
      log.info({ cabinetId, part, staffId: by.staffId }, 'what is wanted of the cabinet was changed')
      push(cabinetId)
    },
    // An answer to the document of another database says nothing about ours.
    async recordAnswer(tx, cabinetId, { twinEpoch, ...answer }, atMs) {
      if (twinEpoch !== identity) return
      if (await isOfForgotten(tx, cabinetId, answer)) {
        await adopt(tx, cabinetId, answer)
        if (!pending.has(cabinetId)) schedule(cabinetId, RESEND_SHORTEST_MS)
      } else await recordSetpointAnswer(tx, ids, cabinetId, answer, atMs)
    },
    async recordParts(tx, cabinetId, answered, atMs) {
      if (answered.twinEpoch === identity) await recordParts(tx, cabinetId, answered, atMs)
    },
    stop() {
      for (const cabinetId of pending.keys()) cancel(cabinetId)
    },
  }
}
