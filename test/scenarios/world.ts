import type { Clock } from '#protocol/base/clock.ts'
import { createIds, type Ids } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import type { ErrorBody } from '#protocol/api/common.ts'
import type { DisputeRequest, DisputeView, OrderView, SessionView } from '#protocol/api/consumer.ts'
import type { QuestionRequest } from '#protocol/api/questions.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import type { RunningSystem } from '#scripts/system.ts'
import { type Answer, createVisitor, type Visitor } from '#test/support/browserless.ts'
import { eventually, expectEqual, expectThat, ExpectationError } from '#test/support/eventually.ts'

/** Everybody and everything that a story needs, each at the outer end of a real wire. */
export interface World {
  readonly system: RunningSystem
  /** The same time as that of the processes. */
  readonly clock: Clock
  readonly ids: Ids
  readonly workshop: Workshop
  readonly provider: Provider
  readonly phone: Phone
  /** @param cabinetId  in front of which they stand; the first cabinet when absent */
  consumer(name?: string, cabinetId?: string): Promise<Consumer>
  staff(name: string): Promise<Staff>
}

/** What was really taken, as only the simulator can know. */
export interface VisitTruth {
  taken: Record<string, number>
}
export type VisitStep = { do: string } & Record<string, unknown>

export interface WorkshopState {
  door: string
  lock: unknown
  camera: { mode: string }
  cameras: Array<{ id: string; mode: string; url: string; pictures: number }>
  [key: string]: unknown
}

export interface Workshop {
  control(path: string, body?: unknown): Promise<Answer>
  state(): Promise<WorkshopState>
  /** Plays a whole visit; answers when it is over. */
  visit(steps: VisitStep[]): Promise<VisitTruth>
}

export interface ProviderBooks {
  people: Array<{ openid: string; name: string; balanceFen: number }>
  serviceOrders: Array<{
    outOrderNo: string
    openid: string
    state: string
    totalFen: number
    triple: { state: string; state_description?: string }
  }>
  transactions: Array<{
    transactionId: string
    outOrderNo: string
    seq: number
    amountFen: number
    paidAtMs: number
  }>
  refunds: Array<{
    outRefundNo: string
    transactionId: string
    outOrderNo: string
    amountFen: number
    status: string
    createdAtMs: number
  }>
}
export interface Provider {
  books(): Promise<ProviderBooks>
  fault(fault: {
    kind: string
    times?: number | null
    match?: Record<string, string>
    delayMs?: number
  }): Promise<void>
  clearFaults(): Promise<void>
  setBalance(openid: string, balanceFen: number): Promise<void>
  deduct(outOrderNo: string): Promise<void>
  /** The provider's desk goes on with a refund that it held back. */
  settleRefund(outRefundNo: string): Promise<void>
}
export interface PhoneMessage {
  id: string
  template: string
  language: string
  text: string
  acceptedAtMs: number
}
export interface Phone {
  messages(): Promise<PhoneMessage[]>
  fault(fault: { kind: string; times?: number }): Promise<void>
}

const clock = createSystemClock()
let phones = 0

export function createWorld(system: RunningSystem): World {
  const ids = createIds(clock, createSystemRandom())
  const provider = createProvider(system.simulator.providerUrl)
  return {
    system,
    clock,
    ids,
    provider,
    workshop: createWorkshop(system.simulator.controlUrl),
    phone: createPhone(system.simulator.noticesUrl),
    consumer: (name, cabinetId = system.cabinetId) => createConsumer(system, ids, provider, cabinetId, name),
    staff: (name) => createStaff(system, ids, name),
  }
}

async function ask(visitor: Visitor, what: string, answer: Promise<Answer>): Promise<unknown> {
  const { status, body } = await answer
  if (status >= 400)
    throw new ExpectationError(`${what} was answered with ${status}: ${JSON.stringify(body)}`)
  void visitor
  return body
}

export function createWorkshop(controlUrl: string): Workshop {
  const visitor = createVisitor(new URL(controlUrl).origin)
  return {
    async control(path, body) {
      const answer = await (body === undefined
        ? visitor.get(`/control/${path}`)
        : visitor.send('POST', `/control/${path}`, body))
      if (answer.status >= 400)
        throw new ExpectationError(`the workshop refused ${path}: ${JSON.stringify(answer.body)}`)
      return answer
    },
    state: async () =>
      (await ask(visitor, 'the state of the cabinet', visitor.get('/control/state'))) as WorkshopState,
    visit: async (steps) =>
      (await ask(
        visitor,
        'the visit',
        visitor.send('POST', '/control/shop', { steps, speed: 2 }),
      )) as VisitTruth,
  }
}

