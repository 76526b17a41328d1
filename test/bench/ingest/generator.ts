import { performance } from 'node:perf_hooks'
import { downFilter, upTopic } from '#protocol/topics.ts'
import { type BenchCabinet, benchCabinet } from './cabinets.ts'
import { frameOf, helloOf } from './events.ts'
import { type Connection, openConnection } from './wire.ts'

/** Runs as a process of its own, driven by messages: the cabinets of one system. */
export type GeneratorOrder =
  | { kind: 'connect'; host: string; port: number; count: number }
  /** Each cabinet keeps so many frames under way, for so long. */
  | { kind: 'saturate'; forMs: number; framesUnderWay: number; eventsPerFrame: number }
  /** Each cabinet tells one event every `everyMs`, evenly spread. */
  | { kind: 'pace'; forMs: number; everyMs: number }
  /** Each cabinet sends a backlog, in full frames, within the window that the system allows. */
  | { kind: 'drain'; eventsPerCabinet: number }
export interface GeneratorReport {
  /** Acknowledged while the clock ran. */
  events: number
  tookMs: number
  /** Publish to durable acknowledgement, of each event that was paced. */
  latenciesMs: number[]
  /** Acknowledged since the start, over all orders. */
  ackedTotal: number
  sentTotal: number
  cpuMs: number
}

const FRAME_EVENTS = 50
/** Nothing acknowledged for this long: sent again, as a cabinet does. */
const RESEND_MS = 5000
/** Frames under way before the middle of a measurement counts. */
const WARM_UP_SHARE = 0.15

interface Cabinet {
  readonly topic: Buffer
  readonly epoch: string
  readonly helloTopic: Buffer
  connection: Connection
  nextSeq: number
  acked: number
  window: number
  /** When each paced event was published, by its distance from the last acknowledged one. */
  publishedAt: number[]
  progressAt: number
}

const cabinets: Cabinet[] = []
let onAcked: (cabinet: Cabinet, count: number) => void = () => undefined
let ackedTotal = 0
const totals = () => ({
  ackedTotal,
  sentTotal: cabinets.reduce((sum, cabinet) => sum + cabinet.nextSeq - 1, 0),
})

function takeAck(cabinet: Cabinet, payload: Buffer): void {
  const ack = JSON.parse(payload.toString()) as { epoch: string; ack: number; window: number; error?: string }
  if (ack.error !== undefined) throw new Error(`${cabinet.epoch} was refused: ${ack.error}`)
  if (ack.epoch !== cabinet.epoch) return
  cabinet.window = ack.window
  const count = ack.ack - cabinet.acked
  if (count <= 0) return
  cabinet.acked = ack.ack
  cabinet.progressAt = performance.now()
  ackedTotal += count
  onAcked(cabinet, count)
}

function send(cabinet: Cabinet, count: number): void {
  if (cabinet.acked === cabinet.nextSeq - 1) cabinet.progressAt = performance.now()
  const frame = frameOf(cabinet.epoch, cabinet.nextSeq, count, Date.now())
  cabinet.connection.publish(cabinet.topic, Buffer.from(frame))
  cabinet.nextSeq += count
}

async function connectAll(order: Extract<GeneratorOrder, { kind: 'connect' }>): Promise<void> {
  const waiting = Array.from({ length: order.count }, (_, index) => benchCabinet(index))
  const connectOne = ({ cabinetId, partition, password }: BenchCabinet) =>
    new Promise<void>((resolve, reject) => {
      const epoch = `ep-${cabinetId}`
      const linkId = `ln-${cabinetId}`
      const cabinet: Cabinet = {
        topic: Buffer.from(upTopic(partition, cabinetId, 'ev')),
        helloTopic: Buffer.from(upTopic(partition, cabinetId, 'hello')),
        epoch,
        nextSeq: 1,
        acked: 0,
        window: 0,
        publishedAt: [],
        progressAt: performance.now(),
        connection: openConnection({
          host: order.host,
          port: order.port,
          clientId: cabinetId,
          password,
          filter: downFilter(partition, cabinetId),
          onUp: () =>
            cabinet.connection.publish(cabinet.helloTopic, Buffer.from(helloOf(epoch, linkId, Date.now()))),
          onMessage(topic, payload) {
            if (!topic.endsWith('/ack')) return
            if (cabinet.window === 0) resolve()
            takeAck(cabinet, payload)
          },
          onDown: (reason) => reject(new Error(`${cabinetId} lost its connection: ${reason}`)),
        }),
      }
      cabinets.push(cabinet)
    })
  // As many at a time as prove themselves at once; a crowd is another test.
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await connectOne(next)
    }),
  )
}

