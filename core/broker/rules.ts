import { createHash, timingSafeEqual } from 'node:crypto'
import { isId } from '#protocol/base/ids.ts'
import { mayPublish, maySubscribe, parseTopic, TOPIC_ROOT } from '#protocol/topics.ts'
import type { BrokerDevice } from './messages.ts'

/** What of a CONNECT packet the rules look at. */
export interface ConnectRequest {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  readonly isClean: boolean
  readonly will:
    | { readonly topic: string; readonly qos: number; readonly payload: { readonly length: number } }
    | undefined
}
export type ConnectVerdict = { ok: true } | { ok: false; returnCode: 2 | 4 | 5; reason: string }

/** A retained state is small; 64 partitions of 64 KB would be memory that a device could fill. */
const STATE_BYTES_MOST = 1024

/**
 * May this device connect? The client id must be the identity, or a device with credentials of its own would inherit
 * what waits for another. Only clean sessions: the broker keeps no queue for anybody.
 */
export function decideConnect(request: ConnectRequest, device: BrokerDevice | undefined): ConnectVerdict {
  const { clientId, username, password, will } = request
  if (!isId(clientId)) return refuse(2, 'the client id is not a cabinet id')
  if (username !== clientId) return refuse(2, 'the client id differs from the user name')
  if (!request.isClean) return refuse(5, 'only clean sessions are kept')
  if (!isPasswordOf(device, password)) return refuse(4, 'unknown cabinet or wrong password')
  if (will !== undefined) {
    const topic = parseTopic(will.topic)
    if (topic?.channel !== 'state' || !mayPublish(clientId, will.topic))
      return refuse(5, 'a will belongs on the own up/state')
    if (will.qos > 1 || will.payload.length > STATE_BYTES_MOST)
      return refuse(5, 'the will is not a small QoS 1 message')
  }
  return { ok: true }
}
function refuse(returnCode: 2 | 4 | 5, reason: string): ConnectVerdict {
  return { ok: false, returnCode, reason }
}

const NOBODY = Buffer.alloc(32)
/** Compares in constant time, and does the same work for a cabinet that does not exist. */
function isPasswordOf(device: BrokerDevice | undefined, password: Uint8Array | undefined): boolean {
  const given = createHash('sha256')
    .update(password ?? new Uint8Array())
    .digest()
  const isEqual = timingSafeEqual(
    given,
    device === undefined ? NOBODY : Buffer.from(device.passwordSha256, 'hex'),
  )
  return device !== undefined && isEqual
}

export interface PublishRequest {
  readonly topic: string
  readonly qos: number
  readonly isRetained: boolean
  readonly byteCount: number
}
/** @returns why the device may not publish this, or undefined when it may */
export function findPublishRefusal(device: BrokerDevice, request: PublishRequest): string | undefined {
  if (!mayPublish(device.cabinetId, request.topic)) return 'this topic is not one of its up channels'
  const topic = parseTopic(request.topic)
  if (topic?.partition !== device.partition) return 'this partition is not its own'
  if (request.qos > 1) return 'QoS 2 is not offered'
  if (request.isRetained && topic.channel !== 'state') return 'only up/state is retained'
  if (request.isRetained && request.byteCount > STATE_BYTES_MOST)
    return `a retained state has at most ${STATE_BYTES_MOST} bytes`
  return undefined
}

/** A device reads its own down channels and its own retained state, at QoS 0 or 1. */
export function isSubscriptionAllowed(device: BrokerDevice, filter: string, qos: number): boolean {
  return qos <= 1 && maySubscribe(device.cabinetId, filter)
}

/** What the core may do on its own listener: speak to devices, and hear them. */
export function isCorePublish(topic: string, isRetained: boolean): boolean {
  return parseTopic(topic)?.direction === 'dn' && !isRetained
}
export function isCoreSubscription(filter: string): boolean {
  return filter.startsWith(`${TOPIC_ROOT}/`)
}
