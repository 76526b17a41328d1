import { createHash, verify } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Aedes } from 'aedes'
import type {
  Command,
  CommandReply,
  FrameEvent,
  Hello,
  Live,
  State,
  Twin,
} from '#protocol/messages/frames.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import { downTopic, parseTopic, upTopic } from '#protocol/topics.ts'

export interface ReceivedEvent extends FrameEvent {
  epoch: string
  seq: number
}
export interface ReceivedEvidence {
  sessionId: string
  kind: string
  mediaType: string
  bytes: Buffer
}

/** A core at the far end of the edge's wires: real broker, real HTTP, a receiver that keeps everything in memory. */
export interface CoreStandIn {
  readonly mqttPort: number
  readonly httpPort: number
  readonly httpUrl: string
  readonly hellos: Hello[]
  /** In order, each once. */
  readonly events: ReceivedEvent[]
  readonly replies: CommandReply[]
  readonly states: State[]
  readonly lives: Live[]
  readonly evidence: Map<string, ReceivedEvidence>
  /** Frames as they came, repeats included. */
  frameCount: number
  /** Stops answering, as a core that is down behind a broker that is up. */
  isAnswering: boolean
  /** So many of the next uploads break off in the middle. */
  brokenUploads: number
  /** What the acknowledgements allow. */
  window: number
  linkId(): string
  sendCommand(
    command: Omit<Command, 'v' | 'linkId' | 'issuedAtMs'> & { linkId?: string },
    options?: { retain?: boolean },
  ): void
  sendTwin(twin: Twin): void
  sendAck(ack: Record<string, unknown>): void
  /** A retained state on the cabinet's own topic, as a late will would leave it. */
  sendState(state: State): void
  /** Takes an unlock through both phases. @returns the reply to the execute, or to the prepare when that was refused */
  command(name: string, args: Record<string, unknown>, id: string): Promise<CommandReply>
  forgetAfter(seq: number): void
  stop(): Promise<void>
}

export const CODE = 'let-me-in'
export const CABINET_ID = 'cab-test'
export const PARTITION = 7

