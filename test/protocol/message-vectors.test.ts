import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FRAMES, type FrameChannel, parseEvent, parseFrame } from '#protocol/messages/index.ts'
import { PACKET_BYTES_MAX } from '#protocol/messages/frames.ts'

interface Vector {
  name: string
  channel?: FrameChannel
  event?: string
  document: unknown
  why?: string
  namesField?: string
}

function load(kind: 'good' | 'bad'): Vector[] {
  const folder = path.resolve(import.meta.dirname, '../../protocol/vectors', kind)
  return readdirSync(folder).map((file) => ({
    name: file.replace('.json', ''),
    ...(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Omit<Vector, 'name'>),
  }))
}

/** @returns undefined when accepted, else the reason */
function refusalOf({ channel, event, document }: Vector): string | undefined {
  if (channel !== undefined) {
    const parsed = parseFrame(channel, Buffer.from(JSON.stringify(document)))
    return parsed.ok ? undefined : parsed.reason
  }
  const parsed = parseEvent(event ?? '', document)
  if (parsed.kind === 'unknown-type') return 'unknown type'
  return parsed.kind === 'known' ? undefined : parsed.reason
}

describe('a message that is as agreed', () => {
  it.for(load('good'))('$name is accepted', (vector) => {
    expect(refusalOf(vector)).toBeUndefined()
  })
  it('every channel has an example', () => {
    expect(new Set(load('good').flatMap(({ channel }) => channel ?? []))).toEqual(
      new Set(Object.keys(FRAMES)),
    )
  })
})

describe('a message that is not', () => {
  it.for(load('bad'))('$name is refused, and the reason names the field ($why)', (vector) => {
    expect(refusalOf(vector)).toContain(vector.namesField)
  })
  it('bytes that are not UTF-8 are refused', () => {
    expect(parseFrame('ack', Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('UTF-8') as string,
    })
  })
  it('a packet above the limit is refused before it is parsed', () => {
    expect(parseFrame('live', new Uint8Array(PACKET_BYTES_MAX + 1))).toMatchObject({
      ok: false,
      reason: expect.stringContaining('at most') as string,
    })
  })
  it('a type of a newer minor version is unknown, not wrong', () => {
    expect(parseEvent('drone.landed', { at: 1 })).toEqual({ kind: 'unknown-type' })
  })
  it('a type named like a property of every object is unknown', () => {
    expect(parseEvent('constructor', {})).toEqual({ kind: 'unknown-type' })
  })
})
