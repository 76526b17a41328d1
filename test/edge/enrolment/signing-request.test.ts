import 'reflect-metadata'
import { generateKeyPairSync } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { makeSigningRequest } from '#edge/enrolment/signing-request.ts'

describe('a signing request that the agent writes byte by byte', () => {
  it('is read, and found well signed, by a library of others', async () => {
    for (let times = 0; times < 20; times++) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      const request = new Pkcs10CertificateRequest(
        makeSigningRequest(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      )
      expect(await request.verify()).toBe(true)
      const asked = Buffer.from(request.publicKey.rawData)
      expect(asked.equals(publicKey.export({ type: 'spki', format: 'der' }))).toBe(true)
    }
  })
})
