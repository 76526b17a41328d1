import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Role } from '#protocol/api/common.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import type { TaskList } from '#protocol/api/tickets.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { insertCabinet, parseSeed } from '#core/seed.ts'
import { createNoticeStandIn } from '#simulator/notices/notices.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

const SEED = path.resolve(import.meta.dirname, '../../../scripts/seed/demo.json')
export const OTHER_CABINET = 'cab-002'
export const OTHER_OPERATOR = 'operator-other'

export interface Answer {
  readonly status: number
  readonly body: unknown
}
export interface DeskPerson {
  ask(method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown): Promise<Answer>
  /** Opens one and gives what the page shows. */
  open(ticket: Record<string, unknown>): Promise<TicketDetail>
  ticket(ticketId: string): Promise<TicketDetail>
  /** Does something to a ticket as it is now. @throws with the answer when it is refused */
  act(ticketId: string, action: string, more?: Record<string, unknown>): Promise<TicketDetail>
  list(query: string): Promise<TicketList['tickets']>
  tasks(): Promise<TaskList['tasks']>
}
export interface TicketBench {
  readonly bench: CoreBench
  person(role: Role): Promise<DeskPerson>
  /** The operator of a second cabinet. */
  stranger(): Promise<DeskPerson>
  ids: ReturnType<typeof createIds>
  /** What the gateway was given for anybody, oldest first. */
  messages(): Promise<ReadonlyArray<{ id: string; template: string; text: string }>>
  close(): Promise<void>
}

/** A whole core that sells, with a provider and a message gateway at their far ends, and a cabinet of another operator. */
export async function createTicketBench(policy: Record<string, unknown> = {}): Promise<TicketBench> {
  const [clock, random] = [createSystemClock(), createSystemRandom()]
  const ids = createIds(clock, random)
  const folder = mkdtempSync(path.join(tmpdir(), 'ticket-bench-'))
  const provider = createProviderStandIn({ dataDir: folder, port: 0, clock, ids, random })
  const notices = createNoticeStandIn({ dataDir: folder, port: 0, clock, ids, random })
  await provider.start()
  const gateway = await notices.start()
  const bench = await createCoreBench(policy, () => [
    '--provider',
    path.join(folder, 'merchant.json'),
    '--notices',
    path.join(folder, 'notices.json'),
  ])
  const { core } = bench
  const seed = parseSeed(JSON.parse(readFileSync(SEED, 'utf8')), SEED)
  await core.db.write('a cabinet of somebody else', (tx) =>
    insertCabinet(tx, { ...seed.cabinet, id: OTHER_CABINET, operator: OTHER_OPERATOR }),
  )
  await core.registry.refresh(OTHER_CABINET)

  function deskOf(cookie: string): DeskPerson {
    const ask: DeskPerson['ask'] = async (method, url, body) => {
      const answer = await core.http.inject({
        method,
        url,
        headers: { cookie },
        ...(body === undefined ? {} : { payload: body as object }),
      })
      return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() }
    }
    async function must<T>(asked: Promise<Answer>): Promise<T> {
      const { status, body } = await asked
      if (status >= 300) throw Object.assign(new Error(`${status} ${JSON.stringify(body)}`), { status, body })
      return body as T
    }
    const ticket = (ticketId: string) => must<TicketDetail>(ask('GET', `/api/staff/tickets/${ticketId}`))
    return {
      ask,
      ticket,
      open: (given) =>
        must(
          ask('POST', '/api/staff/tickets', { requestId: ids.next('request'), note: 'it hums', ...given }),
        ),
      async act(ticketId, action, more = {}) {
        const { version } = (await ticket(ticketId)).ticket
        return must(ask('POST', `/api/staff/tickets/${ticketId}/${action}`, { version, ...more }))
      },
      list: async (query) => (await must<TicketList>(ask('GET', `/api/staff/tickets?${query}`))).tickets,
      tasks: async () => (await must<TaskList>(ask('GET', '/api/staff/tasks'))).tasks,
    }
  }

  return {
    bench,
    ids,
    async messages() {
      const answer = await fetch(`${gateway.url}/control/messages`)
      const { messages } = (await answer.json()) as {
        messages: Array<{ id: string; template: string; text: string }>
      }
      return messages
    },
    person: async (role) => deskOf(await bench.cookieOf(role)),
    async stranger() {
      const account = { name: 'stranger', password: 'a password for the bench' }
      await core.accounts.create({
        ...account,
        displayName: 'Stranger',
        role: 'operator',
        language: 'en',
        operator: OTHER_OPERATOR,
      })
      const answer = await core.http.inject({ method: 'POST', url: '/api/staff/sign-in', payload: account })
      return deskOf(String(answer.headers['set-cookie']).split(';')[0] as string)
    },
    async close() {
      await bench.close()
      await provider.stop()
      await notices.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
