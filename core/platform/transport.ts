import type { Clock } from '#protocol/base/clock.ts'

export interface HttpCall {
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  /** Empty: no body. */
  body: string
  withinMs: number
  bytesMost: number
}
/** One HTTP exchange. @throws when there is no whole answer within the time */
export type HttpTransport = (
  call: HttpCall,
) => Promise<{ status: number; headers: Record<string, string>; body: string }>

/** The real one, on the platform's fetch. Redirects are not followed: a signed call goes where it was meant. */
export function createHttpTransport(clock: Clock): HttpTransport {
  return async (call) => {
    const giveUp = new AbortController()
    const timer = clock.setTimer('answer of the far end', call.withinMs, () =>
      giveUp.abort(new Error(`no answer within ${call.withinMs} ms`)),
    )
    try {
      const response = await fetch(call.url, {
        method: call.method,
        headers: call.headers,
        redirect: 'manual',
        signal: giveUp.signal,
        ...(call.body === '' ? {} : { body: call.body }),
      })
      const bytes: Uint8Array[] = []
      let byteCount = 0
      for await (const piece of response.body ?? []) {
        byteCount += piece.length
        if (byteCount > call.bytesMost) throw new Error(`the answer has more than ${call.bytesMost} bytes`)
        bytes.push(piece)
      }
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.concat(bytes).toString('utf8'),
      }
    } finally {
      timer.cancel()
    }
  }
}
