import { createHash, createPrivateKey, sign } from 'node:crypto'
import { CabinetError, type ErrorCode } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { EnrolAnswer } from './credentials.ts'
import { type HttpAnswer, type HttpClient, type HttpQuestion, jsonOf, sentenceOf } from './http-client.ts'

export interface EnrolRequest {
  code: string
  publicKeyPem: string
  /** Without it the core gives a password. */
  certificateRequestPem?: string
  hardware: { profile: string; firmware: string; sensors: number; cameras: number }
}

/**
 * The one request that is not signed: it brings the key.
 * @throws enrolment_code_invalid when the code is wrong, used or expired; otherwise a retryable fault
 */
export async function enrol(client: HttpClient, request: EnrolRequest): Promise<EnrolAnswer> {
  const answer = await client.ask({
    method: 'POST',
    path: '/device/enrol',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(request)),
  })
  const { status, text } = answer
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
    const code: ErrorCode = status === 401 || status === 404 ? 'enrolment_code_invalid' : 'bad_request'
    throw new CabinetError(code, `The core refused the enrolment (${status}): ${sentenceOf(text)}`)
  }
  if (!isGood(answer))
    throw new CabinetError('internal', `The core answered ${status} to the enrolment: ${sentenceOf(text)}`)
  return parseEnrolAnswer(text)
}

/** @throws bad_request */
export function parseEnrolAnswer(text: string): EnrolAnswer {
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
  client: HttpClient
  cabinetId: string
  /** Of the credentials that are in use; they may be exchanged while the agent runs. */
  privateKeyPem: () => string
  /** The core's time as well as it is known. */
  nowMs: () => number
}

export function createDeviceApi(options: DeviceApiOptions): DeviceApi {
  const { client, cabinetId, nowMs } = options
  const ask = (method: 'HEAD' | 'PUT', path: string, body: Uint8Array) =>
    client.ask(
      signedQuestion(
        {
          method,
          path,
          ...(method === 'PUT' ? { body, headers: { 'content-type': 'application/octet-stream' } } : {}),
        },
        { cabinetId, privateKeyPem: options.privateKeyPem(), nowMs: nowMs() },
      ),
    )

  return {
    async uploadOffset(target) {
      const answer = await ask('HEAD', pathOf(target, 0), new Uint8Array())
      if (answer.status === 404) return 0
      if (!isGood(answer)) throw refusalOf(answer)
      const offset = Number(answer.headers['upload-offset'] ?? '0')
      return Number.isSafeInteger(offset) && offset >= 0 ? offset : 0
    },
    async uploadChunk(target, offset, chunk) {
      const answer = await ask('PUT', pathOf(target, offset), chunk)
      if (!isGood(answer)) throw refusalOf(answer)
      const taken = jsonOf(answer.text) as { offset?: unknown; done?: unknown } | undefined
      if (typeof taken?.offset !== 'number')
        throw new CabinetError('internal', 'The answer to the upload is not understood.')
      return { offset: taken.offset, done: taken.done === true }
    },
  }
}

/** The question with the headers that prove who asks it. */
export function signedQuestion(
  question: HttpQuestion,
  by: { cabinetId: string; privateKeyPem: string; nowMs: number },
): HttpQuestion {
  const { method, path, body = new Uint8Array() } = question
  const contentSha256 = createHash('sha256').update(body).digest('hex')
  const timestampMs = String(Math.round(by.nowMs))
  const text = signedText(method, path, contentSha256, timestampMs)
  return {
    ...question,
    headers: {
      ...question.headers,
      'x-cabinet-id': by.cabinetId,
      'x-timestamp-ms': timestampMs,
      'x-content-sha256': contentSha256,
      'x-signature': sign(null, Buffer.from(text), createPrivateKey(by.privateKeyPem)).toString('base64'),
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

export function isGood({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300
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

function refusalOf({ status, text }: HttpAnswer): CabinetError {
  const code = (jsonOf(text) as { code?: unknown } | undefined)?.code
  if (code === 'evidence_hash_mismatch') return new CabinetError('evidence_hash_mismatch')
  if (status === 401 || status === 403)
    return new CabinetError(
      'device_credentials_refused',
      `The core refused an upload (${status}): ${sentenceOf(text)}`,
    )
  return new CabinetError('internal', `The core answered ${status} to an upload: ${sentenceOf(text)}`)
}
