// The library needs the decorator metadata of this import before its own.
import 'reflect-metadata'
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
  X509Certificate,
} from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import path from 'node:path'
import * as x509 from '@peculiar/x509'
import { codeText } from '#protocol/base/codes.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'

/** A certificate with the key that it speaks for, both PEM. */
export interface TlsIdentity {
  readonly certificatePem: string
  readonly privateKeyPem: string
}
export interface IssuedCertificate {
  readonly certificatePem: string
  /** SHA-256 of the DER form, lower-case hexadecimal: by it the brokers know the certificate. */
  readonly sha256: string
  readonly serial: string
  readonly expiresAtMs: number
}

/** Our own certificate authority: it names this core to its cabinets, and the cabinets to this core. Nobody else trusts it. */
export interface Authority {
  readonly caPem: string
  /** What an enrolment code carries, so that a cabinet knows this authority at its first contact. */
  readonly fingerprint: string
  /** The server's certificate for the configured names; a new one when those changed or a third of its life is left. */
  serverIdentity(): Promise<TlsIdentity & { isNew: boolean }>
  /** @throws bad_request when the request is not signed by the key that it names, or names another key than `publicKeyPem` */
  issueForCabinet(request: {
    cabinetId: string
    certificateRequestPem: string
    publicKeyPem: string
    lifeMs: number
  }): Promise<IssuedCertificate>
  /**
   * What the core shows to a broker that is not ours. It vouches for itself, so that a broker can have a listener that
   * trusts this one certificate and no cabinet.
   */
  coreIdentity(commonName: string): Promise<TlsIdentity>
  /** For brokers that look certificates up in a list. @param revoked  serials that have not expired */
  revocationListPem(revoked: ReadonlyArray<{ serial: string; atMs: number }>): Promise<string>
}

const DAY_MS = 86_400_000
const CA_LIFE_MS = 20 * 365 * DAY_MS
const SERVER_LIFE_MS = 90 * DAY_MS
const LIST_LIFE_MS = 365 * DAY_MS
/** A cabinet whose clock is a little behind must not take a new certificate for one of tomorrow. */
const BACKDATED_MS = DAY_MS
const SERIAL_BYTES = 16
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const
const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

x509.cryptoProvider.set(webcrypto)

/**
 * Opens the authority in `folder`, or makes it on the first start. Keys are P-256, which every TLS client understands;
 * cabinets bring Ed25519 keys of their own.
 * @param hosts  names and addresses under which cabinets reach this core
 * @throws data_folder_unusable when the files are damaged or cannot be written
 */
