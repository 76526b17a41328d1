import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#protocol/base/random.ts'

/** What a provider hands a merchant, by file. The core gets this one JSON file by configuration and nothing else. */
export interface MerchantConfig {
  readonly baseUrl: string
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly merchantPrivateKeyFile: string
  readonly apiV3KeyFile: string
  /** `PUB_KEY_ID_…` in `Wechatpay-Serial`. */
  readonly providerPublicKeyId: string
  readonly providerPublicKeyFile: string
}

export interface MerchantFiles {
  /** The JSON file with everything below. */
  readonly config: string
  readonly merchantPrivateKey: string
  readonly apiV3Key: string
  readonly providerPublicKey: string
}

/** The identity of both sides as the provider knows it. */
export interface ProviderKeys {
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly merchantPublicKey: KeyObject
  readonly providerPublicKeyId: string
  readonly providerPrivateKey: KeyObject
  /** Signs what must look signed and must not verify (a scripted fault). */
  readonly strangerPrivateKey: KeyObject
  readonly apiV3Key: Buffer
}

interface Identity {
  mchId: string
  appId: string
  serviceId: string
  merchantSerialNo: string
  providerPublicKeyId: string
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

/**
 * Loads the keys of both sides, or makes them at the first start. Files are readable by their owner only.
 * The provider keeps its own private key in `provider-only/`, which the merchant is never pointed at.
 */
export function loadOrMakeKeys(dataDir: string, random: Random): ProviderKeys {
  const files = merchantFilesIn(dataDir)
  const ownFolder = join(dataDir, 'provider-only')
  const ownPrivateKeyFile = join(ownFolder, 'provider-private-key.pem')
  const merchantPublicKeyFile = join(ownFolder, 'merchant-public-key.pem')
  const identityFile = join(ownFolder, 'identity.json')
  mkdirSync(ownFolder, { recursive: true, mode: 0o700 })
  // The identity is written last: a start that was killed half-way begins again.
  if (!existsSync(identityFile)) {
    const merchant = makeKeyPair()
    const provider = makeKeyPair()
    const mchId = `19${digits(random, 8)}`
    writePrivately(files.merchantPrivateKey, merchant.privatePem)
    writePrivately(merchantPublicKeyFile, merchant.publicPem)
    writePrivately(files.providerPublicKey, provider.publicPem)
    writePrivately(ownPrivateKeyFile, provider.privatePem)
    writePrivately(files.apiV3Key, hex(random, 16))
    const identity: Identity = {
      mchId,
      appId: `wx${hex(random, 8)}`,
      serviceId: `2002${digits(random, 28)}`,
      merchantSerialNo: hex(random, 20).toUpperCase(),
      providerPublicKeyId: `PUB_KEY_ID_01${mchId}${digits(random, 22)}`,
    }
    writePrivately(identityFile, `${JSON.stringify(identity, null, 2)}\n`)
  }
  const identity = JSON.parse(readFileSync(identityFile, 'utf8')) as Identity
  return {
    ...identity,
    merchantPublicKey: createPublicKey(readFileSync(merchantPublicKeyFile)),
    providerPrivateKey: createPrivateKey(readFileSync(ownPrivateKeyFile)),
    strangerPrivateKey: createPrivateKey(makeKeyPair().privatePem),
    apiV3Key: Buffer.from(readFileSync(files.apiV3Key, 'utf8').trim(), 'utf8'),
  }
}

/** Written at each start, because the address may have changed. */
export function writeMerchantConfig(dataDir: string, keys: ProviderKeys, baseUrl: string): void {
  const files = merchantFilesIn(dataDir)
  const config: MerchantConfig = {
    baseUrl,
    mchId: keys.mchId,
    appId: keys.appId,
    serviceId: keys.serviceId,
    merchantSerialNo: keys.merchantSerialNo,
    merchantPrivateKeyFile: files.merchantPrivateKey,
    apiV3KeyFile: files.apiV3Key,
    providerPublicKeyId: keys.providerPublicKeyId,
    providerPublicKeyFile: files.providerPublicKey,
  }
  writePrivately(files.config, `${JSON.stringify(config, null, 2)}\n`)
}
