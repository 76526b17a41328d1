import type { Timer } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Hello, Twin } from '#protocol/messages/frames.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { planogramOf, productsBySku, stockOf } from '#core/catalog/queries.ts'
import type { CabinetWire } from '#core/ingest/wire.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { clearAlarm, raiseAlarm } from './alarms.ts'
import type { PresenceBook } from './presence.ts'

/** Desired documents: kept here, sent in answer to a hello and on change, repeated until the cabinet answers. */
export interface Twins {
  /** After the commit of a hello. */
  onHello(cabinetId: string, hello: Hello): void
  /** After the commit of a change. */
  push(cabinetId: string): void
  /** @throws setpoint_out_of_range, conflict, too_many_requests */
  changeSetpoint(request: {
    cabinetId: string
    expectedVersion: number
    setpointDeciCelsius: number
    reason: string
    by: { staffId: string; displayName: string }
  }): Promise<void>
  /** In the transaction of `climate.setpoint-applied`. */
  recordAnswer(
    tx: Tx,
    cabinetId: string,
    answer: {
      version: number
      status: 'applied' | 'rejected' | 'overridden'
      value?: number
      reason?: string
    },
    atMs: number,
  ): Promise<void>
  stop(): void
}

const RESEND_SHORTEST_MS = 5000
const RESEND_LONGEST_MS = 300_000

