import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CabinetForConsumer } from '#protocol/api/consumer.ts'
import type { VisitDetail, VisitLine } from '#protocol/api/restock.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { AuditList } from '#protocol/api/staff/desk.ts'
import type { CommandName } from '#protocol/base/command-names.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { dayIn } from '#protocol/base/zone-days.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import {
  air,
  alarmOf,
  COLD,
  coldLog,
  farCold,
  lockedOut,
  measured,
  noAlarmOf,
  refusedAtDoor,
  SHORT_COLD_POLICY,
  SHORT_COLD_SETTINGS,
  WARM,
} from './cold-steps.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const clock = createSystemClock()
const DAY_MS = 24 * 3_600_000

async function cabinetPage(consumer: Consumer, world: World): Promise<CabinetForConsumer> {
  const answer = await consumer.visitor.get(`/api/consumer/cabinets/${world.system.cabinetId}`)
  return answer.body as CabinetForConsumer
}

/** Waits for the end of a command, as the console shows it. */
async function commanded(
  world: World,
  staff: Staff,
  name: CommandName,
  args: object,
): Promise<CabinetDetail['commands'][number]> {
  const commandId = world.ids.next('command')
  await staff.send('POST', `cabinets/${world.system.cabinetId}/commands`, {
    commandId,
    name,
    args,
    reason: 'Goods looked at, two bottles thrown away',
  })
  return eventually(
    `the end of ${name}`,
    async () => {
      const { commands } = await staff.cabinet()
      return commands.find(
        (one) => one.commandId === commandId && ['succeeded', 'failed', 'rejected'].includes(one.state),
      )
    },
    { withinMs: 30_000 },
  )
}

async function visitOf(world: World, staff: Staff, between: Parameters<World['workshop']['visit']>[0]) {
  const visitId = world.ids.next('session')
  await staff.send('POST', `cabinets/${world.system.cabinetId}/visits`, {
    visitId,
    kind: 'restock',
    reason: 'scenario',
  })
  await world.workshop.visit([...arrive, ...between, ...leave])
  await eventually(
    'the shelves being weighed',
    async () => ((await staff.get(`visits/${visitId}`)) as VisitDetail).state === 'weighed',
    { withinMs: 30_000 },
  )
  return visitId
}
async function booked(staff: Staff, visitId: string, line: VisitLine): Promise<void> {
  await staff.send('PUT', `visits/${visitId}/lines`, { lines: [line] })
  await staff.send('POST', `visits/${visitId}/confirm`, { note: 'counted twice' })
}

export const coldClearedOnSite: Scenario = {
  name: 'cold-cleared-on-site',
  shows:
    'a technician looks at the goods, throws some away and clears the lockout with a reason; who, in which role, why and what became of the goods is in the log and in the audit, and sales go on',
  policy: SHORT_COLD_POLICY,
  edgeSettings: SHORT_COLD_SETTINGS,
  async run(world) {
    const technician = await world.staff('technician')
    await measured(technician, (deci) => deci < 50)
    await air(world, WARM)
    await lockedOut(world, technician)
    await air(world, COLD)
    await measured(technician, (deci) => deci < 50)
    const code = await eventually(
      'the code on the display',
      async () => (await farCold(world)).display ?? undefined,
    )
    const visit = await commanded(world, technician, 'door.unlock', {})
    expectEqual(visit.state, 'succeeded', 'the unlock for service')
    await world.workshop.visit([{ do: 'open' }, { do: 'wait', ms: 1500 }, ...leave])
    const cleared = await eventually(
      'the lockout being cleared',
      async () => {
        const ended = await commanded(world, technician, 'lockout.clear', { code, goods: 'discarded' })
        return ended.state === 'succeeded' && ended
      },
      { withinMs: 40_000, everyMs: 1000 },
    )
    const log = await eventually('the clearing in the log', async () => {
      const seen = (await coldLog(technician, world)).lockouts[0]
      return seen !== undefined && seen.clearedAtMs !== null && seen
    })
    expectEqual(
      [log.clearedByRole, log.goods, log.commandId],
      ['technician', 'discarded', cleared.commandId],
      'who cleared it and what became of the goods',
    )
    expectThat(
      log.clearReason?.includes('two bottles') && log.clearedBy,
      `the log lacks reason or name: ${JSON.stringify(log)}`,
    )
    await noAlarmOf(technician, 'food_safety_lockout')
    const admin = await world.staff('admin')
    const { entries } = (await admin.get('audit')) as AuditList
    expectThat(
      entries.some(({ action }) => action === 'command.lockout.clear'),
      'the audit does not have the clearing',
    )
    const csv = String(
      (await technician.visitor.get(`/api/staff/cabinets/${world.system.cabinetId}/cold/csv`)).body,
    )
    expectThat(
      csv.includes('食安锁柜') && csv.includes('two bottles'),
      'the file for the inspector lacks the lockout',
    )
    const consumer = await world.consumer()
    const sold = await shop(world, consumer, [take('s4', 'water-550')])
    await consumer.orderIn(sold.session.sessionId, ['paid'])
  },
}

