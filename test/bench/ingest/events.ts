import type { DomainEvent } from '#protocol/messages/index.ts'

/** What a cabinet tells when somebody buys: with the sizes, and the work in the core, that real events have. */
export const SALE: readonly DomainEvent[] = [
  { type: 'door.unlocked', data: { by: 'manual-key' } },
  { type: 'door.opened', data: { sessionId: 'se-bench' } },
  ...['s1', 's2', 's3'].map((shelf) => ({
    type: 'weighing.step' as const,
    data: {
      sessionId: 'se-bench',
      shelf,
      grams: -330.4,
      sigmaGrams: 0.8,
      explanation: 'one piece of cola-330 taken, p = 0.998',
    },
  })),
  { type: 'door.closed', data: { sessionId: 'se-bench', openMs: 8123 } },
  { type: 'door.lock-confirmed', data: { sessionId: 'se-bench' } },
  {
    type: 'climate.reading',
    data: {
      windowMs: 300_000,
      airLowest: 31,
      airMean: 38,
      airHighest: 45,
      setpoint: 40,
      compressorOnMs: 91_000,
      doorOpenMs: 0,
      samples: 300,
    },
  },
  { type: 'agent.clock-step', data: { stepMs: 1200 } },
  { type: 'camera.cleared', data: { camera: 'inside', kind: 'dark', blockedMs: 4000 } },
]
const BODIES = SALE.map(
  ({ type, data }) => [`{"type":"${type}","atMs":`, `,"data":${JSON.stringify(data)}}`] as const,
)
/** Between two events of a frame. */
const EVENT_PAUSE_MS = 1000
const FIRST_AT_MS = Date.UTC(2026, 0, 1)

/** JSON of a frame with events `firstSeq … firstSeq + count - 1` of a cabinet; sent again it says the same. */
export function frameOf(epoch: string, firstSeq: number, count: number, nowMs: number): string {
  const events: string[] = []
  const lastSeq = firstSeq + count - 1
  for (let seq = firstSeq; seq <= lastSeq; seq++) {
    const [head, tail] = BODIES[seq % BODIES.length] as readonly [string, string]
    const monoMs = seq * EVENT_PAUSE_MS
    events.push(`${head}${FIRST_AT_MS + monoMs},"monoMs":${monoMs}${tail}`)
  }
  return `{"v":1,"epoch":"${epoch}","firstSeq":${firstSeq},"boot":1,"monoMs":${lastSeq * EVENT_PAUSE_MS},"nowMs":${nowMs},"timeQuality":"synchronised","events":[${events.join(',')}]}`
}

export function helloOf(epoch: string, linkId: string, nowMs: number): string {
  return JSON.stringify({
    v: 1,
    linkId,
    epoch,
    firstSeq: 0,
    lastSeq: 0,
    boot: 1,
    monoMs: 1,
    nowMs,
    timeQuality: 'synchronised',
    firmware: 'bench',
    minor: 0,
    commands: [],
    twin: { version: 0 },
    hardware: { isDoorOpen: false, isLocked: true, isLockedOut: false, isOutOfService: false },
  })
}
