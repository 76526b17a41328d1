import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import { parseValue } from '#protocol/messages/index.ts'

const Pem = Type.String({ minLength: 1, maxLength: 16_384 })
/** What the core answers to an enrolment. Unknown fields of a newer core are ignored. */
export const EnrolAnswer = Type.Object({
  cabinetId: Type.String({ pattern: ID_PATTERN }),
  partition: Type.Integer({ minimum: 0, maximum: PARTITION_COUNT - 1 }),
  mqtt: Type.Object({
    host: Type.String({ minLength: 1, maxLength: 255 }),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    username: Type.String({ maxLength: 255 }),
    password: Type.String({ maxLength: 1024 }),
    isTls: Type.Optional(Type.Boolean()),
    caPem: Type.Optional(Pem),
  }),
  serverTimeMs: Type.Integer({ minimum: 0 }),
})
export type EnrolAnswer = Type.Static<typeof EnrolAnswer>

const Credentials = Type.Object({
  v: Type.Literal(1),
  cabinetId: EnrolAnswer.properties.cabinetId,
  partition: EnrolAnswer.properties.partition,
  mqtt: EnrolAnswer.properties.mqtt,
  privateKeyPem: Pem,
  publicKeyPem: Pem,
})
export type Credentials = Type.Static<typeof Credentials>

export interface KeyPair {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}
/** Ed25519; the private half never leaves this computer. */
export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

const fileOf = (dataFolder: string) => path.join(dataFolder, 'credentials.json')

/** @returns undefined when this cabinet was never enrolled. @throws config_invalid when the file is damaged */
export function loadCredentials(dataFolder: string): Credentials | undefined {
  const file = fileOf(dataFolder)
  if (!existsSync(file)) return undefined
  let value: unknown
  try {
    // Somebody may have copied it here; others on this computer must not read it.
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw damaged(file, messageOf(error))
  }
  const parsed = parseValue(Credentials, value)
  if (!parsed.ok) throw damaged(file, parsed.reason)
  return parsed.value
}

/** Written beside and renamed, so that a power cut leaves the old file or the new one. */
export function saveCredentials(dataFolder: string, credentials: Credentials): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    const partial = `${fileOf(dataFolder)}.partial`
    writeFileSync(partial, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(partial, fileOf(dataFolder))
  } catch (error) {
    throw new CabinetError(
      'data_folder_unusable',
      `The credentials cannot be written to ${dataFolder}: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

function damaged(file: string, why: string): CabinetError {
  return new CabinetError(
    'config_invalid',
    `The credentials in ${file} cannot be used (${why}); remove the file and enrol again with a new code.`,
  )
}
