import type { Logger } from 'pino'
import { type Clock, wait } from '#protocol/base/clock.ts'
import { CabinetError, isTransportFault, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { backoffMs } from '../delivery/backoff.ts'
import { type Credentials, loadCredentials, makeKeyPair, saveCredentials } from './credentials.ts'
import { enrol, type EnrolRequest } from './device-api.ts'

export interface EnrolOptions {
  dataFolder: string
  coreUrl: string
  code: string | undefined
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
 * The credentials in the data folder, or new ones for the code. A core that does not answer yet is asked again.
 * @throws config_invalid when there is neither; enrolment_code_invalid when the core refuses the code
 */
export async function enrolCabinet(options: EnrolOptions): Promise<Credentials> {
  const { dataFolder, coreUrl, code, clock, random, log } = options
  const known = loadCredentials(dataFolder)
  if (known) return known
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
      const answer = await enrol(
        coreUrl,
        { code, publicKeyPem: keys.publicKeyPem, hardware: options.hardware },
        options.timeoutMs,
      )
      const { cabinetId, partition, mqtt } = answer
      const credentials: Credentials = { v: 1, cabinetId, partition, mqtt, ...keys }
      saveCredentials(dataFolder, credentials)
      log.info({ cabinetId, partition }, 'enrolled')
      return credentials
    } catch (error) {
      if (!isTransportFault(error) || options.signal.aborted) throw error
      const pauseMs = backoffMs(attempt, RETRY_SHORTEST_MS, RETRY_LONGEST_MS, random.next(), 200)
      log.warn({ attempt: attempt + 1 }, `not enrolled yet: ${messageOf(error)} Next try in ${pauseMs} ms`)
      if (!(await wait(clock, 'enrol again', pauseMs, options.signal))) throw error
    }
  }
}
