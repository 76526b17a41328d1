import Type from 'typebox'
import { Code, closed, DurationMs, Id, Text } from './common.ts'
import { CommandStatus, HaltReason } from './frames.ts'

/** The final outcome of a command, so that it is never lost and is ordered against door events. */
export const CommandFinished = Type.Object(
  {
    commandId: Id,
    name: Code,
    status: CommandStatus,
    reason: Type.Optional(Code),
    detail: Type.Optional(Text),
    result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
)
/** The end of a session will reach the core late. */
export const ChargeDeferred = Type.Object({ sessionId: Id, reason: Code, sinceMs: DurationMs }, closed)
export const ChargeCleared = Type.Object({ sessionId: Id }, closed)
export const PowerLost = Type.Object({}, closed)
export const PowerRestored = Type.Object({ outageMs: Type.Optional(DurationMs) }, closed)
export const AgentStarted = Type.Object(
  {
    boot: Type.Integer({ minimum: 1 }),
    version: Type.String({ maxLength: 64 }),
    profile: Type.String({ maxLength: 64 }),
    resumedSessionId: Type.Optional(Id),
  },
  closed,
)
export const AgentOutboxPressure = Type.Object(
  {
    level: Type.Union([Type.Literal('normal'), Type.Literal('high'), Type.Literal('full')]),
    waiting: Type.Integer({ minimum: 0 }),
    byteCount: Type.Integer({ minimum: 0 }),
  },
  closed,
)
export const AgentClockStep = Type.Object(
  { stepMs: Type.Integer({ description: 'how far the wall clock jumped' }) },
  closed,
)
/** The outbox goes on under a new epoch, because a person said that this is the real cabinet. */
export const AgentStreamRenewed = Type.Object(
  {
    reason: HaltReason,
    fromEpoch: Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'the epoch that ended' }),
    seq: Type.Integer({ minimum: 0, description: 'the last event that the core had in common with us' }),
  },
  closed,
)
/** The serial bus stopped or started answering; readings in between are stale, never the last value. */
export const AgentBusFault = Type.Object(
  {
    phase: Type.Union([Type.Literal('began'), Type.Literal('ended')]),
    reason: Code,
    detail: Type.Optional(Text),
  },
  closed,
)
