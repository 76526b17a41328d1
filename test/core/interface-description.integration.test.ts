import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { describeInterface } from '#core/interface-description.ts'

const [clock, random] = [createSystemClock(), createSystemRandom()]
const rim = { clock, random, ids: createIds(clock, random), log: pino({ level: 'silent' }) }

interface Described {
  paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>
}

describe('somebody asks for the interface without a provider or a data folder', () => {
  it('has what is sold as well as what is managed, and what each answers', async () => {
    const { paths } = (await describeInterface(rim)) as Described
    const answers = (path: string, method: string) => paths[path]?.[method]?.responses['200']?.content
    for (const [path, method] of [
      ['/api/consumer/orders/{orderId}', 'get'],
      ['/api/staff/tickets/{ticketId}', 'get'],
      ['/api/staff/orders', 'get'],
      ['/api/staff/fleet', 'get'],
    ] as const)
      expect(answers(path, method), `${method} ${path}`).toBeDefined()
  })
})
