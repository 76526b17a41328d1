import { createHash, X509Certificate } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { codeText, parseEnrolmentCode } from '#protocol/base/codes.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { createHttpClient, type HttpTrust, jsonOf } from './http-client.ts'

/** Whom this cabinet trusts from its enrolment on. */
export interface CoreTrust {
  readonly http: 'authority' | 'web' | 'plain'
  /** The core's authority, which vouches for the broker; absent when the core has none. */
  readonly caPem?: string
}

/**
 * The first contact: the enrolment code carries the fingerprint of the core's authority, so that whoever answers at
 * this address is the core that made the code, or nobody is told the code.
 * @throws core_not_trusted when the authority is another one, or the address may be read by others; a retryable fault
 *   when nobody answers
 */
export async function establishTrust(
  coreUrl: string,
  code: string,
  options: { timeoutMs: number; mayBePlain: boolean },
): Promise<CoreTrust> {
  const { fingerprint = '' } = parseEnrolmentCode(code) ?? {}
  if (new URL(coreUrl).protocol === 'http:') {
    checkPlain(coreUrl, options.mayBePlain)
    const caPem = await fetchAuthority(coreUrl, { kind: 'plain' }, options.timeoutMs)
    checkFingerprint(caPem, fingerprint)
    return { http: 'plain', ...(caPem === undefined ? {} : { caPem }) }
  }
  if (fingerprint === '') {
    // Nothing to compare with: only who is known to this computer anyway.
    const caPem = await fetchAuthority(coreUrl, { kind: 'web' }, options.timeoutMs)
    return { http: 'web', ...(caPem === undefined ? {} : { caPem }) }
  }
  const caPem = await fetchAuthority(coreUrl, { kind: 'none' }, options.timeoutMs)
  checkFingerprint(caPem, fingerprint)
  if (caPem === undefined) throw notTrusted('It has no authority of its own, but the code names one.')
  if (await answersWith(coreUrl, { kind: 'authority', caPem }, options.timeoutMs))
    return { http: 'authority', caPem }
  if (await answersWith(coreUrl, { kind: 'web' }, options.timeoutMs)) return { http: 'web', caPem }
  throw new CabinetError(
    'internal',
    `The core at ${coreUrl} does not show a certificate for this address; its names are set with --device-hosts.`,
  )
}

export function trustForHttp(trust: CoreTrust): HttpTrust {
  if (trust.http === 'authority' && trust.caPem !== undefined)
    return { kind: 'authority', caPem: trust.caPem }
  return { kind: trust.http === 'plain' ? 'plain' : 'web' }
}

/** @throws core_not_trusted for an address outside this computer, unless that was allowed by name */
export function checkPlain(url: string, mayBePlain: boolean): void {
  if (mayBePlain || isLoopback(new URL(url).hostname)) return
  throw notTrusted(
    `${url} is not encrypted and not on this computer. Give the https or mqtts address, or say --allow-plain on a network that nobody else can reach.`,
  )
}
function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '')
  if (isIPv4(name)) return name.startsWith('127.')
  return isIPv6(name) ? name === '::1' : name === 'localhost'
}

async function fetchAuthority(
  coreUrl: string,
  trust: HttpTrust,
  timeoutMs: number,
): Promise<string | undefined> {
  const client = createHttpClient(coreUrl, trust, timeoutMs)
  try {
    const { status, text } = await client.ask({ method: 'GET', path: '/device/authority' })
    if (status >= 500)
      throw new CabinetError('internal', `The core answered ${status} when asked for its authority.`)
    const caPem = (jsonOf(text) as { caPem?: unknown } | undefined)?.caPem
    return status === 200 && typeof caPem === 'string' ? caPem : undefined
  } finally {
    client.close()
  }
}

async function answersWith(coreUrl: string, trust: HttpTrust, timeoutMs: number): Promise<boolean> {
  const client = createHttpClient(coreUrl, trust, timeoutMs)
  try {
    return (await client.ask({ method: 'GET', path: '/device/time' })).status === 200
  } catch (error) {
    if (error instanceof CabinetError && isCertificateError(error.cause)) return false
    throw error
  } finally {
    client.close()
  }
}
/** OpenSSL names them by what is wrong with a certificate, node by the host that is not in it. */
function isCertificateError(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: string }
  return /CERT|SELF_SIGNED|ISSUER|ERR_TLS_CERT/.test(code)
}

function checkFingerprint(caPem: string | undefined, fingerprint: string): void {
  if (fingerprint === '' || caPem === undefined) return
  if (authorityFingerprint(caPem) !== fingerprint)
    throw notTrusted('Its authority is not the one that this code was made by: somebody else answers there.')
}

function authorityFingerprint(caPem: string): string {
  try {
    return codeText(createHash('sha256').update(new X509Certificate(caPem).raw).digest().subarray(0, 10))
  } catch (error) {
    throw new CabinetError('core_not_trusted', 'What the core gave as its authority is no certificate.', {
      cause: error,
    })
  }
}

function notTrusted(why: string): CabinetError {
  return new CabinetError('core_not_trusted', `The core is not trusted. ${why}`)
}
