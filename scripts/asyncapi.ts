import type { CommandName } from '#protocol/base/command-names.ts'
import { COMMANDS } from '#protocol/messages/commands.ts'
import { EVENTS, FRAMES, type EventType, type FrameChannel } from '#protocol/messages/index.ts'
import { DOWN, UP } from '#protocol/topics.ts'

/** What each channel is for; the AsyncAPI document is the reference for integrators. */
const ABOUT: Record<FrameChannel, string> = {
  hello: 'Start of a link: outbox range, link id, boot, firmware, twin, tail of the command journal, clocks.',
  ev: 'The only ordered event stream. The seq of events[i] is firstSeq + i; data is checked against the schema of its type (components.schemas).',
  live: 'Latest-wins telemetry. Never stored, droppable.',
  cmdr: 'Immediate command replies: token, accepted, rejected, outcome.',
  state: 'Birth and will. A will whose link id is not the current one is ignored.',
  ack: 'Cumulative acknowledgement after the commit at the core, window and server time.',
  cmd: 'Commands. Never retained; what moves an actuator goes in two phases.',
  twin: 'The whole desired document.',
}

const ADDRESS = (direction: 'up' | 'dn', channel: string) =>
  `vc/1/{partition}/{cabinet}/${direction}/${channel}`

/** The AsyncAPI 3.0 document of the MQTT interface, made from the schemas that both ends check with. */
export function asyncApiDocument(): Record<string, unknown> {
  const channels: Record<string, unknown> = {}
  const operations: Record<string, unknown> = {}
  const messages: Record<string, unknown> = {}
  const parameters = {
    partition: { description: 'two hexadecimal digits, 00 to 3f: the stored partition of the cabinet' },
    cabinet: {
      description: 'cabinet id, [a-z0-9-], at most 32 characters; authenticated by the ACL of the broker',
    },
  }
  const add = (
    direction: 'up' | 'dn',
    channel: FrameChannel,
    { qos, retain }: { qos: number; retain: boolean },
  ) => {
    const name = `${direction}.${channel}`
    channels[name] = {
      address: ADDRESS(direction, channel),
      description: ABOUT[channel],
      parameters,
      messages: { [channel]: { $ref: `#/components/messages/${channel}` } },
    }
    operations[name] = {
      action: direction === 'up' ? 'receive' : 'send',
      channel: { $ref: `#/channels/${name}` },
      summary: ABOUT[channel],
      bindings: { mqtt: { qos, retain, bindingVersion: '0.2.0' } },
    }
    messages[channel] = { name: channel, contentType: 'application/json', payload: plain(FRAMES[channel]) }
  }
  for (const [channel, delivery] of Object.entries(UP)) add('up', channel as FrameChannel, delivery)
  for (const [channel, delivery] of Object.entries(DOWN)) add('dn', channel as FrameChannel, delivery)
  const schemas: Record<string, unknown> = {}
  for (const type of Object.keys(EVENTS) as EventType[])
    schemas[`event.${type}`] = { title: type, ...plain(EVENTS[type]) }
  for (const name of Object.keys(COMMANDS) as CommandName[])
    schemas[`command.${name}`] = { title: `arguments of ${name}`, ...plain(COMMANDS[name].args) }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Cabinet and core over MQTT',
      version: '1.0.0',
      description:
        'Plain MQTT 3.1.1, JSON in UTF-8. Seen from the core. The broker is a datagram service: an event is pruned at the cabinet only after the core has said that it committed it. Made from protocol/ by “npm run docs”; do not edit.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages, schemas },
  }
}

/** A schema as a plain JSON value, without what only the program needs. */
function plain(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>
}