/** Waits for something to become true; the only waiting that tests do. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false,
  withinMs = 15_000,
): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > until) throw new Error(`did not happen within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

export async function startCoreStandIn(): Promise<CoreStandIn> {
  const broker = await Aedes.createBroker({ concurrency: 0 })
  const tcp = createTcpServer(broker.handle)
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  const publicKeys = new Map<string, string>()
  const evidence = new Map<string, ReceivedEvidence>()
  const partial = new Map<string, Buffer>()
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const httpPort = portOf(http)
  const mqttPort = (tcp.address() as AddressInfo).port

  const core: CoreStandIn = {
    mqttPort,
    httpPort,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    hellos: [],
    events: [],
    replies: [],
    states: [],
    lives: [],
    evidence,
    frameCount: 0,
    isAnswering: true,
    window: 100,
    brokenUploads: 0,
    linkId: () => core.hellos.at(-1)?.linkId ?? 'none',
    sendCommand(command, options = {}) {
      publish('cmd', { v: 1, linkId: core.linkId(), issuedAtMs: 0, ...command }, 1, options.retain ?? false)
    },
    sendTwin: (twin) => publish('twin', twin, 1, false),
    sendAck: (ack) => publish('ack', ack, 0, false),
    sendState: (state) => send(upTopic(PARTITION, CABINET_ID, 'state'), state, 1, true),
    async command(name, args, id) {
      core.sendCommand({ id, name, phase: 'prepare', args })
      const prepared = await eventually(`a reply to prepare ${id}`, () =>
        core.replies.find((one) => one.id === id && one.phase === 'prepare'),
      )
      if (prepared.status !== 'prepared') return prepared
      core.sendCommand({ id, name, phase: 'execute', args, token: prepared.token })
      return eventually(`the end of ${id}`, () =>
        core.replies.findLast(
          (one) => one.id === id && one.phase === 'execute' && one.status !== 'executing',
        ),
      )
    },
    forgetAfter(seq) {
      core.events.splice(0, core.events.length, ...core.events.filter((one) => one.seq <= seq))
    },
    async stop() {
      await new Promise<void>((resolve) => broker.close(() => resolve()))
      tcp.close()
      http.closeAllConnections()
      http.close()
    },
  }

  function publish(channel: 'ack' | 'cmd' | 'twin', frame: object, qos: 0 | 1, retain: boolean) {
    send(downTopic(PARTITION, CABINET_ID, channel), frame, qos, retain)
  }
  function send(topic: string, frame: object, qos: 0 | 1, retain: boolean) {
    broker.publish(
      {
        cmd: 'publish',
        topic,
        payload: Buffer.from(JSON.stringify(frame)),
        qos,
        retain,
        dup: false,
      },
      () => undefined,
    )
  }
  function lastSeq(): number {
    return core.events.at(-1)?.seq ?? 0
  }
  function acknowledge(epoch: string, echoMonoMs: number) {
    core.sendAck({
      v: 1,
      linkId: core.linkId(),
      epoch,
      ack: lastSeq(),
      window: core.window,
      nowMs: Date.now(),
      echoMonoMs,
    })
  }
  broker.on('publish', (packet, client) => {
    if (client === null) return
    const topic = parseTopic(packet.topic)
    if (topic === undefined || topic.direction !== 'up') return
    const parsed = parseFrame(topic.channel, packet.payload as Buffer)
    if (!parsed.ok) throw new Error(`the edge sent a wrong ${topic.channel}: ${parsed.reason}`)
    const frame = parsed.value
    if (topic.channel === 'state') core.states.push(frame as State)
    if (topic.channel === 'live') core.lives.push(frame as Live)
    if (topic.channel === 'cmdr') core.replies.push(frame as CommandReply)
    if (topic.channel === 'hello') {
      core.hellos.push(frame as Hello)
      const { halt, epoch, monoMs } = frame as Hello
      if (halt !== undefined)
        core.sendAck({
          v: 1,
          linkId: core.linkId(),
          epoch,
          ack: 0,
          window: 0,
          nowMs: Date.now(),
          error: halt,
        })
      else if (core.isAnswering) acknowledge(epoch, monoMs)
    }
    if (topic.channel === 'ev') {
      core.frameCount++
      if (!core.isAnswering) return
      const { epoch, firstSeq, events, monoMs } = frame as {
        epoch: string
        firstSeq: number
        events: FrameEvent[]
        monoMs: number
      }
      for (const [index, event] of events.entries()) {
        if (firstSeq + index === lastSeq() + 1) core.events.push({ ...event, epoch, seq: firstSeq + index })
      }
      acknowledge(epoch, monoMs)
    }
  })

  http.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const answer = (status: number, value: unknown, headers: Record<string, string> = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify(value))
      }
      if (request.url === '/device/enrol') {
        const { code, publicKeyPem } = JSON.parse(body.toString()) as { code: string; publicKeyPem: string }
        if (code !== CODE) return answer(401, { code: 'enrolment_code_invalid', message: 'wrong code' })
        publicKeys.set(CABINET_ID, publicKeyPem)
        return answer(200, {
          cabinetId: CABINET_ID,
          partition: PARTITION,
          mqtt: { host: '127.0.0.1', port: mqttPort, username: CABINET_ID, password: 'secret' },
          serverTimeMs: Date.now(),
        })
      }
      const url = new URL(request.url ?? '/', core.httpUrl)
      const [, , , sessionId = '', sha256 = ''] = url.pathname.split('/')
      const header = (name: string) => String(request.headers[name] ?? '')
      const contentSha256 = createHash('sha256').update(body).digest('hex')
      const signed = `${request.method}\n${request.url}\n${contentSha256}\n${header('x-timestamp-ms')}`
      const isSigned =
        header('x-content-sha256') === contentSha256 &&
        verify(
          null,
          Buffer.from(signed),
          publicKeys.get(header('x-cabinet-id')) ?? '',
          Buffer.from(header('x-signature'), 'base64'),
        )
      if (!isSigned) return answer(401, { code: 'not_signed_in', message: 'the signature is wrong' })
      const have = partial.get(sha256) ?? Buffer.alloc(0)
      if (request.method === 'HEAD') return answer(200, {}, { 'upload-offset': String(have.length) })
      if (core.brokenUploads > 0) {
        core.brokenUploads--
        response.destroy()
        return
      }
      const whole = Buffer.concat([have, body])
      partial.set(sha256, whole)
      const done = whole.length === Number(url.searchParams.get('total'))
      if (done) {
        evidence.set(sha256, {
          sessionId,
          kind: url.searchParams.get('kind') ?? '',
          mediaType: url.searchParams.get('mediaType') ?? '',
          bytes: whole,
        })
      }
      return answer(200, { offset: whole.length, done })
    })
  })
  return core
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
