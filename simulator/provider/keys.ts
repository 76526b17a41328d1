import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#protocol/base/random.ts'
import { makeCertificate, type Certificate } from './certificate.ts'

/** What a provider hands a merchant, by file. The core gets this one JSON file by configuration and nothing else. */
export interface MerchantConfig {
  readonly baseUrl: string
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly merchantPrivateKeyFile: string
  readonly apiV3KeyFile: string
  /** `PUB_KEY_ID_…` in `Wechatpay-Serial`: the key that is in use now. */
  readonly providerPublicKeyId: string
  readonly providerPublicKeyFile: string
  /** Every key that may sign, the one in use first; a second one appears when a change was announced. */
  readonly providerPublicKeys: ReadonlyArray<{ id: string; file: string }>
}

export interface MerchantFiles {
  /** The JSON file with everything below. */
  readonly config: string
  readonly merchantPrivateKey: string
  readonly apiV3Key: string
  /** The first key; later ones are named in the JSON file. */
  readonly providerPublicKey: string
}

export interface ProviderKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKeyFile: string
  /** The same key as a platform certificate. */
  readonly certificate: Certificate
}

/** The identity of both sides as the provider knows it. */
export interface ProviderKeys {
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly merchantPublicKey: KeyObject
  readonly apiV3Key: Buffer
  /** Signs what must look signed and must not verify (a scripted fault). */
  readonly strangerPrivateKey: KeyObject
  /** The key that signs answers and callbacks. */
  current(): ProviderKey
  all(): readonly ProviderKey[]
  /** Makes the next key and tells the merchant by file; the current one goes on signing. */
  announce(): ProviderKey
  /** From now on this key signs. @returns false when there is no such key */
  switchTo(id: string): boolean
  /** Writes `merchant.json`; again after each change. */
  publish(baseUrl: string): void
}

interface Identity {
  mchId: string
  appId: string
  serviceId: string
  merchantSerialNo: string
  providerKeyIds: string[]
  currentKeyId: string
}

function writePrivately(file: string, text: string): void {
  const draft = `${file}.new`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, file)
}

function digits(random: Random, count: number): string {
  return [...random.bytes(count)].map((byte) => byte % 10).join('')
}
function hex(random: Random, byteCount: number): string {
  return Buffer.from(random.bytes(byteCount)).toString('hex')
}

/** RSA keys come from the operating system, not from the passed-in chance: a key that can be replayed is no key. */
function makeKeyPair(): { privatePem: string; publicPem: string } {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privatePem: pair.privateKey, publicPem: pair.publicKey }
}

export function merchantFilesIn(dataDir: string): MerchantFiles {
  return {
    config: join(dataDir, 'merchant.json'),
    merchantPrivateKey: join(dataDir, 'merchant-private-key.pem'),
    apiV3Key: join(dataDir, 'api-v3-key.txt'),
    providerPublicKey: join(dataDir, 'provider-public-key.pem'),
  }
}

/** Published: platform certificates live five years. */
const CERTIFICATE_LIFE_MS = 5 * 365 * 86_400_000

/**
 * Loads the keys of both sides, or makes them at the first start. Files are readable by their owner only.
 * The provider keeps its own private keys in `provider-only/`, which the merchant is never pointed at.
 */