function createProvider(url: string): Provider {
  const visitor = createVisitor(url)
  return {
    books: async () =>
      (await ask(visitor, "the provider's books", visitor.get('/control/books'))) as ProviderBooks,
    fault: async (fault) => {
      await ask(visitor, `the fault ${fault.kind}`, visitor.send('POST', '/control/faults', fault))
    },
    clearFaults: async () => {
      await ask(visitor, 'clearing faults', visitor.send('DELETE', '/control/faults'))
    },
    setBalance: async (openid, balanceFen) => {
      await ask(visitor, 'the balance', visitor.send('PATCH', `/control/people/${openid}`, { balanceFen }))
    },
    deduct: async (outOrderNo) => {
      await ask(
        visitor,
        'the deduction',
        visitor.send('POST', `/control/serviceorders/${outOrderNo}/deduct`, {}),
      )
    },
    settleRefund: async (outRefundNo) => {
      await ask(visitor, 'the refund', visitor.send('POST', `/control/refunds/${outRefundNo}/settle`, {}))
    },
  }
}

function createPhone(url: string): Phone {
  const visitor = createVisitor(url)
  return {
    messages: async () => {
      const body = (await ask(visitor, 'the messages', visitor.get('/control/messages'))) as
        | { messages: PhoneMessage[] }
        | PhoneMessage[]
      return Array.isArray(body) ? body : body.messages
    },
    fault: async (fault) => {
      await ask(visitor, `the fault ${fault.kind}`, visitor.send('POST', '/control/faults', fault))
    },
  }
}

export interface Consumer {
  readonly openid: string
  readonly visitor: Visitor
  /** Agrees on the provider's page, and opens nothing. */
  signIn(): Promise<void>
  /** What they do on the provider's page of a consent. @returns the page of ours that they come back to */
  agree(consentUrl: string): Promise<string>
  /** Asks at the cabinet without an order, with the consent on the provider's page when they are not known yet. */
  ask(question: Omit<QuestionRequest, 'requestId'>): Promise<DisputeView>
  /** Scans and opens, with the consent on the provider's page when it is asked for. @throws with the code of a refusal */
  open(): Promise<SessionView>
  /** As `open`, but answers a refusal as its code. */
  tryOpen(): Promise<{ session: SessionView } | { refusal: ErrorBody }>
  session(sessionId: string): Promise<SessionView>
  /** Waits until the session is in one of these states. */
  sessionIn(sessionId: string, states: SessionView['state'][], withinMs?: number): Promise<SessionView>
  order(orderId: string): Promise<OrderView>
  /** Waits for the order of a session in one of these states. */
  orderIn(sessionId: string, states: OrderView['state'][], withinMs?: number): Promise<OrderView>
  dispute(orderId: string, request: Omit<DisputeRequest, 'requestId'>): Promise<DisputeView>
  disputeView(disputeId: string): Promise<DisputeView>
  page(path: string): Promise<string>
}

