import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  constants,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '#protocol/base/clock.ts'

/**
 * A merchant's server, small and written apart from the stand-in: it signs what it sends, verifies what it gets,
 * and takes callbacks. What it shares with the stand-in is the published vectors, not code.
 */
export type Json = Record<string, unknown>

interface MerchantConfig {
  baseUrl: string
  mchId: string
  appId: string
  serviceId: string
  merchantSerialNo: string
  merchantPrivateKeyFile: string
  apiV3KeyFile: string
  providerPublicKeyId: string
  providerPublicKeyFile: string
  providerPublicKeys: Array<{ id: string; file: string }>
}

/** What a merchant might get wrong when it signs. */
interface SignatureChanges {
  timestamp?: number | string
  serial?: string
}

export interface Reply {
  readonly status: number
  readonly body: Json
  readonly isSigned: boolean
}

export interface Taken {
  readonly eventType: string
  readonly id: string
  readonly resource: Json
  readonly isSigned: boolean
  readonly signature: string
  readonly envelope: Json
}

export function createMerchant(configFile: string, clock: Clock) {
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as MerchantConfig
  const privateKey = createPrivateKey(readFileSync(config.merchantPrivateKeyFile))
  const providerKey = createPublicKey(readFileSync(config.providerPublicKeyFile))
  const apiV3Key = readFileSync(config.apiV3KeyFile)

  /** Read anew each time, as a merchant does who is told of another key. */
  function providerKeyOf(id: string | null | undefined) {
    const { providerPublicKeys } = JSON.parse(readFileSync(configFile, 'utf8')) as MerchantConfig
    const known = providerPublicKeys.find((one) => one.id === id)
    return known && createPublicKey(readFileSync(known.file))
  }

  function authorization(
    method: string,
    pathWithQuery: string,
    body: string,
    changes: SignatureChanges = {},
  ): string {
    const timestamp = String(changes.timestamp ?? Math.floor(clock.now() / 1000))
    const nonce = randomBytes(16).toString('hex')
    const signature = createSign('RSA-SHA256')
      .update(`${method}\n${pathWithQuery}\n${timestamp}\n${nonce}\n${body}\n`)
      .sign(privateKey, 'base64')
    const serial = changes.serial ?? config.merchantSerialNo
    return `WECHATPAY2-SHA256-RSA2048 mchid="${config.mchId}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${serial}"`
  }

  function isSigned(headers: (name: string) => string | null | undefined, body: string): boolean {
    const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature'].map((one) =>
      headers(`wechatpay-${one}`),
    )
    const key = providerKeyOf(headers('wechatpay-serial'))
    if (!timestamp || !nonce || !signature || !key) return false
    return createVerify('RSA-SHA256')
      .update(`${timestamp}\n${nonce}\n${body}\n`)
      .verify(key, signature, 'base64')
  }

  interface CallOptions {
    signed?: SignatureChanges
    sentBody?: string
    timeoutMs?: number
  }
  async function raw(method: 'GET' | 'POST', pathWithQuery: string, body?: Json, options: CallOptions = {}) {
    const text = body === undefined ? '' : JSON.stringify(body)
    const answer = await fetch(`${config.baseUrl}${pathWithQuery}`, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        Authorization: authorization(method, pathWithQuery, text, options.signed),
      },
      ...(body === undefined ? {} : { body: options.sentBody ?? text }),
      ...(options.timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(options.timeoutMs) }),
    })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }

  async function call(
    method: 'GET' | 'POST',
    pathWithQuery: string,
    body?: Json,
    options: CallOptions = {},
  ): Promise<Reply> {
    const { status, headers, text } = await raw(method, pathWithQuery, body, options)
    return {
      status,
      body: text === '' ? {} : (JSON.parse(text) as Json),
      isSigned: isSigned((name) => headers.get(name), text),
    }
  }

  function decryptText(resource: Json): string {
    const bytes = Buffer.from(String(resource['ciphertext']), 'base64')
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, String(resource['nonce']))
    decipher.setAAD(Buffer.from(String(resource['associated_data'])))
    decipher.setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8')
  }
  const decrypt = (resource: Json) => JSON.parse(decryptText(resource)) as Json

  /** An HTTP server for callbacks; `answer` may be changed to refuse some. */
  async function listen() {
    const taken: Taken[] = []
    const desk = { answer: (_one: Taken): number => 204, taken, url: '', stop: async () => {} }
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const envelope = JSON.parse(text) as Json
        const header = (name: string) => (request.headers as IncomingHttpHeaders)[name] as string | undefined
        const one: Taken = {
          eventType: String(envelope['event_type']),
          id: String(envelope['id']),
          resource: decrypt(envelope['resource'] as Json),
          isSigned: isSigned(header, text),
          signature: header('wechatpay-signature') ?? '',
          envelope,
        }
        taken.push(one)
        response.writeHead(desk.answer(one)).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    desk.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`
    desk.stop = async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    return desk
  }

  return {
    config,
    listen,
    raw,
    call,
    decryptText,
    get: (pathWithQuery: string) => call('GET', pathWithQuery),
    post: (pathWithQuery: string, body: Json) => call('POST', pathWithQuery, body),
    encrypt: (text: string) =>
      publicEncrypt(
        { key: providerKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
        Buffer.from(text),
      ).toString('base64'),
    decryptField: (text: string) =>
      privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
        Buffer.from(text, 'base64'),
      ).toString('utf8'),
    /** The unsigned control interface. */
    async control(method: string, path: string, body?: Json): Promise<Reply> {
      const answer = await fetch(`${config.baseUrl}/control${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Json), isSigned: false }
    },
  }
}
export type Merchant = ReturnType<typeof createMerchant>
export type CallbackDesk = Awaited<ReturnType<Merchant['listen']>>
