import { createPrivateKey, createPublicKey, sign } from 'node:crypto'

// Tags of DER.
const INTEGER = 0x02
const BIT_STRING = 0x03
const OBJECT_ID = 0x06
const UTF8_STRING = 0x0c
const SEQUENCE = 0x30
const SET = 0x31
/** The empty attributes of a request, [0] IMPLICIT. */
const ATTRIBUTES = 0xa0
const ED25519 = Buffer.from('2b6570', 'hex')
const COMMON_NAME = Buffer.from('550403', 'hex')
/** The core puts the cabinet's id in its place. */
const ANY_NAME = 'cabinet'

/**
 * A PKCS #10 request (RFC 2986) for an Ed25519 key, PEM. Forty lines instead of a library: the agent lives in 120 MB,
 * and the far end checks the result with another implementation.
 */
export function makeSigningRequest(privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem)
  const publicKeyInfo = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const algorithm = der(SEQUENCE, der(OBJECT_ID, ED25519))
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT_ID, COMMON_NAME), der(UTF8_STRING, Buffer.from(ANY_NAME)))),
  )
  const info = der(SEQUENCE, der(INTEGER, Buffer.from([0])), name, publicKeyInfo, der(ATTRIBUTES))
  const signature = der(BIT_STRING, Buffer.from([0]), sign(null, info, key))
  const lines = der(SEQUENCE, info, algorithm, signature)
    .toString('base64')
    .match(/.{1,64}/g)
  return [
    '-----BEGIN CERTIFICATE REQUEST-----',
    ...(lines ?? []),
    '-----END CERTIFICATE REQUEST-----',
    '',
  ].join('\n')
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}
