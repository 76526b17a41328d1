import { type Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'

export interface RouteFigures {
  requests: number
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}
export interface Call {
  url: string
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string
}
/** What was measured so far of one kind of call. */
export interface Taken {
  readonly tookMs: number[]
  seconds: number
}

export const CONNECTIONS = 16

/** Limits count by address; nobody asks as often as a benchmark. */
export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
}

export function send(agent: Agent, call: Call): Promise<{ etag: string | undefined }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(call.url, { method: call.method, headers: call.headers, agent }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => {
        const { statusCode = 0 } = answer
        if (statusCode >= 400)
          reject(
            new Error(
              `${call.method} ${call.url} was answered with ${statusCode}: ${Buffer.concat(pieces).toString('utf8').slice(0, 300)}`,
            ),
          )
        else resolve({ etag: answer.headers.etag })
      })
      answer.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(call.body)
  })
}

export function nothingTaken(): Taken {
  return { tookMs: [], seconds: 0 }
}
/** Asks for this long on every connection and adds it to what was taken before. */
export function forMs(agent: Agent, ms: number, into: Taken, callOf: (index: number) => Call): Promise<void> {
  return load(agent, into, callOf, (_index, sinceMs) => sinceMs < ms)
}
export function forEach(
  agent: Agent,
  count: number,
  into: Taken,
  callOf: (index: number) => Call,
  atOnce = CONNECTIONS,
): Promise<void> {
  return load(agent, into, callOf, (index) => index < count, atOnce)
}

/** Every connection asks again as soon as it was answered. */
async function load(
  agent: Agent,
  into: Taken,
  callOf: (index: number) => Call,
  goesOn: (index: number, sinceMs: number) => boolean,
  atOnce = CONNECTIONS,
): Promise<void> {
  const startedMs = performance.now()
  let index = 0
  async function connection(): Promise<void> {
    while (goesOn(index, performance.now() - startedMs)) {
      const call = callOf(index++)
      const sentMs = performance.now()
      await send(agent, call)
      into.tookMs.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, connection))
  into.seconds += (performance.now() - startedMs) / 1000
}

export function figuresOf({ tookMs, seconds }: Taken): RouteFigures {
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    requests: tookMs.length,
    requestsPerSecond: tookMs.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}
