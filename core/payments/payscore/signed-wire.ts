import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import type { HttpTransport } from '#core/platform/transport.ts'
import { readCertificates } from './certificates.ts'
import type { Merchant } from './merchant.ts'
import { authorizationHeader, findForgery, requestMessage, sign, type SignedHeaders } from './signing.ts'

export interface SignedRequest {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  /** Exactly what is signed and sent. */
  readonly body: string
}
export interface SignedAnswer {
  readonly status: number
  readonly body: string
  /** The provider's clock, as the signature vouches for it. */
  readonly providerAtMs: number
}
type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Below this line nobody forges: requests are signed, answers and callbacks are checked over their exact bytes. */
export interface SignedWire {
  /** @throws when no answer came in time or it is not the provider's: nobody knows then whether it took effect */
  exchange(request: SignedRequest): Promise<SignedAnswer>
  /**
   * A file whose address and hash came in a signed answer; the file itself carries no signature, the caller checks its hash.
   * @throws when it did not come whole and in time
   */
  download(path: string): Promise<string>
  /** @throws CabinetError `callback_bad_signature` */
  verify(headers: Headers, text: string): void
}

const ANSWER_BYTES_MOST = 1024 * 1024
/** A bill of about a hundred thousand payments. */
const FILE_BYTES_MOST = 64 * 1024 * 1024
const FILE_WITHIN_MS = 60_000
const CERTIFICATES_PAUSE_MS = 60_000
/** Of a platform certificate; a public key is named `PUB_KEY_ID_…`. */
const CERTIFICATE_SERIAL = /^[0-9A-Fa-f]{16,64}$/

export function createSignedWire(deps: {
  merchant: Merchant
  transport: HttpTransport
  clock: Clock
  random: Random
  /** No answer within this time: unknown. */
  answerWithinMs: number
  /** Told when platform certificates could not be fetched. */
  onTrouble?: (reason: string) => void
}): SignedWire {
  const { merchant, transport, clock, random } = deps

  function signedRequestHeaders(request: SignedRequest): Record<string, string> {
    const timestamp = String(Math.floor(clock.now() / 1000))
    const nonce = Buffer.from(random.bytes(16)).toString('hex').toUpperCase()
    const message = requestMessage({
      method: request.method,
      pathWithQuery: request.path,
      timestamp,
      nonce,
      body: request.body,
    })
    return {
      authorization: authorizationHeader({
        mchId: merchant.mchId,
        nonce,
        signature: sign(message, merchant.privateKey),
        timestamp,
        serialNo: merchant.merchantSerialNo,
      }),
      accept: 'application/json',
      'user-agent': 'smart-vending-cabinet',
      ...(request.body === '' ? {} : { 'content-type': 'application/json' }),
    }
  }

  const send = (request: SignedRequest) =>
    transport({
      method: request.method,
      url: `${merchant.baseUrl}${request.path}`,
      headers: signedRequestHeaders(request),
      body: request.body,
      withinMs: deps.answerWithinMs,
      bytesMost: ANSWER_BYTES_MOST,
    })

  let fetchedAtMs: number | undefined
  let fetching: Promise<void> | undefined
  /** A serial number that nobody knows may be a new platform certificate. Not more often than once a minute. */
  function fetchCertificates(): Promise<void> {
    if (fetchedAtMs !== undefined && clock.monoMs() - fetchedAtMs < CERTIFICATES_PAUSE_MS)
      return Promise.resolve()
    fetching ??= (async () => {
      try {
        const answer = await send({ method: 'GET', path: '/v3/certificates', body: '' })
        if (answer.status !== 200) return
        const headers = signedHeadersOf(answer.headers)
        merchant.providerKeys.learn(
          readCertificates({ headers, body: answer.body }, merchant.apiV3Key, clock.now()),
        )
      } finally {
        fetchedAtMs = clock.monoMs()
        fetching = undefined
      }
    })()
    return fetching
  }
  const isStranger = (serial: string) =>
    CERTIFICATE_SERIAL.test(serial) && merchant.providerKeys.get(serial) === undefined

  return {
    async exchange(request) {
      const answer = await send(request)
      const headers = signedHeadersOf(answer.headers)
      if (isStranger(headers.serial)) await fetchCertificates()
      const forgery = findForgery(headers, answer.body, merchant.providerKeys, clock.now())
      if (forgery !== undefined) throw new Error(`the answer is not the provider's: ${forgery}`)
      return { status: answer.status, body: answer.body, providerAtMs: Number(headers.timestamp) * 1000 }
    },
    async download(path) {
      const answer = await transport({
        method: 'GET',
        url: `${merchant.baseUrl}${path}`,
        headers: signedRequestHeaders({ method: 'GET', path, body: '' }),
        body: '',
        withinMs: FILE_WITHIN_MS,
        bytesMost: FILE_BYTES_MOST,
      })
      if (answer.status !== 200) throw new Error(`the file was answered with ${answer.status}`)
      return answer.body
    },
    verify(headers, text) {
      const { serial } = signedHeadersOf(headers)
      // Refused now; the provider sends it again in 15 seconds, and then the certificate is known.
      if (isStranger(serial))
        fetchCertificates().catch((error: unknown) => deps.onTrouble?.(messageOf(error)))
      const forgery = findForgery(signedHeadersOf(headers), text, merchant.providerKeys, clock.now())
      if (forgery !== undefined)
        throw new CabinetError('callback_bad_signature', `The callback is not the provider's: ${forgery}.`)
    },
  }
}

function signedHeadersOf(headers: Headers): SignedHeaders {
  const one = (name: string) => {
    const value = headers[name]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }
  return {
    timestamp: one('wechatpay-timestamp'),
    nonce: one('wechatpay-nonce'),
    signature: one('wechatpay-signature'),
    serial: one('wechatpay-serial'),
  }
}
