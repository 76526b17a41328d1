import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MonthSummary, SupportReport } from '#protocol/api/reports.ts'
import { dayOf } from '#core/ledger/day.ts'
import { reportCommand } from '#core/report-command.ts'
import { monthBefore } from '#core/reports/support-report.ts'
import { readSettings } from '#core/config.ts'
import { CABINET } from '#test/core/core-bench.ts'
import {
  createTicketBench,
  type DeskPerson,
  OTHER_CABINET,
  type TicketBench,
} from '#test/core/support/ticket-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let desk: TicketBench
let agent: DeskPerson
let lead: DeskPerson
let operator: DeskPerson
let stranger: DeskPerson
const today = () => dayOf(desk.bench.core.deps.clock.now())
beforeAll(async () => {
  desk = await createTicketBench()
  ;[agent, lead, operator] = [
    await desk.person('agent'),
    await desk.person('lead'),
    await desk.person('operator'),
  ]
  stranger = await desk.stranger()
  await desk.bench.core.start()
  for (const cabinetId of [CABINET, CABINET, OTHER_CABINET]) {
    const { ticket } = await agent.open({ type: 'other', channel: 'hotline', cabinetId })
    await agent.act(ticket.ticketId, 'resolve', { outcome: 'explained', rootCause: 'network' })
  }
})
afterAll(() => desk.close())

const report = async (who: DeskPerson, query = '') => {
  const { status, body } = await who.ask('GET', `/api/staff/reports${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as SupportReport
}
const figure = (of: SupportReport, key: string) => of.figures.find((one) => one.key === key)?.value

describe('the report', () => {
  it('counts tickets, causes and types of the last days, for everybody who may read it', async () => {
    const all = await report(lead)
    expect(figure(all, 'opened')).toBe(3)
    expect(figure(all, 'first_answer_in_time')).toBe(1)
    expect(all.tables.types).toMatchObject([{ type: 'other', opened: 3, before: 0 }])
    expect(all.tables.causes).toMatchObject([{ rootCause: 'network', cases: 3 }])
    expect(all.tables.days.at(-1)).toMatchObject({ day: today(), opened: 3, solved: 3 })
    expect((await agent.ask('GET', '/api/staff/reports')).status).toBe(403)
  })
  it('shows an operator only what is about their own cabinets', async () => {
    expect(figure(await report(operator), 'opened')).toBe(2)
    const other = await report(stranger)
    expect(figure(other, 'opened')).toBe(1)
    expect(other.tables.cabinets.map(({ cabinetId }) => cabinetId)).not.toContain(CABINET)
  })
  it('compares with the period before: what was new then is not new now', async () => {
    const day = today()
    const tomorrow = dayOf(desk.bench.core.deps.clock.now() + 86_400_000)
    const next = await report(lead, `?from=${tomorrow}&to=${tomorrow}`)
    expect(next.before).toMatchObject({ from: day, to: day })
    expect(next.figures.find(({ key }) => key === 'opened')).toMatchObject({ value: 0, before: 3 })
  })
  it('says what is wrong with a period', async () => {
    const { status, body } = await lead.ask('GET', '/api/staff/reports?from=2026-03-02&to=2026-03-01')
    expect([status, (body as { message: string }).message]).toEqual([
      400,
      expect.stringMatching(/ends before/),
    ])
  })
})

describe('a table as a file', () => {
  it('has a head and its rows in the language of the reader, and the download is on record', async () => {
    const { core } = desk.bench
    const answer = await core.http.inject({
      url: '/api/staff/reports/table.csv?table=figures&language=zh',
      headers: { cookie: await desk.bench.cookieOf('lead') },
    })
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(answer.body).toContain('指标,单位,本期,上期,分子,分母,定义')
    expect(answer.body).toContain('新工单,count,3,0,3,,')
    const entry = await core.db.read
      .selectFrom('audit')
      .select('subject')
      .where('action', '=', 'report.downloaded')
      .executeTakeFirst()
    expect(entry?.subject).toBe('report:figures')
  })
  it('comes from the command line too, for a month', async () => {
    const { core, folder } = desk.bench
    const { settings } = readSettings(['report', '--month', today().slice(0, 7), '--csv', '--data', folder])
    const { text } = await reportCommand(core.db, settings, core.deps.clock.now())
    expect(text).toContain('code,type,opened,before')
    expect(text).toContain('other,Other,3,0')
  })
})

describe('the summary of a month', () => {
  it('is made by itself when a month has ended, for everything and for each operator', async () => {
    const { core } = desk.bench
    const month = monthBefore(today().slice(0, 7))
    await eventually('the summary of the last month', async () => {
      const answer = await lead.ask('GET', `/api/staff/reports/months/${month}`)
      return answer.status === 200
    })
    const summary = (await lead.ask('GET', `/api/staff/reports/months/${month}`)).body as MonthSummary
    expect(summary.version).toBe(1)
    expect(summary.text.en[0]).toMatch(/^0 tickets were opened/)
    expect(summary.text.zh[0]).toMatch(/^本月新工单 0 张/)
    await eventually('the summary of an operator', async () => {
      const answer = await stranger.ask('GET', `/api/staff/reports/months/${month}`)
      return answer.status === 200
    })
    expect((await core.db.read.selectFrom('monthSummary').select('operator').execute()).length).toBe(3)
  })
  it('is made anew as its next version, and the one before stays', async () => {
    const month = monthBefore(today().slice(0, 7))
    const made = await lead.ask('POST', `/api/staff/reports/months/${month}/make`)
    expect((made.body as MonthSummary).version).toBe(2)
    const rows = await desk.bench.core.db.read
      .selectFrom('monthSummary')
      .select('version')
      .where('operator', '=', '')
      .execute()
    expect(rows.map(({ version }) => version)).toEqual([1, 2])
  })
  it('is not made before the month has ended', async () => {
    const answer = await lead.ask('POST', `/api/staff/reports/months/${today().slice(0, 7)}/make`)
    expect(answer.status).toBe(400)
  })
})
