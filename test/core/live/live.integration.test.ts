import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LiveChange, Me } from '#protocol/api/staff/desk.ts'
import { recordChange } from '#core/live/changes.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let bench: CoreBench
let url: string
beforeAll(async () => {
  bench = await createCoreBench()
  url = (await bench.core.start()).url
})
afterAll(() => bench.close())

/** What a page hears: events with their ids, in order. */
async function listen(cookie: string, lastEventId?: string) {
  const stopping = new AbortController()
  const response = await fetch(`${url}/api/live`, {
    headers: {
      cookie,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: stopping.signal,
  })
  const heard: Array<{ id: string | undefined; change: LiveChange }> = []
  let text = ''
  let hasEnded = false
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data !== undefined)
          heard.push({ id: /^id: (.*)$/m.exec(block)?.[1], change: JSON.parse(data) as LiveChange })
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true
    })
  return {
    status: response.status,
    heard,
    hasEnded: () => hasEnded,
    async stop() {
      stopping.abort()
      await reading
    },
  }
}
const change = (subjectId: string, cabinetId = CABINET) =>
  bench.core.db.write('change', (tx) => recordChange(tx, { kind: 'cabinet', subjectId, cabinetId }))
const subjects = (stream: Awaited<ReturnType<typeof listen>>) =>
  stream.heard.map((one) => one.change.subjectId)

describe('a page that listens', () => {
  it('hears changes in order, and after a break exactly what it missed', async () => {
    const cookie = await bench.cookieOf('lead')
    const first = await listen(cookie)
    await change('one')
    await eventually('the first change', () => subjects(first).includes('one'))
    await first.stop()
    await change('two')
    await change('three')
    const again = await listen(cookie, first.heard.at(-1)?.id)
    await change('four')
    await eventually('the last change', () => subjects(again).includes('four'))
    expect(subjects(again)).toEqual(['two', 'three', 'four'])
    await again.stop()
  })
  it('hears also what happened after it was told who reads and before it listened', async () => {
    const cookie = await bench.cookieOf('lead')
    const asked = await fetch(`${url}/api/staff/me`, { headers: { cookie } })
    const { changeId } = (await asked.json()) as Me
    await change('in between')
    const stream = await listen(cookie, String(changeId))
    await eventually('what happened in between', () => subjects(stream).includes('in between'))
    await stream.stop()
  })
  it('is told to load everything again when what it missed is not kept any more', async () => {
    const stream = await listen(await bench.cookieOf('lead'), '999999')
    await eventually('the reset', () => stream.heard[0]?.change.kind === 'reset')
    await stream.stop()
  })
  it('hears nothing of other operators', async () => {
    const stream = await listen(await bench.cookieOf('operator'))
    await change('theirs', 'cab-of-somebody-else')
    await change('own')
    await eventually('the own change', () => subjects(stream).includes('own'))
    expect(subjects(stream)).toEqual(['own'])
    await stream.stop()
  })
  it('is cut off when its session ends', async () => {
    const cookie = await bench.cookieOf('technician')
    const stream = await listen(cookie)
    await bench.core.http.inject({ method: 'POST', url: '/api/staff/sign-out', headers: { cookie } })
    await eventually('the end of the stream', () => stream.hasEnded())
  })
  it('is refused when nobody is signed in', async () => {
    const stream = await listen('sid=nobody')
    expect(stream.status).toBe(401)
    await stream.stop()
  })
})