async function createConsumer(
  system: RunningSystem,
  ids: Ids,
  provider: Provider,
  cabinetId: string,
  name?: string,
): Promise<Consumer> {
  // Each phone has an address of its own.
  const visitor = createVisitor(system.core.url, `192.0.2.${1 + (phones++ % 250)}`)
  const { people } = await provider.books()
  const person =
    name === undefined
      ? people.find(({ balanceFen }) => balanceFen >= 10_000)
      : people.find((one) => one.name === name)
  expectThat(person, `the provider knows nobody ${name ?? 'with money'}`)
  const { openid } = person

  async function tryOpen(): Promise<{ session: SessionView } | { refusal: ErrorBody }> {
    const request = { requestId: ids.next('request'), cabinetId }
    const first = await visitor.send('POST', '/api/consumer/sessions', request)
    if (first.status < 300) return { session: first.body as SessionView }
    const refusal = first.body as ErrorBody
    if (refusal.code !== 'consent_required') return { refusal }
    await agree(String(refusal.details?.consentUrl))
    const second = await visitor.send('POST', '/api/consumer/sessions', {
      ...request,
      requestId: ids.next('request'),
    })
    return second.status < 300
      ? { session: second.body as SessionView }
      : { refusal: second.body as ErrorBody }
  }

  /** What the person does on the provider's page, and the way back to ours. */
  async function agree(consentUrl: string): Promise<string> {
    const url = new URL(consentUrl)
    const atProvider = createVisitor(url.origin)
    const answer = await atProvider.send('POST', '/control/consent', {
      applyPermissionsToken: url.searchParams.get('apply_permissions_token'),
      openid,
      redirectUrl: url.searchParams.get('redirect_url'),
    })
    expectThat(answer.status < 300, `the consent was refused: ${JSON.stringify(answer.body)}`)
    const { redirectUrl } = answer.body as { redirectUrl: string }
    const back = await visitor.get(redirectUrl)
    expectThat(
      back.status === 302 || back.status === 303,
      `the return from the consent page was answered with ${back.status}: ${JSON.stringify(back.body)}`,
    )
    return back.headers.get('location') ?? ''
  }

  const disputeView = async (disputeId: string) =>
    (await ask(visitor, 'the dispute', visitor.get(`/api/consumer/disputes/${disputeId}`))) as DisputeView
  const session = async (sessionId: string) =>
    (await ask(visitor, 'the session', visitor.get(`/api/consumer/sessions/${sessionId}`))) as SessionView
  const order = async (orderId: string) =>
    (await ask(visitor, 'the order', visitor.get(`/api/consumer/orders/${orderId}`))) as OrderView

  return {
    openid,
    visitor,
    tryOpen,
    async signIn() {
      const refusal = (
        await visitor.send('POST', '/api/consumer/sessions', {
          requestId: ids.next('request'),
          cabinetId,
        })
      ).body as ErrorBody
      expectEqual(refusal.code, 'consent_required', 'what a stranger is told first')
      await agree(String(refusal.details?.consentUrl))
    },
    agree,
    async ask(question) {
      const answer = await visitor.send('POST', `/api/consumer/cabinets/${cabinetId}/questions`, {
        requestId: ids.next('request'),
        ...question,
      })
      if (answer.status === 201) return answer.body as DisputeView
      const refusal = answer.body as ErrorBody
      expectEqual(refusal.code, 'consent_required', 'why a question was not taken')
      const page = await agree(String(refusal.details?.consentUrl))
      return disputeView(page.replace('/d/', ''))
    },
    async open() {
      const result = await tryOpen()
      if ('refusal' in result)
        throw new ExpectationError(`opening was refused: ${JSON.stringify(result.refusal)}`)
      return result.session
    },
    session,
    sessionIn(sessionId, states, withinMs = 20_000) {
      let seen: SessionView | undefined
      return eventually(
        `a session in ${states.join(' or ')}`,
        async () => {
          seen = await session(sessionId)
          return states.includes(seen.state) && seen
        },
        { withinMs, lastSeen: () => seen?.state },
      )
    },
    order,
    orderIn(sessionId, states, withinMs = 20_000) {
      let seen: unknown
      return eventually(
        `an order in ${states.join(' or ')}`,
        async () => {
          const { orderId, state } = await session(sessionId)
          seen = { session: state, orderId }
          if (orderId === null) return undefined
          const view = await order(orderId)
          seen = { session: state, order: view.state, charge: view.chargeState }
          return states.includes(view.state) && view
        },
        { withinMs, lastSeen: () => seen },
      )
    },
    dispute: async (orderId, request) =>
      (await ask(
        visitor,
        'the dispute',
        visitor.send('POST', `/api/consumer/orders/${orderId}/disputes`, {
          requestId: ids.next('request'),
          ...request,
        }),
      )) as DisputeView,
    disputeView,
    page: async (path) => String(await ask(visitor, path, visitor.get(path))),
  }
}

export interface Staff {
  readonly visitor: Visitor
  get(path: string): Promise<unknown>
  send(method: 'POST' | 'PUT', path: string, body: unknown): Promise<unknown>
  /** The answer whatever its status. */
  trySend(method: 'POST' | 'PUT', path: string, body: unknown): Promise<Answer>
  tickets(): Promise<TicketList['tickets']>
  ticket(ticketId: string): Promise<TicketDetail>
  order(orderId: string): Promise<StaffOrder>
  cabinet(): Promise<CabinetDetail>
}

async function createStaff(system: RunningSystem, _ids: Ids, name: string): Promise<Staff> {
  const visitor = createVisitor(system.core.url)
  const account = system.signIns().find((one) => one.name === name)
  expectThat(account, `there is no staff account ${name}`)
  await ask(
    visitor,
    'the sign-in',
    visitor.send('POST', '/api/staff/sign-in', { name, password: account.password }),
  )
  const get = (path: string) => ask(visitor, path, visitor.get(`/api/staff/${path}`))
  return {
    visitor,
    get,
    send: (method, path, body) => ask(visitor, path, visitor.send(method, `/api/staff/${path}`, body)),
    trySend: (method, path, body) => visitor.send(method, `/api/staff/${path}`, body),
    tickets: async () => ((await get('tickets?view=open')) as TicketList).tickets,
    ticket: async (ticketId) => (await get(`tickets/${ticketId}`)) as TicketDetail,
    order: async (orderId) => (await get(`orders/${orderId}`)) as StaffOrder,
    cabinet: async () => (await get(`cabinets/${system.cabinetId}`)) as CabinetDetail,
  }
}
