import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET } from '#test/core/core-bench.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from './ticket-bench.ts'

interface Schema {
  readonly type?: string
  readonly properties?: Record<string, Schema>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly minItems?: number
  readonly minLength?: number
  readonly minimum?: number
  readonly pattern?: string
}
interface Operation {
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
}
interface Interface {
  readonly paths: Record<string, Record<string, Operation>>
}

/** Anything that has the shape, so that a route looks at whose it is before it finds fault with what was sent. */
function sampleOf(schema: Schema, variant: number): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined)
    return sampleOf(schema.anyOf[variant % schema.anyOf.length] as Schema, variant)
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((part) => sampleOf(part, variant)))
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [key, sampleOf(schema.properties?.[key] ?? {}, variant)]),
      )
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}, variant))
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1)
    case 'boolean':
      return false
    case 'string':
      return PATTERNED.find(
        (text) => new RegExp(schema.pattern ?? '').test(text) && text.length >= (schema.minLength ?? 0),
      )
    default:
      return {}
  }
}
const VARIANTS = 3
const SHA256 = 'a'.repeat(64)
const PATTERNED = ['sample-text', '2026-01-01', '12:30', '0.0.0', 'abcdef0123456789', SHA256]

let desk: TicketBench
let own: DeskPerson
let stranger: DeskPerson
let ids: Record<string, string>
beforeAll(async () => {
  desk = await createTicketBench()
  ;[own, stranger] = [await desk.person('operator'), await desk.stranger()]
  const { ticket } = await own.open({
    type: 'emergency',
    cabinetId: CABINET,
    intake: { kind: 'door', isDanger: false },
  })
  const task = (await own.tasks())[0]
  ids = { cabinetId: CABINET, ticketId: ticket.ticketId, taskId: task?.taskId ?? '' }
})
afterAll(() => desk.close())

describe('an operator who knows the ids of another one', () => {
  it('sees none of their tickets and tasks in any list', async () => {
    expect((await own.list('view=open')).length).toBe(1)
    for (const view of ['open', 'mine', 'breaching', 'snoozed', 'closed'])
      expect(await stranger.list(`view=${view}`)).toEqual([])
    for (const query of [CABINET, ids['ticketId'], 'hums', '1001'])
      expect(await stranger.list(`query=${query}`)).toEqual([])
    expect(await stranger.tasks()).toEqual([])
  })

  it('gets 404 from every route that takes one, and never more than they would get for their own', async () => {
    const { paths } = desk.bench.core.http.swagger() as unknown as Interface
    const asked: string[] = []
    const wrong: string[] = []
    for (const [path, methods] of Object.entries(paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
      if (!path.startsWith('/api/staff/') || !names.some((name) => ids[name] !== undefined)) continue
      const url = path.replaceAll(
        /\{(\w+)\}/g,
        (_, name: string) => ids[name] ?? (name === 'sha256' ? SHA256 : 'sample'),
      )
      for (const [method, operation] of Object.entries(methods)) {
        const schema = operation.requestBody?.content['application/json'].schema
        // Bad input is found first; a body that fits comes further.
        let answer = { status: 400, body: undefined as unknown }
        for (let variant = 0; variant < VARIANTS && answer.status === 400; variant++)
          answer = await stranger.ask(
            method.toUpperCase() as 'GET',
            url,
            schema === undefined ? undefined : sampleOf(schema, variant),
          )
        asked.push(`${method} ${path}`)
        const isRefused = answer.status === 404 || answer.status === 403
        if (!isRefused)
          wrong.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 160)}`)
      }
    }
    expect(asked.length).toBeGreaterThan(30)
    expect(wrong).toEqual([])
  })
  it('gets 404, not 403, wherever an operator may go at all', async () => {
    for (const [method, url, body] of [
      ['GET', `tickets/${ids['ticketId']}`, undefined],
      [
        'POST',
        `tickets/${ids['ticketId']}/answer`,
        { requestId: 'rq-sample-1', version: 1, text: 'mine?', isInternal: false },
      ],
      ['POST', `tickets/${ids['ticketId']}/presence`, { tab: 'tab-1', doing: 'viewing' }],
      [
        'PUT',
        `tickets/${ids['ticketId']}/setpoint`,
        { version: 1, expectedVersion: 1, setpointDeciCelsius: 20, reason: '' },
      ],
      ['POST', `tasks/${ids['taskId']}/take`, { version: 1 }],
      ['POST', `tasks/${ids['taskId']}/done`, { version: 1 }],
      ['GET', `cabinets/${CABINET}`, undefined],
      ['GET', `cabinets/${CABINET}/readings`, undefined],
      [
        'PUT',
        `cabinets/${CABINET}/setpoint`,
        { expectedVersion: 1, setpointDeciCelsius: 20, reason: 'colder' },
      ],
    ] as const)
      expect([url, (await stranger.ask(method, `/api/staff/${url}`, body)).status]).toEqual([url, 404])
  })
})
