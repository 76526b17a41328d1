import type { Logger } from 'pino'
import { type Clock, wait } from '#protocol/base/clock.ts'
import { CabinetError, isTransportFault, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { backoffMs } from '../delivery/backoff.ts'
import {
  type Credentials,
  credentialOf,
  hashCode,
  loadCredentials,
  makeKeyPair,
  saveCredentials,
} from './credentials.ts'
import { enrol, type EnrolRequest } from './device-api.ts'
import { createHttpClient } from './http-client.ts'
import { makeSigningRequest } from './signing-request.ts'
import { establishTrust, trustForHttp } from './trust.ts'

/** What the cabinet asks for: a certificate for its key, or a password. */
export type CredentialKind = 'certificate' | 'password'

export interface EnrolOptions {
  dataFolder: string
  coreUrl: string
  code: string | undefined
  kind: CredentialKind
  /** Plain HTTP and MQTT to another computer were allowed by name. */
  mayBePlain: boolean
  hardware: EnrolRequest['hardware']
  timeoutMs: number
  clock: Clock
  random: Random
  log: Logger
  signal: AbortSignal
}

const RETRY_SHORTEST_MS = 500
const RETRY_LONGEST_MS = 30_000

/**
 * The credentials in the data folder, or new ones for a code that was not used here yet. A core that does not answer
 * is asked again.
 * @throws config_invalid when there is neither; enrolment_code_invalid when the core refuses the code;
 *   core_not_trusted when somebody else answers at its address
 */
export async function enrolCabinet(options: EnrolOptions): Promise<Credentials> {
  const { dataFolder, coreUrl, code, clock, random, log } = options
  const known = loadCredentials(dataFolder)
  const isSameCode = code === undefined || known?.codeSha256 === hashCode(code)
  if (known !== undefined && isSameCode) return known
  if (code === undefined) {
    throw new CabinetError(
      'config_invalid',
      `This cabinet is not enrolled (no credentials in ${dataFolder}). Create an enrolment code on its page in the console and start again with --enrol-code CODE.`,
    )
  }
  // The same key for each try: an answer that got lost must not leave the core with another one.
  const keys = makeKeyPair()
  for (let attempt = 0; ; attempt++) {
    try {
      const credentials = await enrolOnce(options, code, keys)
      saveCredentials(dataFolder, credentials)
      const { cabinetId, partition } = credentials
      log.info({ cabinetId, partition }, 'enrolled')
      return credentials
    } catch (error) {
      // An old code may stand on a command line for years; what is there goes on.
      if (known !== undefined && error instanceof CabinetError && error.code === 'enrolment_code_invalid') {
        log.warn(
          'the enrolment code on the command line is not valid any more; the present credentials are used',
        )
        return known
      }
      if (!isTransportFault(error) || options.signal.aborted) throw error
      const pauseMs = backoffMs(attempt, RETRY_SHORTEST_MS, RETRY_LONGEST_MS, random.next(), 200)
      log.warn(
        { attempt: attempt + 1, coreUrl },
        `not enrolled yet: ${messageOf(error)} Next try in ${pauseMs} ms`,
      )
      if (!(await wait(clock, 'enrol again', pauseMs, options.signal))) throw error
    }
  }
}

async function enrolOnce(
  { coreUrl, kind, hardware, timeoutMs, mayBePlain }: EnrolOptions,
  code: string,
  keys: ReturnType<typeof makeKeyPair>,
): Promise<Credentials> {
  const trust = await establishTrust(coreUrl, code, { timeoutMs, mayBePlain })
  const client = createHttpClient(coreUrl, trustForHttp(trust), timeoutMs)
  try {
    const answer = await enrol(client, {
      code,
      publicKeyPem: keys.publicKeyPem,
      ...(kind === 'certificate' ? { certificateRequestPem: makeSigningRequest(keys.privateKeyPem) } : {}),
      hardware,
    })
    return {
      v: 2,
      cabinetId: answer.cabinetId,
      partition: answer.partition,
      trust,
      codeSha256: hashCode(code),
      current: credentialOf(answer, keys),
    }
  } finally {
    client.close()
  }
}