export const coldSellingHours: Scenario = {
  name: 'cold-selling-hours',
  shows:
    'outside its hours, in its own zone, a cabinet says so on its page with the time at which it sells again, before consent or money; the cabinet itself refuses as well; inside them it sells',
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    await consumer.signIn()
    const { timeZone } = await operator.cabinet()
    const minuteNow = Math.floor(clock.now() / 60_000)
    const wall = (minutesLater: number) => {
      const parts = new Intl.DateTimeFormat('en-GB', {
        timeZone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      }).formatToParts((minuteNow + minutesLater) * 60_000)
      const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
      return part('hour') * 60 + part('minute')
    }
    const everyDay = [1, 2, 3, 4, 5, 6, 7]
    const setHours = async (fromMinute: number, toMinute: number) => {
      const known = (await operator.cabinet()).twin.find(({ part }) => part === 'hours')
      const answer = await operator.trySend('PUT', `cabinets/${world.system.cabinetId}/twin`, {
        part: 'hours',
        value: { timeZone, intervals: [{ days: everyDay, fromMinute, toMinute }] },
        expectedVersion: known?.version ?? 0,
        reason: 'scenario',
      })
      expectEqual(answer.status, 200, `the answer to the hours: ${JSON.stringify(answer.body)}`)
      await eventually('the cabinet following the hours', async () => {
        const part = (await operator.cabinet()).twin.find((one) => one.part === 'hours')
        return part?.state === 'in_sync'
      })
    }
    // Sells again in two hours, until one hour ago: over midnight for most of the day.
    await setHours(wall(120), wall(-60))
    const closed = await cabinetPage(consumer, world)
    expectEqual(closed.status, 'closed', 'what the page says')
    expectEqual(closed.opensAtMs, (minuteNow + 120) * 60_000, 'when the page says that it sells again')
    await refusedAtDoor(world, consumer, 'outside_selling_hours')
    expectThat((await consumer.page(`/c/${world.system.cabinetId}`)).length > 0, 'the page of the cabinet')
    // It began an hour ago and ends in an hour.
    await setHours(wall(-60), wall(60))
    expectEqual((await cabinetPage(consumer, world)).status, 'open', 'what the page says inside the hours')
    const sold = await shop(world, consumer, [take('s4', 'water-550')])
    await consumer.orderIn(sold.session.sessionId, ['paid'])
  },
}

const WRONG_CLOCK = `
import { readFileSync } from 'node:fs'
const right = Date.now
let offsetMs = 0, readAt = -1e9
Date.now = () => {
  if (performance.now() - readAt > 100) { readAt = performance.now(); offsetMs = Number(readFileSync(process.env.WRONG_CLOCK_FILE, 'utf8')) }
  return right() + offsetMs
}
`

/** Starts the core again with a clock that a story can set. */
async function withClockOfCore(world: World, run: (setAheadMs: (ms: number) => void) => Promise<void>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'clock-of-core-'))
  const file = path.join(folder, 'offset')
  const preload = path.join(folder, 'clock.mjs')
  writeFileSync(preload, WRONG_CLOCK)
  writeFileSync(file, '0')
  const before = process.env['NODE_OPTIONS']
  try {
    await world.system.kill('core')
    process.env['NODE_OPTIONS'] = `--import ${preload}`
    process.env['WRONG_CLOCK_FILE'] = file
    await world.system.restart('core')
    if (before === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = before
    await run((ms) => writeFileSync(file, String(ms)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const coldExpiredBatch: Scenario = {
  name: 'cold-expired-batch',
  shows:
    'goods that may be sold until today stop the whole cabinet when the day ends at the cabinet: the page says so, nobody is asked for money, staff are called; when they are taken out on a visit it sells again',
  async run(world) {
    await withClockOfCore(world, async (setAheadMs) => {
      const operator = await world.staff('operator')
      await eventually(
        'the cabinet being online',
        async () => (await operator.cabinet()).cabinet.presence === 'online',
        { withinMs: 60_000 },
      )
      const consumer = await world.consumer()
      await consumer.signIn()
      const { timeZone } = await operator.cabinet()
      const line: VisitLine = {
        shelf: 's4',
        sku: 'juice-orange',
        action: 'put_in',
        quantity: 2,
        batch: 'J1',
        expiresOn: dayIn(clock.now(), timeZone),
      }
      const putIn = await visitOf(world, operator, [
        { do: 'restock', shelf: 's4', sku: 'juice-orange', quantity: 2 },
        { do: 'wait', ms: 1000 },
      ])
      await booked(operator, putIn, line)
      expectEqual((await cabinetPage(consumer, world)).status, 'open', 'what the page says on the last day')

      setAheadMs(DAY_MS)
      await eventually(
        'the sign-in of yesterday being over',
        async () => (await operator.visitor.get('/api/staff/fleet')).status === 401,
      )
      const tomorrow = await world.staff('operator')
      await alarmOf(tomorrow, 'goods_expired', 60_000)
      const later = await world.consumer('王芳')
      await eventually(
        'the page saying it',
        async () => (await cabinetPage(later, world)).status === 'goods_expired',
        {
          withinMs: 30_000,
        },
      )
      const answer = await later.tryOpen()
      expectThat('refusal' in answer, 'a cabinet with expired goods was opened')

      const out = await visitOf(world, tomorrow, [
        take('s4', 'juice-orange'),
        take('s4', 'juice-orange'),
        { do: 'empty-hand' },
      ])
      await booked(tomorrow, out, { ...line, action: 'taken_out', reason: 'expired' })
      await noAlarmOf(tomorrow, 'goods_expired')
      setAheadMs(0)
      await eventually(
        'the page being open again',
        async () => (await cabinetPage(consumer, world)).status === 'open',
        {
          withinMs: 60_000,
        },
      )
      const sold = await shop(world, consumer, [take('s4', 'water-550')])
      await consumer.orderIn(sold.session.sessionId, ['paid'], 40_000)
    })
  },
}

export const COLD_SALES_STORIES: readonly Scenario[] = [coldClearedOnSite, coldSellingHours, coldExpiredBatch]
