import { describe, expect, it } from 'vitest'
import { createSseParser } from '#console/data/staff-live-stream.ts'

function parse(...chunks: string[]) {
  const events: Array<{ event: string; data: string }> = []
  const ids: string[] = []
  const feed = createSseParser({ onEvent: (event) => events.push(event), onId: (id) => ids.push(id) })
  for (const chunk of chunks) feed(chunk)
  return { events, ids }
}

describe('the live stream', () => {
  it('is put together from pieces that are cut anywhere', () => {
    const text = 'id: 7\nevent: ticket\ndata: {"a":1}\n\nid: 8\nevent: refund\ndata: {"b":2}\n\n'
    for (let cut = 0; cut <= text.length; cut++) {
      const { events, ids } = parse(text.slice(0, cut), text.slice(cut))
      expect(events).toEqual([
        { event: 'ticket', data: '{"a":1}' },
        { event: 'refund', data: '{"b":2}' },
      ])
      expect(ids).toEqual(['7', '8'])
    }
  })
  it('gives the place to resume from before anything has happened', () => {
    expect(parse('id: 41\n: connected\n\n')).toEqual({ events: [], ids: ['41'] })
  })
  it('says nothing for a heartbeat', () => {
    expect(parse(': here\n\n', ': here\n\n').events).toEqual([])
  })
  it('joins data of several lines', () => {
    expect(parse('data: {\ndata: }\n\n').events).toEqual([{ event: 'message', data: '{\n}' }])
  })
})