export function loadOrMakeKeys(dataDir: string, random: Random, nowMs: () => number): ProviderKeys {
  const files = merchantFilesIn(dataDir)
  const ownFolder = join(dataDir, 'provider-only')
  const merchantPublicKeyFile = join(ownFolder, 'merchant-public-key.pem')
  const identityFile = join(ownFolder, 'identity.json')
  const ownKeyFile = (index: number) => join(ownFolder, `provider-private-key-${index + 1}.pem`)
  const publicKeyFile = (index: number) =>
    index === 0 ? files.providerPublicKey : join(dataDir, `provider-public-key-${index + 1}.pem`)

  const certificateFile = (index: number) => join(ownFolder, `platform-certificate-${index + 1}.json`)

  function makeProviderKey(mchId: string, index: number): string {
    const pair = makeKeyPair()
    const serial = Buffer.from(random.bytes(20))
    serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f)
    const certificate = makeCertificate(
      createPrivateKey(pair.privatePem),
      serial,
      nowMs(),
      CERTIFICATE_LIFE_MS,
    )
    writePrivately(certificateFile(index), JSON.stringify(certificate))
    writePrivately(ownKeyFile(index), pair.privatePem)
    writePrivately(publicKeyFile(index), pair.publicPem)
    return `PUB_KEY_ID_01${mchId}${digits(random, 22)}`
  }
  function saveIdentity(next: Identity): void {
    writePrivately(identityFile, `${JSON.stringify(next, null, 2)}\n`)
  }

  mkdirSync(ownFolder, { recursive: true, mode: 0o700 })
  // The identity is written last: a start that was killed half-way begins again.
  if (!existsSync(identityFile)) {
    const merchant = makeKeyPair()
    const mchId = `19${digits(random, 8)}`
    writePrivately(files.merchantPrivateKey, merchant.privatePem)
    writePrivately(merchantPublicKeyFile, merchant.publicPem)
    writePrivately(files.apiV3Key, hex(random, 16))
    const keyId = makeProviderKey(mchId, 0)
    saveIdentity({
      mchId,
      appId: `wx${hex(random, 8)}`,
      serviceId: `2002${digits(random, 28)}`,
      merchantSerialNo: hex(random, 20).toUpperCase(),
      providerKeyIds: [keyId],
      currentKeyId: keyId,
    })
  }
  let identity = JSON.parse(readFileSync(identityFile, 'utf8')) as Identity
  let publishedUrl = ''
  const load = (id: string, index: number): ProviderKey => ({
    id,
    privateKey: createPrivateKey(readFileSync(ownKeyFile(index))),
    publicKeyFile: publicKeyFile(index),
    certificate: JSON.parse(readFileSync(certificateFile(index), 'utf8')) as Certificate,
  })
  const providerKeys = identity.providerKeyIds.map(load)

  function change(next: Identity): void {
    saveIdentity(next)
    identity = next
    publish(publishedUrl)
  }
  function current(): ProviderKey {
    const key = providerKeys.find((one) => one.id === identity.currentKeyId)
    if (!key)
      throw new Error(`assertion failed: the key ${identity.currentKeyId} is not among the provider's keys`)
    return key
  }
  function publish(baseUrl: string): void {
    publishedUrl = baseUrl
    const now = current()
    const config: MerchantConfig = {
      baseUrl,
      mchId: identity.mchId,
      appId: identity.appId,
      serviceId: identity.serviceId,
      merchantSerialNo: identity.merchantSerialNo,
      merchantPrivateKeyFile: files.merchantPrivateKey,
      apiV3KeyFile: files.apiV3Key,
      providerPublicKeyId: now.id,
      providerPublicKeyFile: now.publicKeyFile,
      providerPublicKeys: [now, ...providerKeys.filter((one) => one !== now)].map((one) => ({
        id: one.id,
        file: one.publicKeyFile,
      })),
    }
    writePrivately(files.config, `${JSON.stringify(config, null, 2)}\n`)
  }

  return {
    mchId: identity.mchId,
    appId: identity.appId,
    serviceId: identity.serviceId,
    merchantSerialNo: identity.merchantSerialNo,
    merchantPublicKey: createPublicKey(readFileSync(merchantPublicKeyFile)),
    apiV3Key: Buffer.from(readFileSync(files.apiV3Key, 'utf8').trim(), 'utf8'),
    strangerPrivateKey: createPrivateKey(makeKeyPair().privatePem),
    current,
    all: () => providerKeys,
    announce() {
      const index = providerKeys.length
      const id = makeProviderKey(identity.mchId, index)
      const key = load(id, index)
      providerKeys.push(key)
      change({ ...identity, providerKeyIds: [...identity.providerKeyIds, id] })
      return key
    },
    switchTo(id) {
      if (!identity.providerKeyIds.includes(id)) return false
      change({ ...identity, currentKeyId: id })
      return true
    },
    publish,
  }
}
