import type { DeliveryView } from '#protocol/api/delivery.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import type { Database } from '#core/platform/database.ts'
import { nowOf } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { recordChange } from '#core/live/changes.ts'
import { closeIncidents, closeRefusedFrames } from './graves.ts'
import { endHalt } from './halts.ts'
import type { StreamObserver } from './receiver.ts'
import type { CabinetWire } from './wire.ts'

const receivedFrom = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('cabinet')
    .leftJoin('receiver', 'receiver.cabinetId', 'cabinet.cabinetId')
    .leftJoin('cabinetReport', 'cabinetReport.cabinetId', 'cabinet.cabinetId')
    .select([
      'nameZh',
      'nameEn',
      'receiver.epoch as epoch',
      'continuesEpoch',
      'lastSeq',
      'lastAtMs',
      'clockSkewMs',
    ])
    .where('cabinet.cabinetId', '=', cabinetId),
)
const haltAt = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('streamHalt')
    .leftJoin('staff', 'staff.staffId', 'streamHalt.permittedBy')
    .selectAll('streamHalt')
    .select('staff.displayName as permittedByName')
    .where('cabinetId', '=', cabinetId),
)
const deadAt = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('deadLetter')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cabinetId', '=', cabinetId)
    .where('resolvedAtMs', 'is', null),
)
const waitingAt = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('inbox')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('cabinetId', '=', cabinetId)
    .where('status', '=', 'unprojected'),
)
const pressureAt = preparedFor((db, cabinetId: string) =>
  db
    .selectFrom('alarm')
    .select(['sentenceValues', 'lastAtMs'])
    .where('cabinetId', '=', cabinetId)
    .where('kind', '=', 'outbox_pressure')
    .where('state', '<>', 'cleared'),
)

interface Decision {
  readonly cabinetId: string
  /** Of the outbox that the person saw refused. */
  readonly epoch: string
  readonly note: string
  readonly staffId: string
}

/** What people see of a cabinet's delivery, and what they decide about an outbox that is refused. */
export interface DeliveryDesk {
  view(cabinetId: string, mayGoOn: boolean): Promise<DeliveryView>
  /** This is the real cabinet: it goes on under a new epoch, at once when it is connected. @throws outbox_not_refused */
  letGoOn(decision: Decision): Promise<void>
  /** The machine with that outbox is gone for good: what it holds will not come. @throws outbox_not_refused */
  dismiss(decision: Decision): Promise<void>
}

export function createDeliveryDesk(deps: {
  db: Database
  now: () => number
  wire: CabinetWire
  observer: StreamObserver
  linkIdOf: (cabinetId: string) => string | undefined
}): DeliveryDesk {
  const { db, wire, observer } = deps

  async function haltOf(decision: Decision) {
    const halt = await db.read
      .selectFrom('streamHalt')
      .selectAll()
      .where('cabinetId', '=', decision.cabinetId)
      .where('epoch', '=', decision.epoch)
      .executeTakeFirst()
    if (halt === undefined) throw new CabinetError('outbox_not_refused')
    return halt
  }

  return {
    async view(cabinetId, mayGoOn) {
      const [cabinet] = await receivedFrom(db.read, cabinetId)
      if (cabinet === undefined) throw new CabinetError('unknown_cabinet')
      const [halt] = await haltAt(db.read, cabinetId)
      const [dead] = await deadAt(db.read, cabinetId)
      const [waiting] = await waitingAt(db.read, cabinetId)
      const [pressure] = await pressureAt(db.read, cabinetId)
      return {
        cabinetId,
        name: { zh: cabinet.nameZh, en: cabinet.nameEn },
        epoch: cabinet.epoch,
        continuesEpoch: cabinet.continuesEpoch,
        lastSeq: cabinet.lastSeq ?? 0,
        lastAtMs: cabinet.lastAtMs,
        linkId: deps.linkIdOf(cabinetId) ?? null,
        clockSkewMs: cabinet.clockSkewMs,
        outbox:
          pressure === undefined ? null : { ...pressureOf(pressure.sentenceValues), atMs: pressure.lastAtMs },
        deadLetters: dead?.count ?? 0,
        unprojected: waiting?.count ?? 0,
        halt:
          halt === undefined
            ? null
            : {
                reason: halt.reason,
                epoch: halt.epoch,
                seq: halt.seq,
                boot: halt.boot,
                firmware: halt.firmware,
                firstSeq: halt.firstSeq,
                lastSeq: halt.lastSeq,
                sinceMs: halt.sinceMs,
                lastAtMs: halt.lastAtMs,
                permittedBy: halt.permittedByName ?? halt.permittedBy,
              },
        mayGoOn,
      }
    },

    async letGoOn(decision) {
      const { cabinetId, epoch, note, staffId } = decision
      const halt = await haltOf(decision)
      const after = await db.write('let an outbox go on', async (tx) => {
        await tx
          .updateTable('streamHalt')
          .set({ permittedBy: staffId, permittedAtMs: nowOf(tx), permitNote: note })
          .where('cabinetId', '=', cabinetId)
          .where('epoch', '=', epoch)
          .execute()
        await appendAudit(tx, {
          actor: `staff:${staffId}`,
          action: 'stream.permitted',
          subject: `cabinet:${cabinetId}`,
          detail: { epoch, reason: halt.reason, note },
        })
        await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
        const receiver = await tx
          .selectFrom('receiver')
          .select('epoch')
          .where('cabinetId', '=', cabinetId)
          .executeTakeFirst()
        return receiver !== undefined && receiver.epoch > epoch ? receiver.epoch : epoch
      })
      // If it does not hear this, its next hello is answered with the same.
      if (halt.linkId !== null)
        wire.publish(cabinetId, 'ack', {
          v: 1,
          linkId: halt.linkId,
          epoch,
          ack: 0,
          window: 0,
          nowMs: deps.now(),
          renew: { after },
        })
    },

    async dismiss(decision) {
      const { cabinetId, epoch, note, staffId } = decision
      const halt = await haltOf(decision)
      await db.write('dismiss a refused outbox', async (tx) => {
        endHalt(tx, cabinetId)
        closeRefusedFrames(tx, cabinetId, note)
        await observer.onRecovery(tx, cabinetId, 'stream')
        if (closeIncidents(tx, cabinetId)) await observer.onRecovery(tx, cabinetId, 'poison')
        await appendAudit(tx, {
          actor: `staff:${staffId}`,
          action: 'stream.dismissed',
          subject: `cabinet:${cabinetId}`,
          detail: { epoch, reason: halt.reason, note },
        })
      })
    },
  }
}

function pressureOf(sentenceValues: string): { level: string; waiting: number } {
  const { level = 'high', waiting = 0 } = JSON.parse(sentenceValues) as { level?: string; waiting?: number }
  return { level, waiting }
}
