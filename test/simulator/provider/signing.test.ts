import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  encryptResource,
  parseAuthorization,
  requestMessage,
  responseMessage,
  sign,
  verify,
} from '#simulator/provider/signing.ts'
import { compactTime, parseBillDay, parseCompactTime, rfc3339 } from '#simulator/provider/wire-time.ts'
import { vector } from './bench.ts'
import type { Json } from './merchant.ts'

interface MessageVector {
  method: string
  pathWithQuery: string
  timestamp: string
  nonce: string
  body: string
  message: string
  signature: string
}
const vectors = vector('signing')
const privateKey = createPrivateKey({
  key: Buffer.from(String(vectors['privateKeyPkcs8Base64']), 'base64'),
  format: 'der',
  type: 'pkcs8',
})
const publicKey = createPublicKey(String(vectors['publicKeyPem']))

describe('the published signatures', () => {
  it.each([...(vectors['requests'] as MessageVector[]), vectors['publishedMessage'] as MessageVector])(
    'a request is laid out as five lines: $method $pathWithQuery',
    (one) => {
      const message = requestMessage(
        one.method,
        one.pathWithQuery,
        one.timestamp,
        one.nonce,
        Buffer.from(one.body),
      )
      expect(message.toString('utf8')).toBe(one.message)
      if (one.signature) {
        expect(sign(privateKey, message)).toBe(one.signature)
        expect(verify(publicKey, message, one.signature)).toBe(true)
      }
    },
  )

  it('an answer is laid out as three lines', () => {
    const one = vectors['answer'] as MessageVector
    const message = responseMessage(one.timestamp, one.nonce, one.body)
    expect(message.toString('utf8')).toBe(one.message)
    expect(sign(privateKey, message)).toBe(one.signature)
  })

  it("the callback that the provider's own library is tested with verifies", () => {
    const one = vectors['publishedCallback'] as unknown as MessageVector & { certificatePem: string }
    const key = new X509Certificate(one.certificatePem).publicKey
    expect(verify(key, responseMessage(one.timestamp, one.nonce, one.body), one.signature)).toBe(true)
    expect(verify(key, responseMessage(one.timestamp, one.nonce, `${one.body} `), one.signature)).toBe(false)
  })

  it('an encrypted resource is what another library makes of it', () => {
    const one = vectors['resource'] as Record<string, string>
    const made = encryptResource(
      Buffer.from(one['apiV3Key']!),
      one['nonce']!,
      one['associatedData']!,
      JSON.parse(one['plain']!) as Json,
    )
    expect(made).toBe(one['ciphertext'])
  })

  it('the Authorization header is read by its keys, not by their order', () => {
    const { header, ...expected } = vectors['authorizationHeader'] as Record<string, string>
    expect(parseAuthorization(header)).toEqual(expected)
    expect(parseAuthorization(header!.replace('mchid', 'other'))).toBeUndefined()
    expect(parseAuthorization(header!.replace('RSA2048', 'RSA1024'))).toBeUndefined()
    expect(parseAuthorization(undefined)).toBeUndefined()
  })
})

describe('times on the wire', () => {
  it('are Beijing time', () => {
    const atMs = Date.parse('2026-11-22T16:30:05Z')
    expect(compactTime(atMs)).toBe('20261123003005')
    expect(rfc3339(atMs)).toBe('2026-11-23T00:30:05+08:00')
    expect(parseCompactTime('20261123003005')).toBe(atMs)
  })
  it.each(['20261301000000', '20260230000000', '2026112300300', '20261123 03005', ''])(
    '%j is no time',
    (text) => {
      expect(parseCompactTime(text)).toBeUndefined()
    },
  )
  it('a day of a bill begins at midnight in Beijing', () => {
    expect(parseBillDay('2026-11-23')).toBe(Date.parse('2026-11-22T16:00:00Z'))
    expect(parseBillDay('2026-02-30')).toBeUndefined()
  })
})
