import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  EmergencyChoices,
  EmergencyDetail,
  EmergencyList,
  EmergencyNoticePreview,
} from '#protocol/api/emergencies.ts'
import type { ImprovementList } from '#protocol/api/improvements.ts'
import type { SystemView } from '#protocol/api/system.ts'
import { seedOrders } from '#test/bench/api/served.ts'
import { CABINET } from '#test/core/core-bench.ts'
import { createTicketBench, type DeskPerson, type TicketBench } from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

const PEOPLE = 25
const YEAR_MS = 365 * 86_400_000
const REPORT_MS = 1500
let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let manager: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench({ emergencyReportMs: REPORT_MS })
  ;[agent, lead, manager] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('manager'),
  ]
  const { core } = desk.bench
  const people: string[] = []
  for (let index = 0; index < PEOPLE; index++) {
    const signedIn = await core.db.write('sign in', (tx) => {
      const { commerce } = core
      if (commerce === undefined) throw new Error('this core sells nothing')
      return commerce.consumers.signIn(tx, `oSim0guest${index}`, index % 2 === 0 ? 'zh' : 'en')
    })
    people.push(signedIn.consumerId)
  }
  // Two visits each: a notice counts people and not orders.
  await seedOrders(core.db, desk.ids, { consumerId: people[0] ?? '', cabinetId: CABINET }, PEOPLE * 2)
  await core.db.write('visits of different people', async (tx) => {
    const orders = await tx.selectFrom('order').select('orderId').orderBy('orderId').execute()
    for (const [index, { orderId }] of orders.entries())
      await tx
        .updateTable('order')
        .set({ consumerId: people[index % PEOPLE] ?? '' })
        .where('orderId', '=', orderId)
        .execute()
  })
  await core.start()
})
afterAll(() => desk.close())

