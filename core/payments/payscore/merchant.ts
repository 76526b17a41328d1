import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
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
  providerPublicKeyId: Type.String({ minLength: 1, description: 'PUB_KEY_ID_…' }),
  providerPublicKeyFile: Type.String({ minLength: 1 }),
  /** The next key, while the provider changes from one to the other. */
  furtherPublicKeys: Type.Optional(Type.Array(Type.Object({ id: Type.String(), file: Type.String() }))),
})

export interface Merchant {
  readonly baseUrl: string
  readonly mchId: string
  readonly appId: string
  readonly serviceId: string
  readonly merchantSerialNo: string
  readonly privateKey: KeyObject
  readonly apiV3Key: string
  readonly providerKeys: ReadonlyMap<string, KeyObject>
}

/** @throws CabinetError `config_invalid` that names the field or the file to correct */
export function loadMerchant(file: string): Merchant {
  const value = parseValue(MerchantFile, readJson(file))
  if (!value.ok) throw new CabinetError('config_invalid', `${file}: ${value.reason}.`)
  const settings = value.value
  const folder = path.dirname(file)
  const apiV3Key = readText(path.resolve(folder, settings.apiV3KeyFile)).trim()
  if (Buffer.byteLength(apiV3Key) !== 32)
    throw new CabinetError(
      'config_invalid',
      `${settings.apiV3KeyFile}: the APIv3 key has 32 characters, not ${Buffer.byteLength(apiV3Key)}.`,
    )
  const providerKeys = new Map<string, KeyObject>()
  for (const { id, file: keyFile } of [
    { id: settings.providerPublicKeyId, file: settings.providerPublicKeyFile },
    ...(settings.furtherPublicKeys ?? []),
  ]) {
    providerKeys.set(id, readKey(path.resolve(folder, keyFile), createPublicKey))
  }
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
