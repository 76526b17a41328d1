import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'

/** In whom the agent trusts when it speaks HTTPS. */
export type HttpTrust =
  /** The core's own authority and nobody else. */
  | { kind: 'authority'; caPem: string }
  /** The authorities of this computer: a proxy in front of the core has a public certificate. */
  | { kind: 'web' }
  /** Nobody: only to fetch what is then compared with a fingerprint. */
  | { kind: 'none' }
  /** Plain HTTP. */
  | { kind: 'plain' }

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}
export interface HttpQuestion {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT'
  /** Path and query. */
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
}

export interface HttpClient {
  /** @throws a retryable fault when the core cannot be reached, or is not vouched for */
  ask(question: HttpQuestion): Promise<HttpAnswer>
  close(): void
}

const ANSWER_BYTES_MOST = 64 * 1024
const SOCKETS_MOST = 4

/**
 * Speaks HTTP with the core alone. `fetch` cannot be told whom to trust, therefore node's own client.
 * @param coreUrl  without a slash at the end; a path in it stands in front of every question's path
 */
export function createHttpClient(coreUrl: string, trust: HttpTrust, timeoutMs: number): HttpClient {
  const base = new URL(coreUrl)
  const isSecure = base.protocol === 'https:'
  const agent = isSecure
    ? new SecureAgent({ keepAlive: true, maxSockets: SOCKETS_MOST, ...trustOf(trust) })
    : new PlainAgent({ keepAlive: true, maxSockets: SOCKETS_MOST })

  return {
    ask({ method, path, headers = {}, body }) {
      return new Promise((resolve, reject) => {
        const fail = (error: unknown) => {
          reject(
            error instanceof CabinetError
              ? error
              : new CabinetError(
                  'internal',
                  `The core at ${base.origin} cannot be reached: ${messageOf(error)}.`,
                  {
                    cause: error,
                  },
                ),
          )
        }
        const request = (isSecure ? secureRequest : plainRequest)(
          new URL(`${base.pathname.replace(/\/+$/, '')}${path}`, base),
          {
            agent,
            method,
            headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
            signal: AbortSignal.timeout(timeoutMs),
          },
          (response) => {
            readText(response).then(
              (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
              fail,
            )
          },
        )
        request.on('error', fail)
        request.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}

function trustOf(trust: HttpTrust) {
  switch (trust.kind) {
    case 'authority':
      return { ca: trust.caPem }
    case 'none':
      return { rejectUnauthorized: false }
    case 'web':
    case 'plain':
      return {}
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let byteCount = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    byteCount += piece.length
    if (byteCount > ANSWER_BYTES_MOST) {
      response.destroy()
      throw new CabinetError('internal', 'The answer of the core is too long.')
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
/** The sentence of a refusal. */
export function sentenceOf(text: string): string {
  const value = jsonOf(text) as { message?: unknown; error?: { message?: unknown } } | undefined
  const message = value?.error?.message ?? value?.message
  return typeof message === 'string' ? message : text.slice(0, 200)
}