const nowMs = () => desk.bench.core.deps.clock.now()
async function opened(more: Record<string, unknown> = {}): Promise<EmergencyDetail> {
  const answer = await agent.ask('POST', '/api/staff/emergencies', {
    emergencyId: desk.ids.next('emergency'),
    kind: 'food_safety',
    title: 'the cooling failed over night',
    note: 'it was 14 degrees in the morning',
    discoveredAtMs: nowMs(),
    discoveredBy: 'Li Na, technician',
    scope: { cabinetIds: [CABINET], sku: null, fromMs: nowMs() - YEAR_MS, toMs: nowMs() },
    ...more,
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body as EmergencyDetail
}
async function see(emergencyId: string, who = lead): Promise<EmergencyDetail> {
  return (await who.ask('GET', `/api/staff/emergencies/${emergencyId}`)).body as EmergencyDetail
}
async function act(who: DeskPerson, emergencyId: string, what: string, more: object) {
  const { emergency } = await see(emergencyId)
  return who.ask('POST', `/api/staff/emergencies/${emergencyId}/${what}`, {
    version: emergency.version,
    ...more,
  })
}
async function alarms(): Promise<SystemView['incidents']> {
  const view = (await manager.ask('GET', '/api/staff/system')).body as SystemView
  return view.incidents.filter(({ kind }) => kind === 'emergency_unreported')
}

describe('a serious incident that nobody reports', () => {
  it('calls for its report while there is time, and stands on the page of the system until it is reported', async () => {
    const { emergency } = await opened()
    const rungs = async () =>
      (await see(emergency.emergencyId)).log
        .map(({ what }) => what)
        .filter((what) => what.startsWith('report_'))
    await eventually('every rung was climbed', async () => (await rungs()).length === 3)
    expect(await rungs()).toEqual(['report_50', 'report_80', 'report_100'])
    expect((await see(emergency.emergencyId)).emergency.isReportLate).toBe(true)
    expect((await alarms()).map(({ subject }) => subject)).toEqual([`emergency/${emergency.number}`])
    const sent = await act(lead, emergency.emergencyId, 'report', {
      recipient: 'market authority',
      text: 'it failed',
    })
    expect(sent.status, JSON.stringify(sent.body)).toBe(200)
    expect(await alarms()).toEqual([])
    // It was reported, but not in time; that stays to be seen.
    expect((sent.body as EmergencyDetail).emergency).toMatchObject({ isReportLate: true })
    const { core } = desk.bench
    await core.db.write('another core took the same work', (tx) =>
      core.due.schedule(tx, { kind: 'emergency.report', subjectId: emergency.emergencyId, dueAtMs: nowMs() }),
    )
    await eventually(
      'the work is done',
      async () =>
        (await core.db.read
          .selectFrom('dueWork')
          .select('kind')
          .where('kind', '=', 'emergency.report')
          .executeTakeFirst()) === undefined,
    )
    expect((await rungs()).length).toBe(3)
  })
  it('has its report written out with what the system knows', async () => {
    const { preparedReport, affected } = await opened()
    expect(affected).toMatchObject({ consumers: PEOPLE, orders: PEOPLE * 2, cabinets: 1, operators: 1 })
    expect(preparedReport.en).toContain(`${PEOPLE} people, ${PEOPLE * 2} orders`)
    expect(preparedReport.en).toContain('Li Na, technician')
    expect(preparedReport.zh).toContain('it was 14 degrees in the morning')
  })
})

describe('a serious incident from discovery to summary', () => {
  it('takes its steps in order, is not closed before it was reported, and leaves an improvement item', async () => {
    const { emergency } = await opened()
    const { emergencyId } = emergency
    expect((await act(agent, emergencyId, 'analyse', { note: 'x' })).status).toBe(403)
    expect((await act(lead, emergencyId, 'recover', { note: 'too soon' })).status).toBe(409)
    for (const step of ['analyse', 'respond', 'recover', 'relapse', 'recover', 'summarise'])
      expect((await act(lead, emergencyId, step, { note: step, rootCause: 'hardware' })).status).toBe(200)
    expect((await act(lead, emergencyId, 'close', { note: 'over' })).status).toBe(409)
    await act(lead, emergencyId, 'report', { recipient: 'market authority', text: 'it failed' })
    const closed = (await act(lead, emergencyId, 'close', { note: 'over' })).body as EmergencyDetail
    expect(closed.emergency.state).toBe('closed')
    const { items } = (await lead.ask('GET', '/api/staff/improvements?view=open')).body as ImprovementList
    expect(items.find(({ itemId }) => itemId === closed.improvementId)).toMatchObject({ source: 'incident' })
    const list = (await lead.ask('GET', '/api/staff/emergencies')).body as EmergencyList
    expect(list.emergencies.at(-1)?.emergencyId).toBe(emergencyId)
  })
  it('is narrowed to goods that whoever enters it can choose, and names them', async () => {
    const choices = (await agent.ask('GET', '/api/staff/emergency-choices')).body as EmergencyChoices
    expect(choices.cabinets.map(({ cabinetId }) => cabinetId)).toContain(CABINET)
    const [goods] = choices.products
    const { emergency, scope, scopeNames } = await opened()
    expect(scopeNames.product).toBeNull()
    const narrowed = await lead.ask('POST', `/api/staff/emergencies/${emergency.emergencyId}/scope`, {
      version: emergency.version,
      scope: { ...scope, sku: goods?.sku },
      note: 'only these were warm',
    })
    expect((narrowed.body as EmergencyDetail).scopeNames.product).toEqual(goods?.name)
  })
  it('tells whoever writes over somebody else, and takes the same entry only once', async () => {
    const emergencyId = desk.ids.next('emergency')
    const { emergency } = await opened({ emergencyId })
    const entry = { version: emergency.version, note: 'we switched it off' }
    const url = `/api/staff/emergencies/${emergencyId}/log`
    expect((await lead.ask('POST', url, entry)).status).toBe(200)
    expect((await lead.ask('POST', url, entry)).status).toBe(409)
    const again = await agent.ask('POST', '/api/staff/emergencies', {
      emergencyId,
      kind: 'food_safety',
      title: 'another',
      note: 'n',
      discoveredAtMs: nowMs(),
      discoveredBy: 'x',
      scope: { cabinetIds: [], sku: null, fromMs: 1, toMs: 2 },
    })
    expect(again.status).toBe(409)
  })
})

describe('a notice to everybody concerned', () => {
  const ask = (emergencyId: string, audience: string, count: number, noticeId = desk.ids.next('notice')) =>
    lead.ask('POST', `/api/staff/emergencies/${emergencyId}/notices`, {
      noticeId,
      audience,
      count,
      title: { zh: '请勿食用', en: 'Do not eat' },
      text: { zh: '请勿食用昨晚购买的商品。', en: 'Do not eat what you bought last night.' },
    })
  const decide = (who: DeskPerson, noticeId: string, decision: string) =>
    who.ask('POST', `/api/staff/emergency-notices/${noticeId}/${decision}`, { reason: 'read it' })

  it('reaches each person once in their language, after a second person has approved it', async () => {
    const { emergency } = await opened()
    const url = `/api/staff/emergencies/${emergency.emergencyId}/notices`
    const preview = (await lead.ask('GET', `${url}/preview?audience=consumers`))
      .body as EmergencyNoticePreview
    expect(preview).toMatchObject({ count: PEOPLE, isCut: false, languages: { zh: 13, en: 12 } })
    expect((await ask(emergency.emergencyId, 'consumers', PEOPLE - 1)).status).toBe(409)
    const asked = (await ask(emergency.emergencyId, 'consumers', PEOPLE)).body as EmergencyDetail
    const [notice] = asked.notices
    const noticeId = notice?.noticeId ?? ''
    expect(notice?.actions).toEqual(['refuse'])
    expect((await decide(lead, noticeId, 'approve')).status).toBe(403)
    expect((await decide(manager, noticeId, 'approve')).status).toBe(200)
    // A core that was killed finds the row again; another one that takes it at the same time tells nobody twice.
    const { core } = desk.bench
    await core.db.write('another core took the same work', (tx) =>
      core.due.schedule(tx, { kind: 'emergency.notice', subjectId: noticeId, dueAtMs: nowMs() }),
    )
    await eventually(
      'everybody was told',
      async () => (await see(emergency.emergencyId)).notices[0]?.accepted === PEOPLE,
      { withinMs: 20_000 },
    )
    const rows = await core.db.read
      .selectFrom('notice')
      .select(['consumerId', 'language', 'text'])
      .where('template', '=', 'emergency')
      .execute()
    expect(rows.length).toBe(PEOPLE)
    expect(new Set(rows.map(({ consumerId }) => consumerId)).size).toBe(PEOPLE)
    expect(rows.every(({ language, text }) => text.startsWith(language === 'zh' ? '请勿' : 'Do not'))).toBe(
      true,
    )
    expect((await see(emergency.emergencyId)).notices[0]?.state).toBe('done')
  })
  it('becomes a ticket of each operator, on which they answer', async () => {
    const { emergency } = await opened()
    const asked = (await ask(emergency.emergencyId, 'operators', 1)).body as EmergencyDetail
    const noticeId = asked.notices[0]?.noticeId ?? ''
    expect((await decide(manager, noticeId, 'approve')).status).toBe(200)
    await eventually(
      'the operator was told',
      async () => (await see(emergency.emergencyId)).notices[0]?.state === 'done',
    )
    const operator = await desk.person('operator')
    const tickets = await operator.list('view=open')
    expect(tickets.filter(({ type }) => type === 'emergency').length).toBe(1)
    const stranger = await desk.stranger()
    expect((await stranger.list('view=open')).length).toBe(0)
  })
})
