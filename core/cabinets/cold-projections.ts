import type { EventData } from '#protocol/messages/index.ts'
import type { EventContext } from '#core/ingest/handlers.ts'
import { nextOccurredAtMs } from '#core/ingest/matters.ts'
import { directSql, type Tx } from '#core/platform/database.ts'

/** What the climate events of a cabinet leave in the log that a food inspector asks for. */

export function logExcursion(
  tx: Tx,
  context: EventContext,
  { phase, airDeciCelsius, limitDeciCelsius, warmMs = 0, peakDeciCelsius }: EventData<'climate.excursion'>,
): void {
  const { cabinetId, occurredAtMs } = context
  const peak = peakDeciCelsius ?? airDeciCelsius
  if (phase === 'began') {
    directSql(tx).run(
      `INSERT INTO excursion (cabinetId, toldAtMs, beganAtMs, endedAtMs, limitDeciCelsius, peakDeciCelsius)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      cabinetId,
      occurredAtMs,
      occurredAtMs - warmMs,
      context.isLate ? (nextOccurredAtMs(tx, context, 'climate.excursion') ?? null) : null,
      limitDeciCelsius,
      peak,
    )
    return
  }
  directSql(tx).run(
    `UPDATE excursion SET endedAtMs = ?, peakDeciCelsius = max(peakDeciCelsius, ?)
      WHERE cabinetId = ? AND endedAtMs IS NULL AND toldAtMs <= ?`,
    occurredAtMs,
    peak,
    cabinetId,
    occurredAtMs,
  )
}

export function logLatched(
  tx: Tx,
  context: EventContext,
  { cause, sinceMs, airDeciCelsius, peakDeciCelsius }: EventData<'climate.lockout-latched'>,
): void {
  directSql(tx).run(
    `INSERT INTO lockoutInterval (cabinetId, latchedAtMs, cause, clearedAtMs, sinceMs, peakDeciCelsius)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    context.cabinetId,
    context.occurredAtMs,
    cause,
    context.isLate ? (nextOccurredAtMs(tx, context, 'climate.lockout-cleared') ?? null) : null,
    sinceMs,
    peakDeciCelsius ?? airDeciCelsius ?? null,
  )
}

export function logCleared(
  tx: Tx,
  { cabinetId, occurredAtMs }: EventContext,
  { by, reason, goods, commandId }: EventData<'climate.lockout-cleared'>,
): void {
  directSql(tx).run(
    `UPDATE lockoutInterval SET clearedAtMs = ?, clearedBy = ?, clearReason = ?, goods = ?, commandId = ?
      WHERE cabinetId = ? AND clearedAtMs IS NULL`,
    occurredAtMs,
    by,
    reason,
    goods ?? null,
    commandId ?? null,
    cabinetId,
  )
}

export function logProbeFault(
  tx: Tx,
  context: EventContext,
  { phase, probe, fault = 'silent' }: EventData<'climate.probe-fault'>,
): void {
  const { cabinetId, occurredAtMs } = context
  if (phase === 'began')
    directSql(tx).run(
      'INSERT INTO probeFault (cabinetId, probe, beganAtMs, fault, endedAtMs) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      cabinetId,
      probe,
      occurredAtMs,
      fault,
      context.isLate ? (nextOccurredAtMs(tx, context, 'climate.probe-fault') ?? null) : null,
    )
  else
    directSql(tx).run(
      'UPDATE probeFault SET endedAtMs = ? WHERE cabinetId = ? AND probe = ? AND endedAtMs IS NULL AND beganAtMs <= ?',
      occurredAtMs,
      cabinetId,
      probe,
      occurredAtMs,
    )
}

export function logPower(
  tx: Tx,
  { cabinetId, occurredAtMs }: EventContext,
  kind: 'lost' | 'restored' | 'started',
): void {
  directSql(tx).run(
    'INSERT INTO powerMoment (cabinetId, atMs, kind) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    cabinetId,
    occurredAtMs,
    kind,
  )
}
