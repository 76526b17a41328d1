import { createDecipheriv, createSign, createVerify, type KeyObject } from 'node:crypto'

/** The provider's signatures and encryption, byte for byte. Held to protocol/vectors/payscore/signing.json. */
export const SIGNATURE_SCHEMA = 'WECHATPAY2-SHA256-RSA2048'
/** A timestamp further away than this is refused, whoever signed it. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000
const TAG_BYTES = 16

export interface RequestToSign {
  method: string
  pathWithQuery: string
  /** Unix seconds. */
  timestamp: string
  nonce: string
  /** The exact bytes that are sent, as text; empty for GET. */
  body: string
}
export function requestMessage(request: RequestToSign): string {
  return `${request.method}\n${request.pathWithQuery}\n${request.timestamp}\n${request.nonce}\n${request.body}\n`
}
/** What the provider signs on answers and callbacks. */
export function answerMessage(answer: { timestamp: string; nonce: string; body: string }): string {
  return `${answer.timestamp}\n${answer.nonce}\n${answer.body}\n`
}
export function sign(message: string, privateKey: KeyObject): string {
  return createSign('RSA-SHA256').update(message, 'utf8').sign(privateKey, 'base64')
}
export function isSignedBy(message: string, signature: string, publicKey: KeyObject): boolean {
  return createVerify('RSA-SHA256').update(message, 'utf8').verify(publicKey, signature, 'base64')
}
export function authorizationHeader(fields: {
  mchId: string
  nonce: string
  signature: string
  timestamp: string
  serialNo: string
}): string {
  return `${SIGNATURE_SCHEMA} mchid="${fields.mchId}",nonce_str="${fields.nonce}",signature="${fields.signature}",timestamp="${fields.timestamp}",serial_no="${fields.serialNo}"`
}

/**
 * AEAD_AES_256_GCM of callbacks; the tag stands at the end of the cipher text.
 * @throws when the text was altered or the key is another one
 */
export function decryptResource(
  apiV3Key: string,
  resource: { nonce: string; associatedData: string; ciphertext: string },
): string {
  const bytes = Buffer.from(resource.ciphertext, 'base64')
  if (bytes.length <= TAG_BYTES) throw new Error('the encrypted resource is too short to hold its tag')
  const decipher = createDecipheriv(
    'aes-256-gcm',
    Buffer.from(apiV3Key, 'utf8'),
    Buffer.from(resource.nonce, 'utf8'),
    { authTagLength: TAG_BYTES },
  )
  decipher.setAAD(Buffer.from(resource.associatedData, 'utf8'))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
}

export interface SignedHeaders {
  timestamp: string
  nonce: string
  signature: string
  serial: string
}

/** @returns why the message is not the provider's, or undefined when it is */
export function findForgery(
  headers: SignedHeaders,
  body: string,
  keys: Pick<ReadonlyMap<string, KeyObject>, 'get'>,
  nowMs: number,
): string | undefined {
  const key = keys.get(headers.serial)
  if (key === undefined)
    return `it names the key ${headers.serial.slice(0, 60) || '(none)'}, which is not configured`
  if (!/^\d{1,12}$/.test(headers.timestamp)) return 'it has no timestamp'
  if (Math.abs(nowMs - Number(headers.timestamp) * 1000) > CLOCK_TOLERANCE_MS)
    return 'its timestamp is more than five minutes away from our clock'
  if (!isSignedBy(answerMessage({ ...headers, body }), headers.signature, key))
    return 'the signature does not fit'
  return undefined
}
