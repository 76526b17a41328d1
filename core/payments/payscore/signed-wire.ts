import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import type { HttpTransport } from '#core/platform/transport.ts'
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
  /** @throws CabinetError `callback_bad_signature` */
  verify(headers: Headers, text: string): void
}

const ANSWER_BYTES_MOST = 1024 * 1024

export function createSignedWire(deps: {
  merchant: Merchant
  transport: HttpTransport
  clock: Clock
  random: Random
  /** No answer within this time: unknown. */
  answerWithinMs: number
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

  return {
    async exchange(request) {
      const answer = await transport({
        method: request.method,
        url: `${merchant.baseUrl}${request.path}`,
        headers: signedRequestHeaders(request),
        body: request.body,
        withinMs: deps.answerWithinMs,
        bytesMost: ANSWER_BYTES_MOST,
      })
      const headers = signedHeadersOf(answer.headers)
      const forgery = findForgery(headers, answer.body, merchant.providerKeys, clock.now())
      if (forgery !== undefined) throw new Error(`the answer is not the provider's: ${forgery}`)
      return { status: answer.status, body: answer.body, providerAtMs: Number(headers.timestamp) * 1000 }
    },
    verify(headers, text) {
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
