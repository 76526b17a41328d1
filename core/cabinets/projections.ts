import type { Updateable } from 'kysely'
import type { Ids } from '#protocol/base/ids.ts'
import type { Hello } from '#protocol/messages/frames.ts'
import { decideSkewMs, SKEW_ALARM_MS } from '#core/ingest/decide.ts'
import type { EventContext, EventHandlers } from '#core/ingest/handlers.ts'
import { nextOccurredAtMs } from '#core/ingest/matters.ts'
import type { StreamObserver } from '#core/ingest/receiver.ts'
import { recordChange } from '#core/live/changes.ts'
import { directSql, nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { clearAlarm, clearSeenAlarm, raiseAlarm } from './alarms.ts'
import { noteCamera } from './camera-reports.ts'
import { logCleared, logExcursion, logLatched, logPower, logProbeFault } from './cold-projections.ts'
import type { CabinetCommands } from './commands.ts'
import type { Twins } from './twins.ts'

/** Readings of one window are drawn as one point; a longer silence between two is a gap. */
const FINAL_STATUSES = new Set(['succeeded', 'failed', 'rejected', 'expired', 'unknown'])

type Report = Partial<{
  isDoorOpen: number | null
  isLocked: number | null
  isLockedOut: number
  isOutOfService: number
  airDeciCelsius: number | null
  airAtMs: number
  camera: string | null
  lastHeardMs: number
}>

/** What the events of a cabinet change here: its report, readings, alarms, commands and the answers to its twin. */
export function createProjections(deps: {
  ids: Ids
  commands: CabinetCommands
  twins: Twins
}): EventHandlers {
  const { ids, commands, twins } = deps

  async function report(tx: Tx, { cabinetId, isLate }: EventContext, changes: Report): Promise<void> {
    if (isLate) return
    // Composing these few columns would cost more than writing them; a type makes sure that they are columns.
    const names = Object.keys(changes)
    directSql(tx).run(
      `UPDATE cabinetReport SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE cabinetId = ?`,
      ...Object.values(changes),
      cabinetId,
    )
    await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
  }
  /** One of several doors: the cabinet is open while any is, and locked when all are. */
  async function reportDoor(
    tx: Tx,
    { cabinetId, isLate }: EventContext,
    door: number | undefined,
    change: { isOpen?: boolean; isLocked?: boolean },
  ): Promise<void> {
    if (isLate) return
    const bit = 1 << (door ?? 0)
    const { isOpen, isLocked } = change
    if (isOpen !== undefined)
      directSql(tx).run(
        `UPDATE cabinetReport SET openDoors = (openDoors & ~?) | ?, isDoorOpen = ((openDoors & ~?) | ?) <> 0
          WHERE cabinetId = ?`,
        bit,
        isOpen ? bit : 0,
        bit,
        isOpen ? bit : 0,
        cabinetId,
      )
    if (isLocked !== undefined)
      directSql(tx).run(
        `UPDATE cabinetReport SET unlockedDoors = (unlockedDoors & ~?) | ?, isLocked = ((unlockedDoors & ~?) | ?) = 0
          WHERE cabinetId = ?`,
        bit,
        isLocked ? 0 : bit,
        bit,
        isLocked ? 0 : bit,
        cabinetId,
      )
    await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
  }
  const raise = async (
    tx: Tx,
    { cabinetId, isLate }: EventContext,
    kind: Parameters<typeof clearAlarm>[2],
    values = {},
    subject = '',
  ) => {
    if (!isLate) await raiseAlarm(tx, ids, { cabinetId, kind, subject, values })
  }
  const clear = async (
    tx: Tx,
    { cabinetId, isLate }: EventContext,
    kind: Parameters<typeof clearAlarm>[2],
    subject = '',
  ) => {
    if (!isLate) await clearAlarm(tx, cabinetId, kind, subject)
  }
  /** One of several cameras changed; the cabinet as a whole is as its worst camera is. */
  const look = async (tx: Tx, context: EventContext, camera: string, trouble: string | null) => {
    if (!context.isLate) await report(tx, context, { camera: noteCamera(tx, context, camera, trouble) })
  }

  return {
    'door.unlocked': (tx, context, { door }) => reportDoor(tx, context, door, { isLocked: false }),
    'door.opened': async (tx, context, { sessionId, door }) => {
      await reportDoor(tx, context, door, { isOpen: true })
      directSql(tx).run(
        'INSERT INTO doorInterval (cabinetId, openedAtMs, closedAtMs, sessionId) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        context.cabinetId,
        context.occurredAtMs,
        context.isLate ? (nextOccurredAtMs(tx, context, 'door.closed') ?? null) : null,
        sessionId ?? null,
      )
    },
    'door.closed': async (tx, context, { sessionId, door }) => {
      await reportDoor(tx, context, door, { isOpen: false })
      directSql(tx).run(
        // Where several doors stand open, each interval ends with its own visit.
        `UPDATE doorInterval SET closedAtMs = ? WHERE cabinetId = ? AND closedAtMs IS NULL AND openedAtMs <= ?
          AND (? IS NULL OR sessionId IS NULL OR sessionId = ?)`,
        context.occurredAtMs,
        context.cabinetId,
        context.occurredAtMs,
        sessionId ?? null,
        sessionId ?? null,
      )
      await clear(tx, context, 'door_left_open', subjectOf(door))
    },
    'door.lock-confirmed': async (tx, context, { door }) => {
      await reportDoor(tx, context, door, { isLocked: true, isOpen: false })
      await clear(tx, context, 'lock_failed', subjectOf(door))
      // Goods may be gone: one that nobody has seen yet stays, however well the door locks again.
      if (!context.isLate) await clearSeenAlarm(tx, context.cabinetId, 'door_forced', subjectOf(door))
    },
    'door.lock-failed': async (tx, context, { reason, door }) => {
      await reportDoor(tx, context, door, { isLocked: false })
      await raise(tx, context, 'lock_failed', { reason, ...doorValues(door) }, subjectOf(door))
    },
    'door.forced': async (tx, context, { door }) => {
      await reportDoor(tx, context, door, { isOpen: true })
      await raise(tx, context, 'door_forced', doorValues(door), subjectOf(door))
    },
    'stock.unattended': (tx, context, { cause, changes, door }) =>
      raise(
        tx,
        context,
        'stock_unattended',
        {
          cause,
          shelves: changes.map(({ shelf, deltaGrams }) => `${shelf} ${Math.round(deltaGrams)}`).join(', '),
          ...doorValues(door),
        },
        subjectOf(door),
      ),
    'door.left-open': (tx, context, { openMs, level, door }) =>
      raise(
        tx,
        context,
        'door_left_open',
        {
          minutes: Math.round(openMs / 60_000),
          seconds: Math.round(openMs / 1000),
          level,
          ...doorValues(door),
        },
        subjectOf(door),
      ),
    'weighing.sensor-fault': (tx, context, { shelf, sensor, kind }) =>
      raise(tx, context, 'sensor_fault', { shelf, sensor, kind }, sensor),
    'weighing.sensor-restored': (tx, context, { sensor }) => clear(tx, context, 'sensor_fault', sensor),
    'camera.blocked': async (tx, context, { camera, kind }) => {
      await look(tx, context, camera, kind)
      await raise(tx, context, 'camera_blocked', { camera, kind }, camera)
    },
    'camera.cleared': async (tx, context, { camera }) => {
      await look(tx, context, camera, null)
      for (const kind of ['camera_blocked', 'camera_frozen', 'camera_unreachable'] as const)
        await clear(tx, context, kind, camera)
    },
    'camera.frozen': async (tx, context, { camera }) => {
      await look(tx, context, camera, 'frozen')
      await raise(tx, context, 'camera_frozen', { camera }, camera)
    },
    'camera.unreachable': async (tx, context, { camera, reason }) => {
      await look(tx, context, camera, 'unreachable')
      await raise(tx, context, 'camera_unreachable', { camera, reason }, camera)
    },
    'climate.reading': async (tx, context, data) => {
      directSql(tx).run(
        `INSERT INTO reading (cabinetId, atMs, windowMs, lowest, mean, highest, setpoint, compressorOnMs, doorOpenMs)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        context.cabinetId,
        context.occurredAtMs,
        data.windowMs,
        data.airLowest,
        data.airMean,
        data.airHighest,
        data.setpoint ?? null,
        data.compressorOnMs,
        data.doorOpenMs,
      )
      await report(tx, context, { airDeciCelsius: data.airMean, airAtMs: context.occurredAtMs })
    },
    'climate.excursion': async (tx, context, excursion) => {
      logExcursion(tx, context, excursion)
      const { phase, airDeciCelsius, limitDeciCelsius } = excursion
      if (phase === 'ended') await clear(tx, context, 'too_warm')
      else
        await raise(tx, context, 'too_warm', {
          air: celsius(airDeciCelsius),
          limit: celsius(limitDeciCelsius),
        })
    },
    'climate.lockout-latched': async (tx, context, latched) => {
      await report(tx, context, { isLockedOut: 1 })
      logLatched(tx, context, latched)
      const { cause, airDeciCelsius, sinceMs } = latched
      await raise(tx, context, 'food_safety_lockout', {
        cause,
        minutes: Math.round(sinceMs / 60_000),
        air: airDeciCelsius === undefined ? '' : celsius(airDeciCelsius),
      })
    },
    'climate.lockout-cleared': async (tx, context, cleared) => {
      await report(tx, context, { isLockedOut: 0 })
      logCleared(tx, context, cleared)
      await clear(tx, context, 'food_safety_lockout')
    },
    'climate.probe-fault': async (tx, context, faulty) => {
      logProbeFault(tx, context, faulty)
      const { phase, probe, fault = 'silent' } = faulty
      if (phase === 'began') await raise(tx, context, 'probe_fault', { probe, fault }, probe)
      else await clear(tx, context, 'probe_fault', probe)
    },
    'twin.answered': (tx, context, answered) =>
      twins.recordParts(tx, context.cabinetId, answered, context.occurredAtMs),
    'climate.setpoint-applied': (tx, context, { twinEpoch, version, status, value, reason }) =>
      twins.recordAnswer(
        tx,
        context.cabinetId,
        {
          twinEpoch,
          version,
          status,
          ...(value === undefined ? {} : { value }),
          ...(reason === undefined ? {} : { reason }),
        },
        context.occurredAtMs,
      ),
    'command.finished': (tx, context, { commandId, status, reason, detail, result }) =>
      commands.recordOutcome(tx, context.cabinetId, {
        commandId,
        status,
        ...(result === undefined ? {} : { result }),
        ...(reason === undefined ? {} : { reason }),
        ...(detail === undefined ? {} : { detail }),
      }),
    'power.lost': async (tx, context) => {
      logPower(tx, context, 'lost')
      await raise(tx, context, 'power_lost')
    },
    'power.restored': async (tx, context) => {
      logPower(tx, context, 'restored')
      await clear(tx, context, 'power_lost')
    },
    'agent.started': async (tx, context) => {
      logPower(tx, context, 'started')
      await clear(tx, context, 'power_lost')
    },
    'agent.outbox-pressure': (tx, context, { level, waiting }) =>
      level === 'normal'
        ? clear(tx, context, 'outbox_pressure')
        : raise(tx, context, 'outbox_pressure', { level, waiting }),
    'agent.bus-fault': (tx, context, { phase, reason }) =>
      phase === 'began' ? raise(tx, context, 'bus_fault', { reason }) : clear(tx, context, 'bus_fault'),
  }
}

/** What a hello and trouble on a stream change here. */
export function createStreamObserver(deps: {
  ids: Ids
  commands: CabinetCommands
  onForgotten: StreamObserver['onForgotten']
}): StreamObserver {
  const { ids, commands, onForgotten } = deps
  return {
    async onHello(tx, cabinetId, hello, receivedAtMs) {
      saveReport(tx, cabinetId, hello, receivedAtMs)
      for (const { id, status, reason } of hello.commands) {
        if (!FINAL_STATUSES.has(status)) continue
        await commands.recordOutcome(tx, cabinetId, {
          commandId: id,
          status,
          ...(reason === undefined ? {} : { reason }),
        })
      }
      await recordChange(tx, { kind: 'cabinet', subjectId: cabinetId, cabinetId })
    },
    async onTrouble(tx, cabinetId, trouble) {
      const kind = (
        {
          fork: 'cloned_identity',
          stale_epoch: 'cloned_identity',
          ack_beyond_outbox: 'cloned_identity',
          poison: 'poisoned_event',
          events_lost: 'events_lost',
        } as const
      )[trouble]
      await raiseAlarm(tx, ids, { cabinetId, kind, values: { trouble } })
    },
    onRecovery: (tx, cabinetId, recovered) =>
      clearAlarm(tx, cabinetId, recovered === 'stream' ? 'cloned_identity' : 'poisoned_event'),
    onForgotten,
    async onClock(tx, cabinetId, skewMs) {
      directSql(tx).run('UPDATE cabinetReport SET clockSkewMs = ? WHERE cabinetId = ?', skewMs, cabinetId)
      if (Math.abs(skewMs) > SKEW_ALARM_MS)
        await raiseAlarm(tx, ids, {
          cabinetId,
          kind: 'clock_skew',
          values: { seconds: Math.round(skewMs / 1000) },
        })
      else await clearAlarm(tx, cabinetId, 'clock_skew')
    },
  }
}

/** The first door needs no name of its own: most cabinets have one. */
function subjectOf(door: number | undefined): string {
  return door === undefined || door === 0 ? '' : `door-${door}`
}
function doorValues(door: number | undefined): { door?: number } {
  return door === undefined || door === 0 ? {} : { door: door + 1 }
}

function saveReport(tx: Tx, cabinetId: string, hello: Hello, receivedAtMs: number): void {
  const { hardware } = hello
  const values: Updateable<Tables['cabinetReport']> = {
    linkId: hello.linkId,
    boot: hello.boot,
    firmware: hello.firmware,
    helloAtMs: nowOf(tx),
    lastHeardMs: receivedAtMs,
    clockSkewMs: decideSkewMs(hello, receivedAtMs),
    isDoorOpen: bit(hardware.isDoorOpen),
    isLocked: bit(hardware.isLocked),
    doors: hardware.doors === undefined ? null : JSON.stringify(hardware.doors),
    // Which of them it is, only their events tell; that none is, the hello says.
    ...(hardware.isDoorOpen === false ? { openDoors: 0 } : {}),
    ...(hardware.isLocked === true ? { unlockedDoors: 0 } : {}),
    isLockedOut: hardware.isLockedOut ? 1 : 0,
    isOutOfService: hardware.isOutOfService ? 1 : 0,
    reportedVersion: hello.twin.version,
    ...(hello.twin.setpointDeciCelsius === undefined
      ? {}
      : { reportedSetpoint: hello.twin.setpointDeciCelsius, reportedAtMs: receivedAtMs }),
  }
  const columns = Object.keys(values)
  directSql(tx).run(
    `UPDATE cabinetReport SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE cabinetId = ?`,
    ...Object.values(values),
    cabinetId,
  )
}
function bit(value: boolean | null): number | null {
  return value === null ? null : Number(value)
}
function celsius(deci: number): string {
  return (deci / 10).toFixed(1)
}
