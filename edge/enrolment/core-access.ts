import type { Logger } from 'pino'
import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Settings } from '../config.ts'
import { type CredentialKeeper, createCredentialKeeper } from './credential-keeper.ts'
import { type Credentials, saveCredentials } from './credentials.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { checkPlain, trustForHttp } from './trust.ts'

/** How this cabinet reaches the core: an HTTP client that trusts the right one, and credentials that stay fresh. */
export interface CoreAccess {
  readonly client: HttpClient
  readonly keeper: CredentialKeeper
}

/** @throws core_not_trusted when a way would be plain and leave this computer */
export function createCoreAccess(options: {
  credentials: Credentials
  dataFolder: string
  coreUrl: string
  mqttUrl: string | undefined
  mayBePlain: boolean
  settings: Pick<Settings, 'requestTimeoutMs' | 'credentialCheckMs'>
  clock: Clock
  random: Random
  log: Logger
  onNext: () => void
}): CoreAccess {
  const { credentials, coreUrl, settings } = options
  const client = createHttpClient(coreUrl, trustForHttp(credentials.trust), settings.requestTimeoutMs)
  const keeper = createCredentialKeeper({
    ...options,
    client,
    save: (changed) => saveCredentials(options.dataFolder, changed),
    checkMs: settings.credentialCheckMs,
  })
  if (coreUrl.startsWith('http:')) checkPlain(coreUrl, options.mayBePlain)
  const { url } = keeper.present()
  if (url.startsWith('mqtt:')) checkPlain(url, options.mayBePlain)
  return { client, keeper }
}
