import { isId, ID_PATTERN } from './base/ids.ts'
import { PARTITION_COUNT } from './base/units.ts'

/** Everything lies below this; the number is the major version of the protocol. */
export const TOPIC_ROOT = 'vc/1'

/** What a cabinet publishes, with the QoS and retain flag that it uses. */
export const UP = {
  /** Start of a link. */
  hello: { qos: 1, retain: false },
  /** The only ordered event stream. */
  ev: { qos: 1, retain: false },
  /** Latest-wins telemetry; never stored, droppable. */
  live: { qos: 0, retain: false },
  /** Immediate command replies. */
  cmdr: { qos: 1, retain: false },
  /** Birth and will. */
  state: { qos: 1, retain: true },
} as const
/** What the core publishes to a cabinet. */
export const DOWN = {
  /** Cumulative acknowledgement, window, server time. */
  ack: { qos: 0, retain: false },
  /** Commands; a retained one is refused. */
  cmd: { qos: 1, retain: false },
  /** The desired document. */
  twin: { qos: 1, retain: false },
} as const
export type UpChannel = keyof typeof UP
export type DownChannel = keyof typeof DOWN

export type CabinetTopic =
  | { direction: 'up'; partition: number; cabinetId: string; channel: UpChannel }
  | { direction: 'dn'; partition: number; cabinetId: string; channel: DownChannel }

/** 7 → "07": two lower-case hexadecimal digits. */
export function partitionText(partition: number): string {
  if (!Number.isInteger(partition) || partition < 0 || partition >= PARTITION_COUNT) {
    throw new RangeError(`a partition is an integer from 0 to ${PARTITION_COUNT - 1}, not ${partition}`)
  }
  return partition.toString(16).padStart(2, '0')
}

export function upTopic(partition: number, cabinetId: string, channel: UpChannel): string {
  return `${base(partition, cabinetId)}/up/${channel}`
}
export function downTopic(partition: number, cabinetId: string, channel: DownChannel): string {
  return `${base(partition, cabinetId)}/dn/${channel}`
}
/** What one cabinet subscribes to on each connect. */
export function downFilter(partition: number, cabinetId: string): string {
  return `${base(partition, cabinetId)}/dn/+`
}
/** What a core subscribes to for each partition that it owns. */
export function partitionFilter(partition: number): string {
  return `${TOPIC_ROOT}/${partitionText(partition)}/+/up/+`
}

function base(partition: number, cabinetId: string): string {
  if (!isId(cabinetId))
    throw new RangeError(`a cabinet id matches ${ID_PATTERN}, not ${JSON.stringify(cabinetId)}`)
  return `${TOPIC_ROOT}/${partitionText(partition)}/${cabinetId}`
}

/** Splits a topic by segments, never by prefix. @returns undefined when it is none of ours */
export function parseTopic(topic: string): CabinetTopic | undefined {
  const parts = topic.split('/')
  if (parts.length !== 6) return undefined
  const [vc, version, partitionHex = '', cabinetId = '', direction, channel = ''] = parts
  if (`${vc}/${version}` !== TOPIC_ROOT || !/^[0-9a-f]{2}$/.test(partitionHex) || !isId(cabinetId))
    return undefined
  const partition = Number.parseInt(partitionHex, 16)
  if (partition >= PARTITION_COUNT) return undefined
  if (direction === 'up' && Object.hasOwn(UP, channel)) {
    return { direction, partition, cabinetId, channel: channel as UpChannel }
  }
  if (direction === 'dn' && Object.hasOwn(DOWN, channel)) {
    return { direction, partition, cabinetId, channel: channel as DownChannel }
  }
  return undefined
}

/** May the cabinet `identity` publish here? Its own up channels only. */
export function mayPublish(identity: string, topic: string): boolean {
  const parsed = parseTopic(topic)
  return parsed?.direction === 'up' && parsed.cabinetId === identity
}

/**
 * May the cabinet `identity` subscribe to this filter? Its own down channels, and its own retained state (which it
 * watches in order to correct a stale will). Wildcards only where they cannot leave its own tree.
 */
export function maySubscribe(identity: string, filter: string): boolean {
  const parts = filter.split('/')
  if (parts.length !== 6) return false
  const [vc, version, partitionHex = '', cabinetId, direction, channel = ''] = parts
  if (`${vc}/${version}` !== TOPIC_ROOT || cabinetId !== identity || !isId(identity)) return false
  if (partitionHex !== '+' && !/^[0-9a-f]{2}$/.test(partitionHex)) return false
  if (direction === 'dn') return channel === '+' || channel === '#' || Object.hasOwn(DOWN, channel)
  return direction === 'up' && channel === 'state'
}
