import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ColdLog, ColdReadings } from '#protocol/api/cold.ts'
import type { Role } from '#protocol/api/common.ts'
import { addDays, dayIn } from '#protocol/base/zone-days.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

const MINUTE = 60_000
const WINDOW = 5 * MINUTE
const ZONE = 'Asia/Shanghai'

let bench: CoreBench
let fromMs: number
let days: string
beforeAll(async () => {
  bench = await createCoreBench()
  // Three whole hours of the day before yesterday, from six in the morning at the cabinet.
  const day = addDays(dayIn(bench.core.deps.clock.now(), ZONE), -2)
  fromMs = Date.parse(`${day}T06:00:00+08:00`)
  days = `fromDay=${day}&toDay=${day}`
  await bench.core.db.write('a day of cold', async (tx) => {
    await tx.updateTable('cabinet').set({ createdAtMs: fromMs, enrolledAtMs: fromMs }).execute()
    for (let atMs = fromMs + WINDOW; atMs <= fromMs + 180 * MINUTE; atMs += WINDOW) {
      const minute = (atMs - fromMs) / MINUTE
      // From minute 60 to 90 nothing was recorded; it was warm for the half hour before.
      if (minute > 60 && minute <= 90) continue
      const isWarm = minute > 30 && minute <= 60
      await tx
        .insertInto('reading')
        .values({
          cabinetId: CABINET,
          atMs,
          windowMs: WINDOW,
          lowest: isWarm ? 60 : 30,
          mean: isWarm ? 70 : 35,
          highest: isWarm ? 83 : 40,
          setpoint: 35,
          compressorOnMs: 2 * MINUTE,
          doorOpenMs: 0,
        })
        .execute()
    }
    await tx
      .insertInto('excursion')
      .values({
        cabinetId: CABINET,
        toldAtMs: fromMs + 35 * MINUTE,
        beganAtMs: fromMs + 30 * MINUTE,
        endedAtMs: fromMs + 92 * MINUTE,
        limitDeciCelsius: 50,
        peakDeciCelsius: 83,
      })
      .execute()
    await tx
      .insertInto('lockoutInterval')
      .values({
        cabinetId: CABINET,
        latchedAtMs: fromMs + 45 * MINUTE,
        cause: 'too_warm',
        clearedAtMs: fromMs + 120 * MINUTE,
        clearedBy: 'Chen',
        clearReason: '=cmd|goods looked at',
        sinceMs: 15 * MINUTE,
        peakDeciCelsius: 83,
        goods: 'discarded',
      })
      .execute()
    await tx
      .insertInto('powerMoment')
      .values({ cabinetId: CABINET, atMs: fromMs + 90 * MINUTE, kind: 'started' })
      .execute()
  })
})
afterAll(() => bench.close())

const ask = async (path: string, role: Role = 'operator') =>
  bench.core.http.inject({
    url: `/api/staff/cabinets/${path}`,
    headers: { cookie: await bench.cookieOf(role) },
  })

describe('the cold log of a day', () => {
  it('has extremes, excursions, lockouts and who cleared them', async () => {
    const log = (await ask(`${CABINET}/cold?${days}`)).json<ColdLog>()
    expect(log.highest).toEqual({ deciCelsius: 83, atMs: fromMs + 35 * MINUTE })
    expect(log.lowest?.deciCelsius).toBe(30)
    expect(log.excursions).toMatchObject([{ durationMs: 62 * MINUTE, peakDeciCelsius: 83 }])
    expect(log.lockouts).toMatchObject([{ cause: 'too_warm', clearedBy: 'Chen', goods: 'discarded' }])
    expect(log.points).toHaveLength(30)
  })
  it('shows what was not recorded as gaps, begins with the service of the cabinet, and never claims more', async () => {
    const log = (await ask(`${CABINET}/cold?${days}`)).json<ColdLog>()
    expect(log.fromMs).toBe(fromMs)
    expect(log.gaps[0]).toEqual({
      fromMs: fromMs + 60 * MINUTE,
      toMs: fromMs + 90 * MINUTE,
      reason: 'stopped',
    })
    expect(log.gaps).toHaveLength(2)
    expect(log.recordedMs).toBe(150 * MINUTE)
  })
  it('lists its readings page by page without leaving one out or showing one twice', async () => {
    const seen: number[] = []
    let before = ''
    for (;;) {
      const page = (await ask(`${CABINET}/cold/readings?${days}&limit=7${before}`)).json<ColdReadings>()
      seen.push(...page.readings.map(({ atMs }) => atMs))
      const gaps = page.readings.filter(({ gapBeforeMs }) => gapBeforeMs > 0)
      for (const { atMs } of gaps) expect(atMs).toBe(fromMs + 95 * MINUTE)
      if (page.nextBeforeMs === null) break
      before = `&beforeMs=${page.nextBeforeMs}`
    }
    expect(seen).toHaveLength(30)
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => b - a))
  })
  it('is a file that no spreadsheet runs, in the time of the cabinet, and its download is on record', async () => {
    const answer = await ask(`${CABINET}/cold/csv?${days}`)
    expect(answer.headers['content-type']).toContain('text/csv')
    const lines = answer.body.split('\r\n')
    expect(answer.body).not.toMatch(/(^|,)=cmd/m)
    expect(lines.filter((line) => line.includes('读数 reading'))).toHaveLength(30)
    expect(lines.find((line) => line.includes(',无记录 gap,'))).toContain('07:00:00+08:00')
    const downloads = await bench.core.db.read
      .selectFrom('audit')
      .select('subject')
      .where('action', '=', 'report.downloaded')
      .execute()
    expect(downloads).toEqual([{ subject: `report:cold-${CABINET}` }])
  })
})

describe('who asks for the cold log', () => {
  it('sees it with the permission to read temperatures only', async () => {
    expect((await ask(`${CABINET}/cold`, 'technician')).statusCode).toBe(200)
    expect((await ask(`${CABINET}/cold`, 'finance')).statusCode).toBe(403)
    expect((await bench.core.http.inject({ url: `/api/staff/cabinets/${CABINET}/cold` })).statusCode).toBe(
      401,
    )
  })
  it('is told what is wrong with a period', async () => {
    for (const period of [
      'fromDay=2026-03-02&toDay=2026-03-01',
      'fromDay=2026-02-30&toDay=2026-03-01',
      'fromDay=2020-01-01&toDay=2026-03-01',
    ]) {
      const answer = await ask(`${CABINET}/cold?${period}`)
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'bad_request'])
    }
    expect((await ask('cab-nowhere/cold')).statusCode).toBe(404)
  })
})
