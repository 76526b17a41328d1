import { createPublicKey, createSign, type KeyObject } from 'node:crypto'

/** The provider's platform certificate: the older way to verify it, which merchants who began before 2024 still use. */
export interface Certificate {
  /** Upper-case hexadecimal, as in `Wechatpay-Serial`. */
  readonly serialNo: string
  readonly pem: string
  readonly effectiveAtMs: number
  readonly expireAtMs: number
}

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  none: 0x05,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const

/** One DER element: tag, length, contents (X.690). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}
/** Positive whatever its first bit says. */
function integer(bytes: Buffer): Buffer {
  return der(TAG.integer, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}
/** `YYMMDDHHMMSSZ`; good until 2049. */
function utcTime(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)
  return der(TAG.utcTime, Buffer.from(`${text}Z`))
}

/** 1.2.840.113549.1.1.11 sha256WithRSAEncryption; 2.5.4.3 commonName. */
const SHA256_WITH_RSA = der(
  TAG.sequence,
  der(TAG.objectId, Buffer.from('2a864886f70d01010b', 'hex')),
  der(TAG.none),
)
const COMMON_NAME = der(TAG.objectId, Buffer.from('550403', 'hex'))

function name(commonName: string): Buffer {
  return der(
    TAG.sequence,
    der(TAG.set, der(TAG.sequence, COMMON_NAME, der(TAG.utf8, Buffer.from(commonName)))),
  )
}

/**
 * A self-signed X.509 v1 certificate for an RSA key (RFC 5280, section 4.1). Node can read certificates but not make them.
 * @param serial  20 bytes, the first below 0x80
 */
export function makeCertificate(
  privateKey: KeyObject,
  serial: Buffer,
  effectiveAtMs: number,
  lifeMs: number,
): Certificate {
  const subject = name('Payment provider stand-in')
  const expireAtMs = effectiveAtMs + lifeMs
  const toBeSigned = der(
    TAG.sequence,
    integer(serial),
    SHA256_WITH_RSA,
    subject,
    der(TAG.sequence, utcTime(effectiveAtMs), utcTime(expireAtMs)),
    subject,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  )
  const signature = createSign('RSA-SHA256').update(toBeSigned).sign(privateKey)
  const bytes = der(
    TAG.sequence,
    toBeSigned,
    SHA256_WITH_RSA,
    der(TAG.bitString, Buffer.from([0]), signature),
  )
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return {
    serialNo: serial.toString('hex').toUpperCase(),
    pem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    effectiveAtMs,
    expireAtMs,
  }
}
