import type { ErrorBody } from '#protocol/api/common.ts'

/**
 * The one door to the core's HTTP interface. Types come from protocol/api, for example:
 *
 *     const home = await api.get<Home>('/api/staff/home')
 *     await api.send<TicketView>('POST', `/api/staff/tickets/${id}/notes`, { text })
 *
 * @throws ApiError with the code of the error catalogue; a lost connection has the code `no_connection`
 */
export type ApiErrorCode = ErrorBody['code'] | 'no_connection'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiErrorCode
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>
  readonly requestId: string | undefined
  constructor(
    code: ApiErrorCode,
    status: number,
    message: string,
    more: Partial<ErrorBody> = {},
    cause?: unknown,
  ) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.details = more.details ?? {}
    this.requestId = more.requestId
  }
}

/** Longer than the slowest answer of the core (a command that waits for its cabinet). */
const TIMEOUT_MS = 20_000

export const api = {
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return request<T>('GET', path, undefined, signal)
  },
  send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    signal?: AbortSignal,
  ): Promise<T> {
    return request<T>(method, path, body, signal)
  },
}

async function request<T>(
  method: string,
  path: string,
  body: object | undefined,
  signal?: AbortSignal,
): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': body instanceof Blob ? body.type : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError('no_connection', 0, 'The server could not be reached.', {}, error)
  }
  const text = await response.text()
  const parsed: unknown = text === '' ? undefined : parseJson(text)
  if (response.ok) return parsed as T
  const error = isErrorBody(parsed) ? parsed : undefined
  throw new ApiError(error?.code ?? 'internal', response.status, error?.message ?? response.statusText, error)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // A proxy's HTML page, for example: it is told apart from an answer of the core by having no code.
    return { unreadable: error instanceof Error ? error.message : String(error) }
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'
}
