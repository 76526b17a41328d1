import { generateKeyPairSync } from 'node:crypto'
import mqtt, { type MqttClient } from 'mqtt'
import type { FrameEvent, Hello } from '#protocol/messages/frames.ts'
import { downFilter, type DownChannel, parseTopic, type UpChannel, UP, upTopic } from '#protocol/topics.ts'
import { CABINET, type CoreBench, PARTITION } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

/** A cabinet that says what a test wants it to say, over the real broker of a started core. */
export interface HandCabinet {
  say(channel: UpChannel, frame: unknown): Promise<unknown>
  /** Says hello on a new link. @returns the id of the link */
  greet(epoch: string, changes?: Partial<Hello>): Promise<string>
  /** Sends events of one frame, numbered from `firstSeq`. */
  send(epoch: string, firstSeq: number, ...events: object[]): Promise<unknown>
  /** The first message that fits since `forget`. */
  next<T>(channel: DownChannel, matches?: (frame: T) => boolean): Promise<T>
  forget(): void
  stop(): Promise<void>
}

export const event = (type: string, data: object, monoMs = 900): FrameEvent => ({
  type,
  atMs: 5,
  monoMs,
  data: data as Record<string, unknown>,
})

export async function createHandCabinet(bench: CoreBench, mqttPort: number): Promise<HandCabinet> {
  const publicKeyPem = generateKeyPairSync('ed25519')
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
  const enrolled = await bench.core.credentials.enrol({
    code: bench.enrolmentCode,
    publicKeyPem,
    hardware: {},
  })
  const client: MqttClient = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
    clientId: CABINET,
    username: CABINET,
    password: String(enrolled.password),
    protocolVersion: 4,
    keepalive: 30,
  })
  let heard: Array<{ channel: DownChannel; frame: unknown }> = []
  let links = 0
  client.on('message', (topic, payload) => {
    const parsed = parseTopic(topic)
    if (parsed?.direction === 'dn')
      heard.push({ channel: parsed.channel, frame: JSON.parse(payload.toString()) })
  })
  await client.subscribeAsync(downFilter(PARTITION, CABINET), { qos: 1 })
  const say = (channel: UpChannel, frame: unknown) =>
    client.publishAsync(upTopic(PARTITION, CABINET, channel), JSON.stringify(frame), UP[channel])
  const clocks = () => ({ boot: 1, monoMs: 1000, nowMs: Date.now(), timeQuality: 'estimated' as const })
  return {
    say,
    async greet(epoch, changes = {}) {
      const linkId = `ln-${++links}`
      const hello: Hello = {
        v: 1,
        linkId,
        epoch,
        firstSeq: 0,
        lastSeq: 0,
        ...clocks(),
        firmware: 'test',
        minor: 0,
        commands: [],
        twin: { version: 0 },
        hardware: { isDoorOpen: false, isLocked: true, isLockedOut: false, isOutOfService: false },
        ...changes,
      }
      await say('hello', hello)
      return linkId
    },
    send: (epoch, firstSeq, ...events) => say('ev', { v: 1, epoch, firstSeq, ...clocks(), events }),
    next: <T>(channel: DownChannel, matches: (frame: T) => boolean = () => true) =>
      eventually(
        `a message on ${channel}`,
        () => heard.find((one) => one.channel === channel && matches(one.frame as T))?.frame as T,
        { everyMs: 10, lastSeen: () => heard },
      ),
    forget() {
      heard = []
    },
    async stop() {
      await client.endAsync(true)
    },
  }
}
