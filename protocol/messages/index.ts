import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import * as camera from './camera.ts'
import * as climate from './climate.ts'
import * as door from './door.ts'
import {
  Ack,
  Command,
  CommandReply,
  EventFrame,
  EventFrameEnvelope,
  FrameEvent,
  Hello,
  Live,
  State,
  Twin,
} from './frames.ts'
import * as operations from './operations.ts'
import * as session from './session.ts'
import { TwinAnswered } from './twin.ts'
import * as weighing from './weighing.ts'

/** Every event type of `up/ev` with the schema of its data. Past tense; a new one is added, an old one never changes meaning. */
export const EVENTS = {
  'door.unlocked': door.DoorUnlocked,
  'door.opened': door.DoorOpened,
  'door.closed': door.DoorClosed,
  'door.lock-confirmed': door.DoorLockConfirmed,
  'door.lock-failed': door.DoorLockFailed,
  'door.forced': door.DoorForced,
  'door.left-open': door.DoorLeftOpen,
  'stock.unattended': door.StockUnattended,
  'session.started': session.SessionStarted,
  'session.not-opened': session.SessionNotOpened,
  'session.reconciled': session.SessionReconciled,
  'session.abandoned': session.SessionAbandoned,
  'weighing.step': weighing.WeighingStep,
  'weighing.plateau-summary': weighing.WeighingPlateauSummary,
  'weighing.sensor-fault': weighing.WeighingSensorFault,
  'weighing.sensor-restored': weighing.WeighingSensorRestored,
  'weighing.calibrated': weighing.WeighingCalibrated,
  'camera.blocked': camera.CameraBlocked,
  'camera.cleared': camera.CameraCleared,
  'camera.frozen': camera.CameraFrozen,
  'camera.unreachable': camera.CameraUnreachable,
  'camera.snapshot-taken': camera.CameraSnapshotTaken,
  'evidence.missing': camera.EvidenceMissing,
  'climate.reading': climate.ClimateReading,
  'climate.excursion': climate.ClimateExcursion,
  'climate.lockout-latched': climate.ClimateLockoutLatched,
  'climate.lockout-cleared': climate.ClimateLockoutCleared,
  'climate.probe-fault': climate.ClimateProbeFault,
  'climate.setpoint-applied': climate.ClimateSetpointApplied,
  'charge.deferred': operations.ChargeDeferred,
  'charge.cleared': operations.ChargeCleared,
  'command.finished': operations.CommandFinished,
  'twin.answered': TwinAnswered,
  'power.lost': operations.PowerLost,
  'power.restored': operations.PowerRestored,
  'agent.started': operations.AgentStarted,
  'agent.outbox-pressure': operations.AgentOutboxPressure,
  'agent.clock-step': operations.AgentClockStep,
  'agent.bus-fault': operations.AgentBusFault,
  'agent.stream-renewed': operations.AgentStreamRenewed,
} as const satisfies Record<string, TSchema>

export type EventType = keyof typeof EVENTS
export type EventData<T extends EventType> = Static<(typeof EVENTS)[T]>
/** An event of a known type with its data checked. */
export type DomainEvent = { [T in EventType]: { type: T; data: EventData<T> } }[EventType]

/** Every frame by its channel. */
export const FRAMES = {
  hello: Hello,
  ev: EventFrame,
  live: Live,
  cmdr: CommandReply,
  state: State,
  ack: Ack,
  cmd: Command,
  twin: Twin,
} as const
export type FrameChannel = keyof typeof FRAMES
export type FrameOf<C extends FrameChannel> = Static<(typeof FRAMES)[C]>

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string }

interface Check<T> {
  Check(value: unknown): value is T
  Errors(value: unknown): Iterable<{ instancePath: string; message: string }>
}
const checks = new Map<TSchema, Check<unknown>>()
function checkOf(schema: TSchema): Check<unknown> {
  let check = checks.get(schema)
  if (!check) {
    check = Compile(schema) as unknown as Check<unknown>
    checks.set(schema, check)
  }
  return check
}

/** Compiled on first use, then kept. @returns the value typed, or a reason that names the field */
export function parseValue<S extends TSchema>(schema: S, value: unknown): Parsed<Static<S>> {
  const check = checkOf(schema)
  if (check.Check(value)) return { ok: true, value: value as Static<S> }
  for (const error of check.Errors(value)) {
    // TypeBox words an unknown field as a schema that is false, which helps nobody.
    const message = error.message === 'schema is false' ? 'is not a known field' : error.message
    return {
      ok: false,
      reason: `${error.instancePath === '' ? 'the document' : error.instancePath} ${message}`,
    }
  }
  return { ok: false, reason: 'the document does not match its schema' }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Untrusted bytes to a typed frame: size, UTF-8, JSON, schema. */
export function parseFrame<C extends FrameChannel>(channel: C, bytes: Uint8Array): Parsed<FrameOf<C>> {
  const json = parseJson(bytes)
  return json.ok ? (parseValue(FRAMES[channel], json.value) as Parsed<FrameOf<C>>) : json
}

function parseJson(bytes: Uint8Array): Parsed<unknown> {
  if (bytes.byteLength > PAYLOAD_BYTES_MAX)
    return { ok: false, reason: `${bytes.byteLength} bytes, at most ${PAYLOAD_BYTES_MAX} are allowed` }
  try {
    return { ok: true, value: JSON.parse(strictUtf8.decode(bytes)) }
  } catch (error) {
    return {
      ok: false,
      reason: `not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}
const PAYLOAD_BYTES_MAX = 128 * 1024

export type ParsedEvent =
  | { kind: 'known'; event: DomainEvent }
  | { kind: 'unknown-type' }
  | { kind: 'invalid'; reason: string }

/** What can be said of a frame whose events do not all have the form of an event. */
export type EventFrameParsed =
  | { ok: true; frame: EventFrame; faults: ReadonlyMap<number, string> }
  | { ok: false; reason: string }
const NO_FAULTS: ReadonlyMap<number, string> = new Map()

/**
 * An event frame, as leniently as its numbering allows: one event without the form of an event must not hold up those
 * around it. @returns the frame with the faults of single events by their index, or why not even the numbers can be read
 */
export function parseEventFrame(bytes: Uint8Array): EventFrameParsed {
  const whole = parseFrame('ev', bytes)
  if (whole.ok) return { ok: true, frame: whole.value, faults: NO_FAULTS }
  const json = parseJson(bytes)
  const envelope = json.ok ? parseValue(EventFrameEnvelope, json.value) : json
  if (!envelope.ok) return whole
  const faults = new Map<number, string>()
  const { nowMs, monoMs } = envelope.value
  const events = envelope.value.events.map((given, index): FrameEvent => {
    const event = parseValue(FrameEvent, given)
    if (event.ok) return event.value
    faults.set(index, event.reason)
    return { type: 'unreadable', atMs: nowMs, monoMs, data: { event: given } }
  })
  return { ok: true, frame: { ...envelope.value, events }, faults }
}

/** One event of a frame. An unknown type comes from a newer minor version and is stored, not dead. */
export function parseEvent(type: string, data: unknown): ParsedEvent {
  if (!Object.hasOwn(EVENTS, type)) return { kind: 'unknown-type' }
  const parsed = parseValue(EVENTS[type as EventType], data)
  return parsed.ok
    ? { kind: 'known', event: { type, data: parsed.value } as DomainEvent }
    : { kind: 'invalid', reason: parsed.reason }
}
