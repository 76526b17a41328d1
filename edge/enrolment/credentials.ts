import { createHash, generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { plainCode } from '#protocol/base/codes.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import { parseValue } from '#protocol/messages/index.ts'

const Pem = Type.String({ minLength: 1, maxLength: 16_384 })
const Mqtt = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  username: Type.String({ maxLength: 255 }),
  password: Type.Optional(Type.String({ maxLength: 1024 })),
  isTls: Type.Optional(Type.Boolean()),
  caPem: Type.Optional(Pem),
})
/** What the core answers to an enrolment and to an exchange. Unknown fields of a newer core are ignored. */
export const EnrolAnswer = Type.Object({
  cabinetId: Type.String({ pattern: ID_PATTERN }),
  partition: Type.Integer({ minimum: 0, maximum: PARTITION_COUNT - 1 }),
  mqtt: Mqtt,
  certificatePem: Type.Optional(Pem),
  serverTimeMs: Type.Integer({ minimum: 0 }),
})
export type EnrolAnswer = Type.Static<typeof EnrolAnswer>

/** One set of what this cabinet proves itself with. */
const Credential = Type.Object({
  mqtt: Mqtt,
  /** Shown to the broker with the private key; absent when the password in `mqtt` does. */
  certificatePem: Type.Optional(Pem),
  privateKeyPem: Pem,
  publicKeyPem: Pem,
})
export type Credential = Type.Static<typeof Credential>

const Credentials = Type.Object({
  v: Type.Literal(2),
  cabinetId: EnrolAnswer.properties.cabinetId,
  partition: EnrolAnswer.properties.partition,
  trust: Type.Object({
    http: Type.Union([Type.Literal('authority'), Type.Literal('web'), Type.Literal('plain')]),
    caPem: Type.Optional(Pem),
  }),
  /** SHA-256 of the code of the enrolment: another one on the command line is a wish to be enrolled again. */
  codeSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  current: Credential,
  /** Issued to replace `current`, and not yet proved to work. Both are kept until it was. */
  next: Type.Optional(Credential),
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

export function hashCode(code: string): string {
  return createHash('sha256').update(plainCode(code)).digest('hex')
}

/** @throws bad_request when the core gave neither a password nor a certificate */
export function credentialOf(answer: EnrolAnswer, keys: KeyPair): Credential {
  const { mqtt, certificatePem } = answer
  if (mqtt.password === undefined && certificatePem === undefined)
    throw new CabinetError('bad_request', 'The core gave neither a certificate nor a password.')
  return { mqtt, ...(certificatePem === undefined ? {} : { certificatePem }), ...keys }
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

/**
 * Written beside and renamed, so that a power cut leaves the old file or the new one. For people with other programs
 * (`mosquitto_sub --cert …`) the parts in use also stand in files of their own; the agent never reads those.
 */
export function saveCredentials(dataFolder: string, credentials: Credentials): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    writeWhole(fileOf(dataFolder), `${JSON.stringify(credentials, null, 2)}\n`)
    const { current, trust } = credentials
    writeOrRemove(path.join(dataFolder, 'ca.pem'), current.mqtt.caPem ?? trust.caPem)
    writeOrRemove(path.join(dataFolder, 'client.pem'), current.certificatePem)
    writeOrRemove(
      path.join(dataFolder, 'client.key'),
      current.certificatePem === undefined ? undefined : current.privateKeyPem,
    )
  } catch (error) {
    throw new CabinetError(
      'data_folder_unusable',
      `The credentials cannot be written to ${dataFolder}: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

function writeWhole(file: string, text: string): void {
  const partial = `${file}.partial`
  writeFileSync(partial, text, { mode: 0o600, flush: true })
  renameSync(partial, file)
}
function writeOrRemove(file: string, text: string | undefined): void {
  if (text === undefined) rmSync(file, { force: true })
  else writeWhole(file, text)
}

function damaged(file: string, why: string): CabinetError {
  return new CabinetError(
    'config_invalid',
    `The credentials in ${file} cannot be used (${why}); remove the file and enrol again with a new code.`,
  )
}
