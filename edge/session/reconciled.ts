import type { SessionReconciled } from '#protocol/messages/session.ts'
import type { WeighingResult } from '#protocol/weighing/types.ts'
import { closedIntervals, type SessionRecord } from './record.ts'

/** Limits of the schema, and of a frame: an event that does not fit would never arrive. */
const STEPS_MOST = 200
const INTERVALS_MOST = 50
const EVENT_BYTES_MOST = 60 * 1024
const EXPLANATION_CHARACTERS = 200

const round = (grams: number) => Math.round(grams * 10) / 10
const roundOrNull = (grams: number | null) => (grams === null ? null : round(grams))
const probabilityOf = (value: number) => Math.min(1, Math.max(0, Math.round(value * 1e6) / 1e6))

/** The end of a session as a message: times relative to the unlock, numbers as precise as they are true. */
export function reconciledEvent(
  record: SessionRecord,
  result: WeighingResult,
  settledMs: number,
): SessionReconciled {
  const closedMs = record.closedMs ?? settledMs
  const whole = (ms: number) => Math.round(ms)
  const message: SessionReconciled = {
    sessionId: record.sessionId,
    kind: record.kind,
    planogramVersion: record.planogramVersion,
    startedAgoMs: Math.max(0, whole(settledMs)),
    openedMs: whole(record.openedMs ?? closedMs),
    closedMs: whole(closedMs),
    settledMs: whole(settledMs),
    receipt: {
      engineVersion: result.engineVersion,
      lines: result.receipt.lines
        .slice(0, 100)
        .map((line) => ({ ...line, probability: probabilityOf(line.probability) })),
      probability: probabilityOf(result.receipt.probability),
      verdict: result.receipt.verdict,
      reasons: result.receipt.reasons.slice(0, 10),
      alternatives: result.alternatives
        .slice(0, 10)
        .map((one) => ({ ...one, probability: probabilityOf(one.probability) })),
    },
    steps: result.steps.slice(0, STEPS_MOST).map((step) => ({
      tMs: whole(step.tMs),
      shelf: step.shelf,
      grams: round(step.grams),
      sigmaGrams: round(step.sigmaGrams),
      explanation: step.explanation.slice(0, EXPLANATION_CHARACTERS),
    })),
    shelfDeltas: result.shelfDeltas.slice(0, 64).map((delta) => ({
      shelf: delta.shelf,
      beforeGrams: roundOrNull(delta.beforeGrams),
      afterGrams: roundOrNull(delta.afterGrams),
      deltaGrams: roundOrNull(delta.deltaGrams),
      sigmaGrams: round(delta.sigmaGrams),
    })),
    camera: {
      blocked: closedIntervals(record.cameraTroubles, settledMs, INTERVALS_MOST).map(
        ({ fromMs, toMs, kind, camera }) => ({
          fromMs: whole(fromMs),
          toMs: whole(toMs),
          kind,
          camera,
        }),
      ),
      framesChecked: record.framesChecked,
    },
    offline: closedIntervals(record.offline, settledMs, INTERVALS_MOST).map(({ fromMs, toMs }) => ({
      fromMs: whole(fromMs),
      toMs: whole(toMs),
    })),
    restarts: record.restarts,
    evidence: record.evidence.slice(0, 60).map((one) => ({ ...one })),
  }
  while (message.steps.length > 10 && Buffer.byteLength(JSON.stringify(message)) > EVENT_BYTES_MOST) {
    // The trace holds them all; the message keeps the larger ones.
    const smallest = message.steps.reduce((a, b) => (Math.abs(b.grams) < Math.abs(a.grams) ? b : a))
    message.steps = message.steps.filter((one) => one !== smallest)
  }
  return message
}
