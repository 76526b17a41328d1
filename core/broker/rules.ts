import { createHash, timingSafeEqual } from 'node:crypto'
import { isId } from '#protocol/base/ids.ts'
import { mayPublish, maySubscribe, parseTopic, TOPIC_ROOT } from '#protocol/topics.ts'
import type { BrokerCredential, BrokerDevice } from './messages.ts'

/** What of a CONNECT packet the rules look at. */
export interface ConnectRequest {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  /** SHA-256 of the client certificate, when one was given and our authority issued it. */
  readonly certificateSha256: string | undefined
  readonly isClean: boolean
  readonly will:
    | { readonly topic: string; readonly qos: number; readonly payload: { readonly length: number } }
    | undefined
}
export type ConnectVerdict =
  | { ok: true; credentialId: string }
  | { ok: false; returnCode: 2 | 4 | 5; reason: string }

/** A retained state is small; 64 partitions of 64 KB would be memory that a device could fill. */
export const STATE_BYTES_MOST = 1024

/**
 * May this device connect? The client id must be the identity, or a device with credentials of its own would inherit
 * what waits for another. Only clean sessions: the broker keeps no queue for anybody.
 */
export function decideConnect(
  request: ConnectRequest,
  device: BrokerDevice | undefined,
  nowMs: number,
): ConnectVerdict {
  const { clientId, username, certificateSha256, will } = request
  if (!isId(clientId)) return refuse(2, 'the client id is not a cabinet id')
  const mayLackName = certificateSha256 !== undefined && username === undefined
  if (username !== clientId && !mayLackName) return refuse(2, 'the client id differs from the user name')
  if (!request.isClean) return refuse(5, 'only clean sessions are kept')
  const credential = findCredential(request, device, nowMs)
  if (credential === undefined)
    return certificateSha256 === undefined
      ? refuse(4, 'unknown cabinet or wrong password')
      : refuse(5, 'the certificate is not, or no longer, one of this cabinet')
  if (will !== undefined) {
    const topic = parseTopic(will.topic)
    if (
      topic?.channel !== 'state' ||
      topic.partition !== device?.partition ||
      !mayPublish(clientId, will.topic)
    )
      return refuse(5, 'a will belongs on the own up/state')
    if (will.qos > 1 || will.payload.length > STATE_BYTES_MOST)
      return refuse(5, 'the will is not a small QoS 1 message')
  }
  return { ok: true, credentialId: credential.credentialId }
}
function refuse(returnCode: 2 | 4 | 5, reason: string): ConnectVerdict {
  return { ok: false, returnCode, reason }
}

const NOBODY: BrokerCredential = {
  credentialId: '',
  kind: 'password',
  sha256: '0'.repeat(64),
  endsAtMs: 0,
}
/** Compares in constant time, and does the same work for a cabinet that does not exist. */
function findCredential(
  { password, certificateSha256 }: ConnectRequest,
  device: BrokerDevice | undefined,
  nowMs: number,
): BrokerCredential | undefined {
  const kind = certificateSha256 === undefined ? 'password' : 'certificate'
  const given =
    certificateSha256 === undefined
      ? createHash('sha256')
          .update(password ?? new Uint8Array())
          .digest()
      : Buffer.from(certificateSha256, 'hex')
  let found: BrokerCredential | undefined
  for (const credential of [NOBODY, ...(device?.credentials ?? [])]) {
    const isEqual = timingSafeEqual(given, Buffer.from(credential.sha256, 'hex'))
    if (isEqual && credential.kind === kind && isGood(credential, nowMs)) found = credential
  }
  return found
}
function isGood({ endsAtMs }: BrokerCredential, nowMs: number): boolean {
  return endsAtMs === null || endsAtMs > nowMs
}

export interface PublishRequest {
  readonly topic: string
  readonly qos: number
  readonly isRetained: boolean
  readonly byteCount: number
}
/** @returns why the device may not publish this, or undefined when it may */
export function findPublishRefusal(
  device: Pick<BrokerDevice, 'cabinetId' | 'partition'>,
  request: PublishRequest,
): string | undefined {
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
export function isSubscriptionAllowed(
  device: Pick<BrokerDevice, 'cabinetId'>,
  filter: string,
  qos: number,
): boolean {
  return qos <= 1 && maySubscribe(device.cabinetId, filter)
}

/** What the core may do on its own listener: speak to devices, and hear them. */
export function isCorePublish(topic: string, isRetained: boolean): boolean {
  return parseTopic(topic)?.direction === 'dn' && !isRetained
}
export function isCoreSubscription(filter: string): boolean {
  return filter.startsWith(`${TOPIC_ROOT}/`)
}
