import { CabinetError } from '#protocol/base/errors.ts'
import { isFollowable } from '#protocol/base/selling-hours.ts'
import type { CameraPolicy, SellingHours, TwinPart } from '#protocol/base/twin-parts.ts'
import type { TwinAnswered } from '#protocol/messages/twin.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import type { ChangedBy } from './setpoints.ts'

/** What an operator changes by itself, besides the setpoint and the planogram. */
export type PartValue =
  | { part: 'hours'; value: SellingHours | null }
  | { part: 'camera'; value: CameraPolicy | null }
  | { part: 'service'; value: { isOutOfService: boolean } }
export type PartChange = PartValue & {
  readonly cabinetId: string
  /** The version of this part that the person saw; 0 when it was never changed. */
  readonly expectedVersion: number
  readonly reason: string
  readonly by: ChangedBy
}

/** @throws unknown_cabinet, conflict with who changed it, hours_invalid */
export async function applyPart(tx: Tx, change: PartChange): Promise<void> {
  const { cabinetId, part, expectedVersion, reason, by } = change
  const twin = await tx
    .selectFrom('twin')
    .select('version')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (twin === undefined) throw new CabinetError('unknown_cabinet')
  const known = await tx
    .selectFrom('twinPart')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .where('part', '=', part)
    .executeTakeFirst()
  const present = known?.changedVersion ?? 0
  if (expectedVersion !== present)
    throw new CabinetError('conflict', `${known?.changedBy ?? 'Somebody'} changed this in the meantime.`, {
      context: { version: present, by: known?.changedBy ?? null, atMs: known?.changedAtMs ?? null },
    })
  if (change.part === 'hours' && change.value !== null && !isFollowable(change.value))
    throw new CabinetError('hours_invalid', `There is no time zone ${change.value.timeZone}.`)
  const version = twin.version + 1
  await tx
    .updateTable('twin')
    .set({ version, sentAtMs: null, ...columnOf(change) })
    .where('cabinetId', '=', cabinetId)
    .execute()
  await noteChange(tx, cabinetId, part, { version, by: by.displayName, reason })
  await appendAudit(tx, {
    actor: `staff:${by.staffId}`,
    action: part === 'service' ? serviceAction(change) : `twin.${part}_changed`,
    subject: `cabinet:${cabinetId}`,
    detail: { value: change.value, version, reason },
  })
  await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
}

function serviceAction(change: PartValue): string {
  return change.part === 'service' && change.value.isOutOfService
    ? 'cabinet.taken_out_of_service'
    : 'cabinet.put_back_into_service'
}

function columnOf(change: PartValue) {
  switch (change.part) {
    case 'hours':
      return { sellingHours: change.value === null ? null : JSON.stringify(change.value) }
    case 'camera':
      return { cameraPolicy: change.value === null ? null : JSON.stringify(change.value) }
    case 'service':
      return { isOutOfService: Number(change.value.isOutOfService) }
  }
}

/** Who changed this part last, and with which version of the document. */
export async function noteChange(
  tx: Tx,
  cabinetId: string,
  part: TwinPart,
  { version, by, reason }: { version: number; by: string; reason: string },
): Promise<void> {
  const changed = { changedVersion: version, changedBy: by, changeReason: reason, changedAtMs: nowOf(tx) }
  await tx
    .insertInto('twinPart')
    .values({ cabinetId, part, ...changed, answeredVersion: 0 })
    .onConflict((conflict) => conflict.columns(['cabinetId', 'part']).doUpdateSet(changed))
    .execute()
}

const answerPart = preparedFor(
  (
    db,
    cabinetId: string,
    part: TwinPart,
    answeredVersion: number,
    status: TwinAnswered['parts'][number]['status'],
    value: string,
    reason: string | null,
    detail: string | null,
    answeredAtMs: number,
  ) => {
    const answer = { answeredVersion, status, value, reason, detail, answeredAtMs }
    return db
      .insertInto('twinPart')
      .values({ cabinetId, part, changedVersion: 0, ...answer })
      .onConflict((conflict) =>
        conflict
          .columns(['cabinetId', 'part'])
          .doUpdateSet(answer)
          .where('twinPart.answeredVersion', '<=', answeredVersion),
      )
  },
)

const answerParts = preparedFor((db, cabinetId: string, partsAnsweredVersion: number) =>
  db
    .updateTable('twin')
    .set({ partsAnsweredVersion })
    .where('cabinetId', '=', cabinetId)
    .where('partsAnsweredVersion', '<=', partsAnsweredVersion),
)
const reportService = preparedFor((db, cabinetId: string, isOutOfService: 0 | 1) =>
  db.updateTable('cabinetReport').set({ isOutOfService }).where('cabinetId', '=', cabinetId),
)

/** In the transaction of `twin.answered`. An answer to an older document than the last one changes nothing. */
export async function recordParts(
  tx: Tx,
  cabinetId: string,
  answered: TwinAnswered,
  atMs: number,
): Promise<void> {
  const { version } = answered
  await answerParts(tx, cabinetId, version)
  for (const { part, status, value, reason, detail } of answered.parts) {
    await answerPart(
      tx,
      cabinetId,
      part,
      version,
      status,
      JSON.stringify(value ?? null),
      reason ?? null,
      detail ?? null,
      atMs,
    )
  }
  const service = answered.parts.find((one) => one.part === 'service')
  if (service !== undefined) await reportService(tx, cabinetId, service.value === true ? 1 : 0)
  await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
}