export async function openAuthority(options: {
  folder: string
  hosts: readonly string[]
  clock: { now(): number }
  random: Random
}): Promise<Authority> {
  const { folder, hosts, clock, random } = options
  const file = (name: string) => path.join(folder, name)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!existsSync(file('ca.pem'))) await makeAuthority()
    const caPem = readFileSync(file('ca.pem'), 'utf8')
    const certificate = new X509Certificate(caPem)
    const key = readPrivateKey(file('ca.key'))
    if (!certificate.checkPrivateKey(key)) throw new Error('ca.key is not the key of ca.pem')
    return createAuthority(caPem, certificate, key)
  } catch (error) {
    throw new CabinetError(
      'data_folder_unusable',
      `The certificate authority in ${folder} cannot be used: ${messageOf(error)}. Restore both ca.pem and ca.key from a backup; without them every cabinet must be enrolled again.`,
      { cause: error },
    )
  }

  async function makeAuthority(): Promise<void> {
    const pair = makePair()
    const keys = { privateKey: signingKey(pair.privateKey), publicKey: verifyingKey(pair.publicKey) }
    const serial = makeSerial()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial,
      // The serial keeps two installations apart in a reader's list.
      name: `CN=Smart vending cabinets ${serial.slice(-8)}`,
      notBefore: new Date(clock.now() - BACKDATED_MS),
      notAfter: new Date(clock.now() + CA_LIFE_MS),
      keys,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    // The key first: a certificate in place means that both are.
    writeWhole(file('ca.key'), pemOf(pair.privateKey))
    writeWhole(file('ca.pem'), `${certificate.toString('pem')}\n`)
  }

  function makeSerial(): string {
    const bytes = Buffer.from(random.bytes(SERIAL_BYTES))
    // Positive and of full length, as RFC 5280 wants it.
    bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40
    return bytes.toString('hex')
  }

  function createAuthority(caPem: string, ca: X509Certificate, caKey: KeyObject): Authority {
    const issuer = new x509.X509Certificate(caPem)
    const caSigningKey = signingKey(caKey)

    async function issue(leaf: {
      subject: x509.JsonName
      publicKey: x509.PublicKeyType
      lifeMs: number
      extensions: x509.Extension[]
    }): Promise<IssuedCertificate> {
      // Nothing outlives the authority that vouches for it.
      const expiresAtMs = Math.min(clock.now() + leaf.lifeMs, ca.validToDate.getTime())
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: makeSerial(),
        subject: leaf.subject,
        issuer: issuer.subject,
        notBefore: new Date(clock.now() - BACKDATED_MS),
        notAfter: new Date(expiresAtMs),
        signingKey: caSigningKey,
        publicKey: leaf.publicKey,
        signingAlgorithm: SIGNATURE,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          await x509.AuthorityKeyIdentifierExtension.create(issuer),
          ...leaf.extensions,
        ],
      })
      return {
        certificatePem: `${certificate.toString('pem')}\n`,
        sha256: createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex'),
        serial: certificate.serialNumber,
        // A certificate counts whole seconds.
        expiresAtMs: certificate.notAfter.getTime(),
      }
    }

    return {
      caPem,
      fingerprint: authorityFingerprint(ca.raw),
      async serverIdentity() {
        const known = readServerIdentity()
        if (known !== undefined) return { ...known, isNew: false }
        const pair = makePair()
        const { certificatePem } = await issue({
          subject: [{ CN: [hosts[0] ?? 'localhost'] }],
          publicKey: verifyingKey(pair.publicKey),
          lifeMs: SERVER_LIFE_MS,
          extensions: [
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension(
              hosts.map((host) => ({
                type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
                value: host,
              })),
            ),
          ],
        })
        const privateKeyPem = pemOf(pair.privateKey)
        writeWhole(file('server.key'), privateKeyPem)
        writeWhole(file('server.pem'), certificatePem)
        return { certificatePem, privateKeyPem, isNew: true }
      },
      async issueForCabinet({ cabinetId, certificateRequestPem, publicKeyPem, lifeMs }) {
        const request = parseRequest(certificateRequestPem)
        const isProved = await request.verify()
        if (!isProved)
          throw new CabinetError('bad_request', 'The certificate request is not signed by its own key.')
        const asked = Buffer.from(request.publicKey.rawData)
        if (!asked.equals(derOf(publicKeyPem)))
          throw new CabinetError(
            'bad_request',
            'The certificate request is for another key than the one given.',
          )
        return issue({
          subject: [{ CN: [cabinetId] }],
          publicKey: request.publicKey,
          lifeMs,
          extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
        })
      },
      async coreIdentity(commonName) {
        if (!existsSync(file('core.pem'))) {
          const pair = makePair()
          const certificate = await x509.X509CertificateGenerator.createSelfSigned({
            serialNumber: makeSerial(),
            name: `CN=${commonName}`,
            notBefore: new Date(clock.now() - BACKDATED_MS),
            notAfter: new Date(clock.now() + CA_LIFE_MS),
            keys: { privateKey: signingKey(pair.privateKey), publicKey: verifyingKey(pair.publicKey) },
            signingAlgorithm: SIGNATURE,
            extensions: [
              new x509.BasicConstraintsExtension(false, undefined, true),
              new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
            ],
          })
          writeWhole(file('core.key'), pemOf(pair.privateKey))
          writeWhole(file('core.pem'), `${certificate.toString('pem')}\n`)
        }
        return {
          certificatePem: readFileSync(file('core.pem'), 'utf8'),
          privateKeyPem: pemOf(readPrivateKey(file('core.key'))),
        }
      },
      async revocationListPem(revoked) {
        const list = await x509.X509CrlGenerator.create({
          issuer: issuer.subject,
          thisUpdate: new Date(clock.now() - BACKDATED_MS),
          nextUpdate: new Date(clock.now() + LIST_LIFE_MS),
          signingKey: caSigningKey,
          signingAlgorithm: SIGNATURE,
          entries: revoked.map(({ serial, atMs }) => ({
            serialNumber: serial,
            revocationDate: new Date(atMs),
          })),
          extensions: [await x509.AuthorityKeyIdentifierExtension.create(issuer)],
        })
        // The library says "CRL"; OpenSSL reads only the name of RFC 7468.
        return `${list.toString('pem').replaceAll(' CRL-----', ' X509 CRL-----')}\n`
      },
    }

    function readServerIdentity(): TlsIdentity | undefined {
      if (!existsSync(file('server.pem')) || !existsSync(file('server.key'))) return undefined
      const certificatePem = readFileSync(file('server.pem'), 'utf8')
      const certificate = new X509Certificate(certificatePem)
      const key = readPrivateKey(file('server.key'))
      const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^.*?:/, ''))
      const isForHosts =
        names.length === hosts.length &&
        hosts.every((host) =>
          isIP(host) === 0 ? names.includes(host) : certificate.checkIP(host) !== undefined,
        )
      const leftMs = certificate.validToDate.getTime() - clock.now()
      const isFit =
        certificate.checkPrivateKey(key) && certificate.verify(ca.publicKey) && leftMs > SERVER_LIFE_MS / 3
      return isForHosts && isFit ? { certificatePem, privateKeyPem: pemOf(key) } : undefined
    }
  }
}

/**
 * 80 bits of the SHA-256 of a CA certificate, in letters that people can read out: too many to find another authority
 * with the same ones.
 */
export function authorityFingerprint(caDer: Uint8Array): string {
  return codeText(createHash('sha256').update(caDer).digest().subarray(0, 10))
}

function parseRequest(pem: string): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(pem)
  } catch (error) {
    throw new CabinetError('bad_request', 'The certificate request is not PEM of PKCS #10.', { cause: error })
  }
}

function makePair(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
function signingKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(P256, false, ['sign'])
}
function verifyingKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(P256, true, ['verify'])
}
function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
}
function readPrivateKey(file: string): KeyObject {
  // Somebody may have copied it here; others on this computer must not read it.
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  return createPrivateKey(readFileSync(file))
}
/** Written beside and renamed, so that a power cut leaves the old file or the new one. */
function writeWhole(file: string, text: string): void {
  const partial = `${file}.partial`
  writeFileSync(partial, text, { mode: 0o600, flush: true })
  renameSync(partial, file)
}
