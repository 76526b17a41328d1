import type { EventType } from '#protocol/messages/index.ts'
import { directSql, type Tx } from '#core/platform/database.ts'
import type { EventContext } from './handlers.ts'

interface Matter {
  readonly types: readonly EventType[]
  /** Events about different ones of these do not concern each other. */
  readonly field?: 'camera' | 'sensor' | 'probe' | 'sessionId'
}
/**
 * Which events speak of the same thing, so that the newest of them is true. Commands and charges are not here: their
 * machines refuse a step that comes too late.
 */
const MATTERS: readonly Matter[] = [
  {
    types: [
      'door.unlocked',
      'door.opened',
      'door.closed',
      'door.lock-confirmed',
      'door.lock-failed',
      'door.forced',
      'door.left-open',
    ],
  },
  { types: ['camera.blocked', 'camera.cleared', 'camera.frozen', 'camera.unreachable'], field: 'camera' },
  { types: ['weighing.sensor-fault', 'weighing.sensor-restored'], field: 'sensor' },
  {
    types: ['session.started', 'session.reconciled', 'session.abandoned', 'session.not-opened'],
    field: 'sessionId',
  },
  { types: ['climate.lockout-latched', 'climate.lockout-cleared'] },
  { types: ['climate.excursion'] },
  { types: ['climate.probe-fault'], field: 'probe' },
  { types: ['climate.reading'] },
  { types: ['power.lost', 'power.restored', 'agent.started'] },
  { types: ['agent.outbox-pressure'] },
  { types: ['agent.bus-fault'] },
]

type Place = Pick<EventContext, 'cabinetId' | 'epoch' | 'seq'>
const LATER = `SELECT occurredAtMs FROM inbox
  WHERE cabinetId = ? AND (epoch > ? OR (epoch = ? AND seq > ?)) AND status IN ('projected', 'mended')
    AND type IN (SELECT value FROM json_each(?)) AND (? IS NULL OR json_extract(data, ?) = ?)
  ORDER BY epoch, seq LIMIT 1`

/** Whether a later event about the same matter was taken already. */
export function isSuperseded(tx: Tx, place: Place, type: EventType, data: object): boolean {
  const matter = MATTERS.find(({ types }) => types.includes(type))
  if (matter === undefined) return false
  const subject = matter.field === undefined ? undefined : (data as Record<string, unknown>)[matter.field]
  return firstLater(tx, place, matter.types, matter.field, subject) !== undefined
}

/** When the first later event of this type happened, if one was taken. */
export function nextOccurredAtMs(tx: Tx, place: Place, type: EventType): number | undefined {
  return firstLater(tx, place, [type], undefined, undefined)
}

function firstLater(
  tx: Tx,
  { cabinetId, epoch, seq }: Place,
  types: readonly EventType[],
  field: string | undefined,
  subject: unknown,
): number | undefined {
  const named = typeof subject === 'string' ? subject : null
  return directSql(tx).get<{ occurredAtMs: number }>(
    LATER,
    cabinetId,
    epoch,
    epoch,
    seq,
    JSON.stringify(types),
    named,
    `$.${field ?? 'none'}`,
    named,
  )?.occurredAtMs
}
