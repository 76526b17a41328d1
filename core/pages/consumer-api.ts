import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpApp } from '#core/platform/http.ts'
import type { ErrorBody } from '#protocol/api/common.ts'
import type { ErrorCode } from '#protocol/base/errors.ts'
import { isErrorCode } from '#protocol/words/errors.ts'

/**
 * The pages are a client of the consumer interface and nothing more: a form does what a script does, with the same
 * checks, limits and sign-in, because the request passes the same routes (inside this process, without a socket).
 */
export interface Refusal {
  readonly ok: false
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
  readonly requestId: string | undefined
  readonly details: Readonly<Record<string, unknown>>
}
export type Answer<T> = { readonly ok: true; readonly value: T } | Refusal

export interface ConsumerApi {
  get<T>(path: string): Promise<Answer<T>>
  post<T>(path: string, body: object): Promise<Answer<T>>
}

/** Headers that describe the body or the connection of the outer request, not its sender. */
const NOT_PASSED = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'if-modified-since',
  'if-none-match',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/** Calls in the name of `request`; cookies that the answer sets go on to the reader through `reply`. */
export function consumerApiFor(app: HttpApp, request: FastifyRequest, reply: FastifyReply): ConsumerApi {
  const headers: Record<string, string> = { accept: 'application/json' }
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && !NOT_PASSED.has(name)) headers[name] = value

  async function call<T>(method: 'GET' | 'POST', url: string, body?: object): Promise<Answer<T>> {
    const response = await app.inject({
      method,
      url,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      remoteAddress: request.ip,
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    const cookies = response.headers['set-cookie']
    if (cookies !== undefined) reply.header('set-cookie', cookies)
    if (response.statusCode < 400) return { ok: true, value: response.json<T>() }
    const error = readError(response.body)
    return {
      ok: false,
      status: response.statusCode,
      code: error?.code !== undefined && isErrorCode(error.code) ? error.code : 'internal',
      message: error?.message ?? '',
      requestId: error?.requestId,
      details: error?.details ?? {},
    }
  }
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) }
}

function readError(body: string): Partial<ErrorBody> | undefined {
  if (!body.startsWith('{')) return undefined
  return JSON.parse(body) as Partial<ErrorBody>
}
