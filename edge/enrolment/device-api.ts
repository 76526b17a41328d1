import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { CabinetError, type ErrorCode, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { EnrolAnswer } from './credentials.ts'

const ANSWER_BYTES_MOST = 64 * 1024

export interface EnrolRequest {
  code: string
  publicKeyPem: string
  hardware: { profile: string; firmware: string; sensors: number; cameras: number }
}

/**
 * The one request that is not signed: it brings the key.
 * @throws enrolment_code_invalid when the code is wrong, used or expired; otherwise a retryable fault
 */
export async function enrol(coreUrl: string, request: EnrolRequest, timeoutMs: number): Promise<EnrolAnswer> {
  const response = await send(`${coreUrl}/device/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = await bodyOf(response)
  if (response.status >= 400 && response.status < 500 && response.status !== 429 && response.status !== 408) {
    const code: ErrorCode =
      response.status === 401 || response.status === 404 ? 'enrolment_code_invalid' : 'bad_request'
    throw new CabinetError(code, `The core refused the enrolment (${response.status}): ${sentenceOf(text)}`)
  }
  if (!response.ok)
    throw new CabinetError(
      'internal',
      `The core answered ${response.status} to the enrolment: ${sentenceOf(text)}`,
    )
  const parsed = parseValue(EnrolAnswer, jsonOf(text))
  if (!parsed.ok)
    throw new CabinetError('bad_request', `The answer to the enrolment is not understood: ${parsed.reason}.`)
  return parsed.value
}

export interface UploadTarget {
  readonly sessionId: string
  readonly sha256: string
  readonly kind: string
  readonly mediaType: string
  readonly total: number
}

/** The core's device interface, signed with the cabinet's key. A port, so that a simulation can answer itself. */
export interface DeviceApi {
  /** How much of this blob the core has; the whole length when it is complete. */
  uploadOffset(target: UploadTarget): Promise<number>
  /** @throws evidence_hash_mismatch, or a fault that may be tried again */
  uploadChunk(
    target: UploadTarget,
    offset: number,
    chunk: Uint8Array,
  ): Promise<{ offset: number; done: boolean }>
}

export interface DeviceApiOptions {
  coreUrl: string
  cabinetId: string
  privateKeyPem: string
  /** The core's time as well as it is known. */
  nowMs: () => number
  timeoutMs: number
}

export function createDeviceApi(options: DeviceApiOptions): DeviceApi {
  const key: KeyObject = createPrivateKey(options.privateKeyPem)

  async function request(method: 'HEAD' | 'PUT', pathAndQuery: string, body: Uint8Array): Promise<Response> {
    const contentSha256 = createHash('sha256').update(body).digest('hex')
    const timestampMs = String(Math.round(options.nowMs()))
    const text = signedText(method, pathAndQuery, contentSha256, timestampMs)
    return send(`${options.coreUrl}${pathAndQuery}`, {
      method,
      headers: {
        'x-cabinet-id': options.cabinetId,
        'x-timestamp-ms': timestampMs,
        'x-content-sha256': contentSha256,
        'x-signature': sign(null, Buffer.from(text), key).toString('base64'),
        ...(method === 'PUT' ? { 'content-type': 'application/octet-stream' } : {}),
      },
      ...(method === 'PUT' ? { body } : {}),
      signal: AbortSignal.timeout(options.timeoutMs),
    })
  }

  return {
    async uploadOffset(target) {
      const response = await request('HEAD', pathOf(target, 0), new Uint8Array())
      await response.body?.cancel()
      if (response.status === 404) return 0
      if (!response.ok) throw await refusalOf(response, '')
      const offset = Number(response.headers.get('upload-offset') ?? '0')
      return Number.isSafeInteger(offset) && offset >= 0 ? offset : 0
    },
    async uploadChunk(target, offset, chunk) {
      const response = await request('PUT', pathOf(target, offset), chunk)
      const text = await bodyOf(response)
      if (!response.ok) throw await refusalOf(response, text)
      const answer = jsonOf(text) as { offset?: unknown; done?: unknown } | undefined
      if (typeof answer?.offset !== 'number')
        throw new CabinetError('internal', 'The answer to the upload is not understood.')
      return { offset: answer.offset, done: answer.done === true }
    },
  }
}

/** What both ends sign: method, path with query, hash of the body and time, a line each. */
export function signedText(
  method: string,
  pathAndQuery: string,
  contentSha256: string,
  timestampMs: string,
): string {
  return `${method}\n${pathAndQuery}\n${contentSha256}\n${timestampMs}`
}

function pathOf(target: UploadTarget, offset: number): string {
  const query = new URLSearchParams({
    offset: String(offset),
    total: String(target.total),
    kind: target.kind,
    mediaType: target.mediaType,
  })
  return `/device/evidence/${target.sessionId}/${target.sha256}?${query.toString()}`
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error' })
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error)
    throw new CabinetError('internal', `The core at ${new URL(url).origin} cannot be reached: ${cause}.`, {
      cause: error,
    })
  }
}

async function refusalOf(response: Response, text: string): Promise<CabinetError> {
  const code = (jsonOf(text) as { error?: { code?: unknown }; code?: unknown } | undefined)?.code
  if (code === 'evidence_hash_mismatch') return new CabinetError('evidence_hash_mismatch')
  if (response.status === 401 || response.status === 403)
    return new CabinetError(
      'device_credentials_refused',
      `The core refused an upload (${response.status}): ${sentenceOf(text)}`,
    )
  return new CabinetError(
    'internal',
    `The core answered ${response.status} to an upload: ${sentenceOf(text)}`,
  )
}

async function bodyOf(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > ANSWER_BYTES_MOST)
      throw new CabinetError('internal', 'The answer of the core is too long.')
  }
  return text
}
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
function sentenceOf(text: string): string {
  const value = jsonOf(text) as { message?: unknown; error?: { message?: unknown } } | undefined
  const message = value?.error?.message ?? value?.message
  return typeof message === 'string' ? message : text.slice(0, 200)
}
