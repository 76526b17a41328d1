import { type KeyObject, X509Certificate } from 'node:crypto'
import Type from 'typebox'
import { parseValue } from '#protocol/messages/index.ts'
import { decryptResource, findForgery, type SignedHeaders } from './signing.ts'

const Certificates = Type.Object({
  data: Type.Array(
    Type.Object({
      serial_no: Type.String({ pattern: '^[0-9A-Fa-f]{8,64}$' }),
      encrypt_certificate: Type.Object({
        algorithm: Type.Literal('AEAD_AES_256_GCM'),
        nonce: Type.String(),
        associated_data: Type.Optional(Type.String()),
        ciphertext: Type.String(),
      }),
    }),
    { maxItems: 50 },
  ),
})

/**
 * The platform certificates in an answer of GET /v3/certificates. Who made it is shown twice: the certificates open with the
 * APIv3 key, which only the provider and we have, and the answer is signed with one of them.
 * @returns public keys by serial number, those outside of their validity left out
 * @throws Error with a sentence
 */
export function readCertificates(
  answer: { headers: SignedHeaders; body: string },
  apiV3Key: string,
  nowMs: number,
): Map<string, KeyObject> {
  const keys = openCertificates(answer.body, apiV3Key, nowMs)
  const forgery = findForgery(answer.headers, answer.body, keys, nowMs)
  if (forgery !== undefined) throw new Error(`the list of certificates is not the provider's: ${forgery}`)
  return keys
}

/** Opens them with the APIv3 key. @throws Error when it is another key */
export function openCertificates(body: string, apiV3Key: string, nowMs: number): Map<string, KeyObject> {
  const parsed = parseValue(Certificates, JSON.parse(body) as unknown)
  if (!parsed.ok) throw new Error(`the list of certificates has another shape: ${parsed.reason}`)
  const keys = new Map<string, KeyObject>()
  for (const { serial_no: serial, encrypt_certificate: sealed } of parsed.value.data) {
    const pem = decryptResource(apiV3Key, {
      nonce: sealed.nonce,
      associatedData: sealed.associated_data ?? '',
      ciphertext: sealed.ciphertext,
    })
    const certificate = new X509Certificate(pem)
    if (certificate.serialNumber.toUpperCase() !== serial.toUpperCase())
      throw new Error(`the certificate ${serial.slice(0, 40)} names itself otherwise`)
    if (Date.parse(certificate.validFrom) <= nowMs && nowMs < Date.parse(certificate.validTo))
      keys.set(serial.toUpperCase(), certificate.publicKey)
  }
  return keys
}
