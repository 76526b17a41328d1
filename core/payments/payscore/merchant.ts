import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import Type, { type Static } from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'

/** What the provider gives a merchant, by file. Unknown fields are left alone, so that one file may serve other tools too. */
const MerchantFile = Type.Object({
  baseUrl: Type.String({ pattern: '^https?://', description: 'address of the provider API' }),
  mchId: Type.String({ minLength: 1 }),
  appId: Type.String({ minLength: 1 }),
  serviceId: Type.String({ minLength: 1 }),
  merchantSerialNo: Type.String({ minLength: 1, description: 'serial number of the merchant certificate' }),
  merchantPrivateKeyFile: Type.String({ minLength: 1 }),
  apiV3KeyFile: Type.String({ minLength: 1, description: '32 characters' }),
  /** Merchants from before 2024 have none: the platform certificates are fetched instead. */
  providerPublicKeyId: Type.Optional(Type.String({ minLength: 1, description: 'PUB_KEY_ID_…' })),
  providerPublicKeyFile: Type.Optional(Type.String({ minLength: 1 })),
  /** Further keys, while the provider changes from one to the next. */
  providerPublicKeys: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), file: Type.String() }), { maxItems: 20 }),
  ),
})

export interface Merchant {
  readonly baseUrl: string
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly privateKey: KeyObject
  readonly apiV3Key: string
  readonly providerKeys: ProviderKeys
}
/** The provider's public keys by their id. The file is read again when it has changed, so that a new key needs no restart. */
export interface ProviderKeys {
  get(id: string): KeyObject | undefined
  /** Platform certificates that were fetched and proven; they are fetched again after each start. */
  learn(keys: ReadonlyMap<string, KeyObject>): void
  /** As configured, for the check. */
  readonly configured: readonly string[]
}

function readSettings(file: string): Static<typeof MerchantFile> {
  const value = parseValue(MerchantFile, readJson(file))
  if (!value.ok) throw new CabinetError('config_invalid', `${file}: ${value.reason}.`)
  return value.value
}

/** @throws CabinetError `config_invalid` that names the field or the file to correct */
export function loadMerchant(file: string): Merchant {
  const settings = readSettings(file)
  const folder = path.dirname(file)
  const apiV3Key = readText(path.resolve(folder, settings.apiV3KeyFile)).trim()
  if (Buffer.byteLength(apiV3Key) !== 32)
    throw new CabinetError(
      'config_invalid',
      `${settings.apiV3KeyFile}: the APIv3 key has 32 characters, not ${Buffer.byteLength(apiV3Key)}.`,
    )
  const providerKeys = createProviderKeys(file, settings)
  return {
    baseUrl: settings.baseUrl.replace(/\/+$/, ''),
    mchId: settings.mchId,
    appId: settings.appId,
    serviceId: settings.serviceId,
    merchantSerialNo: settings.merchantSerialNo,
    privateKey: readKey(path.resolve(folder, settings.merchantPrivateKeyFile), createPrivateKey),
    apiV3Key,
    providerKeys,
  }
}

function createProviderKeys(file: string, first: Static<typeof MerchantFile>): ProviderKeys {
  let keys = keysOf(first)
  let readAtMs = statSync(file).mtimeMs
  const learned = new Map<string, KeyObject>()
  function keysOf(settings: Static<typeof MerchantFile>): Map<string, KeyObject> {
    const { providerPublicKeyId: id, providerPublicKeyFile: keyFile } = settings
    if ((id === undefined) !== (keyFile === undefined))
      throw new CabinetError(
        'config_invalid',
        `${file}: providerPublicKeyId and providerPublicKeyFile belong together; leave both out to use platform certificates.`,
      )
    const named = [
      ...(id === undefined || keyFile === undefined ? [] : [{ id, file: keyFile }]),
      ...(settings.providerPublicKeys ?? []),
    ]
    return new Map(
      named.map((one) => [one.id, readKey(path.resolve(path.dirname(file), one.file), createPublicKey)]),
    )
  }
  return {
    get configured() {
      return [...keys.keys()]
    },
    learn(found) {
      learned.clear()
      for (const [id, key] of found) learned.set(id, key)
    },
    get(id) {
      const known = keys.get(id) ?? learned.get(id)
      if (known !== undefined) return known
      const changedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs
      if (changedAtMs === undefined || changedAtMs === readAtMs) return undefined
      readAtMs = changedAtMs
      keys = keysOf(readSettings(file))
      return keys.get(id)
    },
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CabinetError('config_invalid', `${file} cannot be read: ${messageOf(error)}.`, { cause: error })
  }
}
function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file))
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError('config_invalid', `${file} is not JSON: ${messageOf(error)}.`, { cause: error })
  }
}
function readKey(file: string, read: (pem: string) => KeyObject): KeyObject {
  try {
    return read(readText(file))
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError('config_invalid', `${file} does not hold a key in PEM: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}