export function createTwins(
  deps: CoreDeps & { wire: CabinetWire; presence: PresenceBook; identity: string },
): Twins {
  const { db, clock, ids, log, policy, wire, presence } = deps
  const pending = new Map<string, { timer: Timer; pauseMs: number }>()

  function cancel(cabinetId: string): void {
    pending.get(cabinetId)?.timer.cancel()
    pending.delete(cabinetId)
  }
  function push(cabinetId: string): void {
    cancel(cabinetId)
    void send(cabinetId, RESEND_SHORTEST_MS)
  }

  async function send(cabinetId: string, pauseMs: number): Promise<void> {
    try {
      if (presence.nowOf(cabinetId).linkId === undefined) return
      const document = await loadDocument(cabinetId)
      if (document === undefined || document.answeredVersion >= document.twin.version) return
      const isSent = wire.publish(cabinetId, 'twin', document.twin)
      if (isSent) await markSent(cabinetId, document.twin.version)
      const timer = clock.setTimer('send a twin again', pauseMs, () => {
        pending.delete(cabinetId)
        // An absent cabinet asks by its next hello.
        if (presence.nowOf(cabinetId).presence === 'online')
          void send(cabinetId, Math.min(RESEND_LONGEST_MS, pauseMs * 2))
      })
      pending.set(cabinetId, { timer, pauseMs })
    } catch (error) {
      log.error({ cabinetId, err: error }, 'the desired document could not be sent')
    }
  }

  async function markSent(cabinetId: string, version: number): Promise<void> {
    await db.write('twin sent', async (tx) => {
      const marked = await tx
        .updateTable('twin')
        .set({ sentAtMs: nowOf(tx) })
        .where('cabinetId', '=', cabinetId)
        .where('version', '=', version)
        .where('sentAtMs', 'is', null)
        .executeTakeFirst()
      if (marked.numUpdatedRows > 0n)
        await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
    })
  }

  async function loadDocument(
    cabinetId: string,
  ): Promise<{ twin: Twin; answeredVersion: number } | undefined> {
    const row = await db.read
      .selectFrom('twin')
      .selectAll()
      .where('cabinetId', '=', cabinetId)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const twin: Twin = {
      v: 1,
      twinEpoch: deps.identity,
      version: row.version,
      setpointDeciCelsius: row.setpointDeciCelsius,
      setpointRange: { lowest: row.lowestDeciCelsius, highest: row.highestDeciCelsius },
      lockout: {
        ...(JSON.parse(row.lockout) as Pick<Twin['lockout'], 'isEnabled' | 'limitDeciCelsius'>),
        afterMs: policy.lockoutAfterMs,
        afterDoorCloseMs: policy.lockoutAfterDoorCloseMs,
        afterDefrostMs: policy.lockoutAfterDefrostMs,
      },
      planogram: row.planogramVersion === null ? null : await planogramPart(cabinetId, row.planogramVersion),
      sessionPolicy: {
        notOpenedMs: policy.notOpenedMs,
        leftOpenWarningMs: policy.leftOpenWarningMs,
        leftOpenAlarmMs: policy.leftOpenAlarmMs,
        reopenGraceMs: policy.reopenGraceMs,
      },
      isOutOfService: row.isOutOfService === 1,
    }
    return { twin, answeredVersion: row.answeredVersion }
  }

  async function planogramPart(cabinetId: string, version: number): Promise<Twin['planogram']> {
    const planogram = await planogramOf(db.read, cabinetId, version)
    if (planogram === undefined) return null
    const products = await productsBySku(db.read)
    const stock = new Map(
      (await stockOf(db.read, cabinetId)).map((line) => [`${line.shelf}/${line.sku}`, line.quantity]),
    )
    return {
      version,
      shelves: planogram.shelves.map((shelf) => ({
        id: shelf.id,
        products: shelf.products.flatMap(({ sku, priceFen }) => {
          const product = products.get(sku)
          if (product === undefined) return []
          const { unitGrams, sigmaGrams } = product
          // Stock that the ledger believes to be negative is none at all for the scales.
          return [
            {
              sku,
              unitGrams,
              sigmaGrams,
              priceFen,
              stock: Math.max(0, stock.get(`${shelf.id}/${sku}`) ?? 0),
            },
          ]
        }),
      })),
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
      await db.write('change setpoint', (tx) => applyChange(tx, request))
      log.info({ cabinetId, setpointDeciCelsius, staffId: by.staffId }, 'setpoint changed')
      push(cabinetId)
    },
    recordAnswer,
    stop() {
      for (const cabinetId of pending.keys()) cancel(cabinetId)
    },
  }

  /** A cabinet that holds our present document already has answered it, even if that answer belongs to a lost past. */
  async function answerHello(cabinetId: string, hello: Hello): Promise<void> {
    try {
      const row = await db.read
        .selectFrom('twin')
        .selectAll()
        .where('cabinetId', '=', cabinetId)
        .executeTakeFirst()
      const holdsAnother = hello.twin.twinEpoch !== deps.identity || hello.twin.version < (row?.version ?? 0)
      if (row !== undefined && holdsAnother && row.answeredVersion >= row.version) {
        // Its disk was replaced: what it answered once is not true any more.
        await db.write('ask a twin again', async (tx) => {
          await tx
            .updateTable('twin')
            .set({ answeredVersion: 0 })
            .where('cabinetId', '=', cabinetId)
            .execute()
        })
      }
      await send(cabinetId, RESEND_SHORTEST_MS)
    } catch (error) {
      log.error({ cabinetId, err: error }, 'a hello could not be answered with the desired document')
    }
  }

  async function applyChange(tx: Tx, request: Parameters<Twins['changeSetpoint']>[0]): Promise<void> {
    const { cabinetId, expectedVersion, setpointDeciCelsius, reason, by } = request
    const row = await tx.selectFrom('twin').selectAll().where('cabinetId', '=', cabinetId).executeTakeFirst()
    if (row === undefined) throw new CabinetError('unknown_cabinet')
    if (expectedVersion !== row.setpointVersion) {
      throw new CabinetError(
        'conflict',
        `The setpoint has version ${row.setpointVersion} now, not ${expectedVersion}.`,
        {
          context: { version: row.setpointVersion },
        },
      )
    }
    if (setpointDeciCelsius < row.lowestDeciCelsius || setpointDeciCelsius > row.highestDeciCelsius) {
      throw new CabinetError(
        'setpoint_out_of_range',
        `${celsius(setpointDeciCelsius)} is outside ${celsius(row.lowestDeciCelsius)} to ${celsius(row.highestDeciCelsius)}.`,
        { context: { lowest: row.lowestDeciCelsius, highest: row.highestDeciCelsius } },
      )
    }
    const nowMs = nowOf(tx)
    if (
      row.setpointBy !== null &&
      row.setpointAtMs !== null &&
      nowMs - row.setpointAtMs < policy.setpointPauseMs
    )
      throw new CabinetError('too_many_requests', 'The setpoint was changed a moment ago.')
    const version = row.version + 1
    await tx
      .updateTable('twin')
      .set({
        version,
        setpointDeciCelsius,
        setpointVersion: version,
        setpointBy: by.displayName,
        setpointAtMs: nowMs,
        sentAtMs: null,
      })
      .where('cabinetId', '=', cabinetId)
      .execute()
    await tx
      .updateTable('setpointChange')
      .set({ outcome: 'superseded' })
      .where('cabinetId', '=', cabinetId)
      .where('outcome', '=', 'pending')
      .execute()
    await tx
      .insertInto('setpointChange')
      .values({
        cabinetId,
        version,
        setpointDeciCelsius,
        by: by.displayName,
        reason,
        atMs: nowMs,
        outcome: 'pending',
      })
      .execute()
    await appendAudit(tx, {
      actor: `staff:${by.staffId}`,
      action: 'setpoint.changed',
      subject: `cabinet:${cabinetId}`,
      detail: { from: row.setpointDeciCelsius, to: setpointDeciCelsius, version, reason },
    })
    await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
  }

  async function recordAnswer(
    tx: Tx,
    cabinetId: string,
    answer: {
      version: number
      status: 'applied' | 'rejected' | 'overridden'
      value?: number
      reason?: string
    },
    atMs: number,
  ): Promise<void> {
    const { version, status, value, reason } = answer
    await tx
      .updateTable('twin')
      .set({
        answeredVersion: version,
        answeredStatus: status,
        answeredReason: reason ?? null,
        answeredAtMs: atMs,
      })
      .where('cabinetId', '=', cabinetId)
      .where('answeredVersion', '<=', version)
      .execute()
    if (value !== undefined) {
      await tx
        .updateTable('cabinetReport')
        .set({ reportedSetpoint: value, reportedVersion: version, reportedAtMs: atMs })
        .where('cabinetId', '=', cabinetId)
        .execute()
    }
    await tx
      .updateTable('setpointChange')
      .set({ outcome: status })
      .where('cabinetId', '=', cabinetId)
      .where('version', '<=', version)
      .where('outcome', '=', 'pending')
      .execute()
    if (status === 'applied') await clearAlarm(tx, cabinetId, 'setpoint_not_applied')
    else
      await raiseAlarm(tx, ids, {
        cabinetId,
        kind: 'setpoint_not_applied',
        values: { status, reason: reason ?? '', value: value === undefined ? '' : celsius(value) },
      })
    await recordChange(tx, { kind: 'setpoint', subjectId: cabinetId, cabinetId })
  }
}

function celsius(deci: number): string {
  return `${(deci / 10).toFixed(1)} °C`
}
