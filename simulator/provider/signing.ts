import { createCipheriv, createSign, createVerify, type KeyObject } from 'node:crypto'
import type { Random } from '#protocol/base/random.ts'
import type { JsonObject } from './fields.ts'
import type { ProviderKeys } from './keys.ts'

export const SCHEME = 'WECHATPAY2-SHA256-RSA2048'
/** Both sides refuse a signature whose time is further off than this. */
const CLOCK_TOLERANCE_SECONDS = 300

/** Five lines, each ending in a line feed: method, path with query, seconds, nonce, the exact body. */
export function requestMessage(
  method: string,
  pathWithQuery: string,
  timestamp: string,
  nonce: string,
  body: Buffer,
): Buffer {
  return Buffer.concat([
    Buffer.from(`${method}\n${pathWithQuery}\n${timestamp}\n${nonce}\n`),
    body,
    Buffer.from('\n'),
  ])
}

/** Three lines, each ending in a line feed: seconds, nonce, the exact body. For answers and callbacks. */
export function responseMessage(timestamp: string, nonce: string, body: string): Buffer {
  return Buffer.from(`${timestamp}\n${nonce}\n${body}\n`)
}

export function sign(privateKey: KeyObject, message: Buffer): string {
  return createSign('RSA-SHA256').update(message).sign(privateKey, 'base64')
}

export function verify(publicKey: KeyObject, message: Buffer, signature: string): boolean {
  return createVerify('RSA-SHA256').update(message).verify(publicKey, signature, 'base64')
}

export function randomNonce(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('hex').toUpperCase()
}

interface Authorization {
  mchid: string
  nonce_str: string
  signature: string
  timestamp: string
  serial_no: string
}

/** @returns undefined when the header is not `WECHATPAY2-SHA256-RSA2048 key="value",…` with all five keys */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  if (!header?.startsWith(`${SCHEME} `)) return undefined
  const values: Record<string, string> = {}
  for (const [, key, value] of header.slice(SCHEME.length + 1).matchAll(/([a-z_]+)="([^"]*)"/g)) {
    if (key !== undefined && value !== undefined) values[key] = value
  }
  const { mchid, nonce_str, signature, timestamp, serial_no } = values
  if (!mchid || !nonce_str || !signature || !timestamp || !serial_no) return undefined
  return { mchid, nonce_str, signature, timestamp, serial_no }
}

/**
 * Checks a merchant's request over its exact bytes.
 * @returns undefined when it is good, else the sentence for SIGN_ERROR
 */
export function findSignatureFault(
  keys: ProviderKeys,
  nowMs: number,
  request: { method: string; pathWithQuery: string; authorization: string | undefined; body: Buffer },
): string | undefined {
  const authorization = parseAuthorization(request.authorization)
  if (!authorization) return 'Http头缺少Authorization，或格式不正确'
  if (authorization.mchid !== keys.mchId) return '商户号不存在，请检查Authorization中的mchid'
  if (authorization.serial_no !== keys.merchantSerialNo)
    return '商户证书序列号有误，请检查Authorization中的serial_no'
  const offSeconds = Math.abs(nowMs / 1000 - Number(authorization.timestamp))
  // Written so that a timestamp that is no number is refused too.
  if (!(offSeconds <= CLOCK_TOLERANCE_SECONDS)) {
    return 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟'
  }
  const message = requestMessage(
    request.method,
    request.pathWithQuery,
    authorization.timestamp,
    authorization.nonce_str,
    request.body,
  )
  return verify(keys.merchantPublicKey, message, authorization.signature) ? undefined : '错误的签名，验签失败'
}

/** Published: with this prefix the provider probes whether a merchant verifies at all. It must fail like any wrong signature. */
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/'
/** How a signature is made wrong on purpose. */
export type Forgery = 'stranger' | 'probe'

/** The headers that prove an answer or a callback to come from the provider. */
export function signedHeaders(
  keys: ProviderKeys,
  random: Random,
  nowMs: number,
  body: string,
  verifiedBy: 'publicKey' | 'certificate',
  forgery?: Forgery,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const nonce = randomNonce(random)
  const signing = keys.current()
  const key = forgery === 'stranger' ? keys.strangerPrivateKey : signing.privateKey
  const signature = sign(key, responseMessage(timestamp, nonce, body))
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': forgery === 'probe' ? `${PROBE_PREFIX}${signature}` : signature,
    'Wechatpay-Serial': verifiedBy === 'certificate' ? signing.certificate.serialNo : signing.id,
    'Wechatpay-Signature-Type': SCHEME,
  }
}

/** AEAD_AES_256_GCM with the merchant's 32-byte APIv3 key; the tag is the tail of the ciphertext. */
export function encryptResource(
  apiV3Key: Buffer,
  nonce: string,
  associatedData: string,
  plain: JsonObject | string,
): string {
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, Buffer.from(nonce, 'utf8'))
  cipher.setAAD(Buffer.from(associatedData, 'utf8'))
  const text = Buffer.concat([
    cipher.update(typeof plain === 'string' ? plain : JSON.stringify(plain), 'utf8'),
    cipher.final(),
  ])
  return Buffer.concat([text, cipher.getAuthTag()]).toString('base64')
}