function watchProgress(): NodeJS.Timeout {
  return setInterval(() => {
    const now = performance.now()
    for (const cabinet of cabinets) {
      if (cabinet.acked === cabinet.nextSeq - 1 || now - cabinet.progressAt < RESEND_MS) continue
      const missing = Math.min(FRAME_EVENTS, cabinet.nextSeq - 1 - cabinet.acked)
      const nextSeq = cabinet.nextSeq
      cabinet.nextSeq = cabinet.acked + 1
      send(cabinet, missing)
      cabinet.nextSeq = nextSeq
      cabinet.progressAt = now
    }
  }, 1000)
}

const pause = (forMs: number) => new Promise<void>((resolve) => setTimeout(resolve, forMs))
/** Waits until everything that was sent is acknowledged. */
async function settled(): Promise<void> {
  while (cabinets.some((cabinet) => cabinet.acked < cabinet.nextSeq - 1)) await pause(5)
}

async function saturate(
  order: Extract<GeneratorOrder, { kind: 'saturate' }>,
): Promise<Partial<GeneratorReport>> {
  let isRunning = true
  let counted = 0
  const under = order.framesUnderWay * order.eventsPerFrame
  onAcked = (cabinet, count) => {
    counted += count
    while (isRunning && cabinet.nextSeq - 1 - cabinet.acked + order.eventsPerFrame <= under)
      send(cabinet, order.eventsPerFrame)
  }
  for (const cabinet of cabinets)
    for (let frame = 0; frame < order.framesUnderWay; frame++) send(cabinet, order.eventsPerFrame)
  await pause(order.forMs * WARM_UP_SHARE)
  counted = 0
  const startedAt = performance.now()
  await pause(order.forMs)
  const events = counted
  const tookMs = performance.now() - startedAt
  isRunning = false
  await settled()
  return { events, tookMs }
}

async function pace(order: Extract<GeneratorOrder, { kind: 'pace' }>): Promise<Partial<GeneratorReport>> {
  const latenciesMs: number[] = []
  onAcked = (cabinet, count) => {
    const now = performance.now()
    for (const at of cabinet.publishedAt.splice(0, count)) latenciesMs.push(now - at)
  }
  for (const cabinet of cabinets) cabinet.publishedAt = []
  const startedAt = performance.now()
  const perMs = cabinets.length / order.everyMs
  let sent = 0
  // What is due is sent at once, however late this timer wakes: a late generator must not hide a late system.
  while (performance.now() - startedAt < order.forMs) {
    const due = Math.floor((performance.now() - startedAt) * perMs)
    for (; sent < due; sent++) {
      const cabinet = cabinets[sent % cabinets.length] as Cabinet
      cabinet.publishedAt.push(startedAt + sent / perMs)
      send(cabinet, 1)
    }
    await pause(1)
  }
  const tookMs = performance.now() - startedAt
  await settled()
  return { events: sent, tookMs, latenciesMs }
}

async function drain(order: Extract<GeneratorOrder, { kind: 'drain' }>): Promise<Partial<GeneratorReport>> {
  const target = new Map(cabinets.map((cabinet) => [cabinet, cabinet.acked + order.eventsPerCabinet]))
  const fill = (cabinet: Cabinet) => {
    const last = target.get(cabinet) ?? 0
    while (
      cabinet.nextSeq <= last &&
      cabinet.nextSeq - 1 - cabinet.acked + FRAME_EVENTS <= Math.min(200, cabinet.window)
    )
      send(cabinet, Math.min(FRAME_EVENTS, last - cabinet.nextSeq + 1))
  }
  onAcked = fill
  const startedAt = performance.now()
  for (const cabinet of cabinets) fill(cabinet)
  while (cabinets.some((cabinet) => cabinet.acked < (target.get(cabinet) ?? 0))) {
    await pause(2)
    // A window that was closed is asked again, as a cabinet does.
    for (const cabinet of cabinets)
      if (
        cabinet.window === 0 &&
        cabinet.nextSeq - 1 === cabinet.acked &&
        cabinet.acked < (target.get(cabinet) ?? 0)
      )
        send(cabinet, 1)
  }
  return { events: order.eventsPerCabinet * cabinets.length, tookMs: performance.now() - startedAt }
}

async function obey(order: GeneratorOrder): Promise<GeneratorReport> {
  const cpuBefore = process.cpuUsage()
  const result =
    order.kind === 'connect'
      ? (await connectAll(order), {})
      : await { saturate, pace, drain }[order.kind](order as never)
  const cpu = process.cpuUsage(cpuBefore)
  onAcked = () => undefined
  return {
    events: 0,
    tookMs: 0,
    latenciesMs: [],
    ...result,
    ...totals(),
    cpuMs: (cpu.user + cpu.system) / 1000,
  }
}

if (process.send !== undefined) {
  watchProgress()
  process.on('message', (order: GeneratorOrder) => {
    obey(order).then(
      (report) => process.send?.({ report }),
      (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
