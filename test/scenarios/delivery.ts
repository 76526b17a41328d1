import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { DeadLetterDetail, DeadLetterList, DeliveryView } from '#protocol/api/delivery.ts'
import type { SessionView } from '#protocol/api/consumer.ts'
import { eventually, expectEqual, expectThat, never } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, expectChargedOnce, leave, paymentsOf, shop, take } from './steps.ts'
import type { Consumer, Staff, World } from './world.ts'

const edgeFolder = (world: World) => path.join(world.system.dataDir, 'edge')

/** Looks into the cabinet's own database, as its card would show it to a reader. */
function readEdge<T>(world: World, look: (db: Sqlite.Database) => T): T {
  const db = new Sqlite(path.join(edgeFolder(world), 'edge.sqlite'))
  try {
    return look(db)
  } finally {
    db.close()
  }
}
function documentOf<T>(db: Sqlite.Database, name: string): T | undefined {
  const row = db.prepare('SELECT body FROM document WHERE name = ?').get(name) as { body: string } | undefined
  return row === undefined ? undefined : (JSON.parse(row.body) as T)
}
const hasAlarm = async (staff: Staff, kind: string) =>
  (await staff.cabinet()).alarms.some((alarm) => alarm.kind === kind && alarm.state !== 'cleared')
const isOnline = async (staff: Staff) => (await staff.cabinet()).cabinet.presence === 'online'

/** A visit whose receipt a faulty agent garbled, so that it lies among the dead letters. @returns also the receipt as it should be */
export async function garbledReceipt(
  world: World,
  consumer: Consumer,
): Promise<{
  session: SessionView
  good: Record<string, unknown>
  letter: DeadLetterList['deadLetters'][number]
  manager: Staff
}> {
  const session = await consumer.open()
  await world.workshop.visit([...arrive, take('s3', 'cola-330'), { do: 'network', mode: 'cut' }, ...leave])
  const receiptIn = (db: Sqlite.Database) =>
    db
      .prepare(`SELECT seq, data FROM outbox WHERE type = 'session.reconciled' AND data LIKE ?`)
      .get(`%${session.sessionId}%`) as { seq: number; data: string } | undefined
  await eventually('the receipt lying in the outbox', () =>
    readEdge(world, (db) => receiptIn(db) !== undefined),
  )
  await world.system.kill('edge')
  // What a bug of the agent would have written.
  const good = readEdge(world, (db) => {
    const row = receiptIn(db)
    expectThat(row !== undefined, 'the receipt has left the outbox')
    const { closedMs: _, ...garbled } = JSON.parse(row.data) as Record<string, unknown>
    db.prepare('UPDATE outbox SET data = ? WHERE seq = ?').run(
      JSON.stringify({ ...garbled, closedMs: 'soon' }),
      row.seq,
    )
    return JSON.parse(row.data) as Record<string, unknown>
  })
  await world.workshop.control('network', { mode: 'ok' })
  await world.system.restart('edge')
  const manager = await world.staff('admin')
  const letter = await eventually('the dead letter', async () =>
    ((await manager.get('dead-letters')) as DeadLetterList).deadLetters.find(({ kind }) => kind === 'event'),
  )
  return { session, good, letter, manager }
}

export const deadLetter: Scenario = {
  name: 'dead-letter',
  shows:
    'a receipt that a faulty agent garbled charges nothing and stops nothing; mended by a manager it is charged once',
  async run(world) {
    const consumer = await world.consumer()
    const { session, good, letter, manager } = await garbledReceipt(world, consumer)
    const detail = (await manager.get(`dead-letters/${letter.id}`)) as DeadLetterDetail
    expectThat(letter.reason.includes('closedMs'), `the reason does not name the field: ${letter.reason}`)
    expectEqual(paymentsOf(await world.provider.books(), consumer).length, 0, 'payments before it is mended')
    const type = detail.event?.type
    const wrong = await manager.trySend('POST', `dead-letters/${letter.id}/replay`, {
      type,
      data: detail.event?.data,
      note: 'as it came',
    })
    expectEqual(
      (wrong.body as { code: string }).code,
      'dead_letter_unmended',
      'the answer to the same event again',
    )
    await manager.send('POST', `dead-letters/${letter.id}/replay`, {
      type,
      data: good,
      note: 'closedMs read from the journal',
    })
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1 })
    expectEqual(((await manager.get('dead-letters')) as DeadLetterList).total, 0, 'open dead letters')
    await eventually('the alarm having ended', async () => !(await hasAlarm(manager, 'poisoned_event')))
  },
}

export const outboxPressure: Scenario = {
  name: 'outbox-pressure',
  shows:
    'an outbox that runs full writes temperature less and less, keeps the sale of the time, alarms, and is well again when the network is',
  edgeSettings: { outboxBytesMost: 4000, climateWindowMs: 200 },
  async run(world) {
    const operator = await world.staff('operator')
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330'), { do: 'network', mode: 'cut' }])
    const pressure = () => readEdge(world, (db) => documentOf<string>(db, 'told-pressure'))
    const readings = () =>
      readEdge(
        world,
        (db) =>
          (
            db.prepare(`SELECT count(*) AS n FROM outbox WHERE type = 'climate.reading'`).get() as {
              n: number
            }
          ).n,
      )
    await eventually('the outbox being nearly full', () => pressure() === 'high' || pressure() === 'full', {
      withinMs: 80_000,
    })
    const before = readings()
    await world.workshop.visit(leave)
    await eventually(
      'the receipt being kept although it is tight',
      () =>
        readEdge(
          world,
          (db) => db.prepare(`SELECT 1 FROM outbox WHERE type = 'session.reconciled'`).get() !== undefined,
        ),
      { withinMs: 20_000 },
    )
    expectThat(
      readings() - before <= 6,
      `${readings() - before} more readings were written although it is tight`,
    )
    await world.workshop.control('network', { mode: 'ok' })
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1 })
    const told = () =>
      readCore(world, (db) =>
        (
          db
            .prepare(`SELECT data FROM inbox WHERE type = 'agent.outbox-pressure' ORDER BY id`)
            .all() as Array<{ data: string }>
        ).map(({ data }) => (JSON.parse(data) as { level: string }).level),
      )
    await eventually('the end of the pressure being told', () => told().at(-1) === 'normal', {
      withinMs: 20_000,
    })
    expectThat(told().includes('high') || told().includes('full'), `only ${told().join(', ')} was told`)
    await eventually('the alarm having ended', async () => !(await hasAlarm(operator, 'outbox_pressure')))
  },
}
function readCore<T>(world: World, look: (db: Sqlite.Database) => T): T {
  const db = new Sqlite(path.join(world.system.dataDir, 'core', 'core.sqlite'), { readonly: true })
  try {
    return look(db)
  } finally {
    db.close()
  }
}

export const halfOpen: Scenario = {
  name: 'half-open',
  shows:
    'a connection that is dead without saying so is given up by the cabinet itself; the sale of the time arrives once',
  // Pings would find out as well; here nothing but the missing acknowledgements does.
  edgeSettings: { watchdogMs: 3000, keepaliveSeconds: 60 },
  async run(world) {
    const consumer = await world.consumer()
    const session = await consumer.open()
    await world.workshop.visit([...arrive, take('s3', 'cola-330')])
    await world.workshop.control('network', { mode: 'half-open' })
    await world.workshop.visit([take('s4', 'juice-orange'), ...leave])
    await eventually(
      'the cabinet giving the connection up',
      () =>
        readFileSync(world.system.logFile('edge'), 'utf8').includes(
          'no acknowledgement for 3000 ms while events wait',
        ),
      { withinMs: 20_000 },
    )
    await world.workshop.control('network', { mode: 'ok' })
    const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
    await expectChargedOnce(world, consumer, order, { 'cola-330': 1, 'juice-orange': 1 })
  },
}

export const clonedCard: Scenario = {
  name: 'cloned-card',
  shows:
    'an older copy of the memory card is put in: the core refuses it and says so, nothing is sold, and after a technician let it go on nothing is lost and nothing counts twice',
  async run(world) {
    const technician = await world.staff('admin')
    const spare = mkdtempSync(path.join(tmpdir(), 'cloned-card-'))
    try {
      await world.system.kill('edge')
      cpSync(edgeFolder(world), spare, { recursive: true })
      await world.system.restart('edge')
      const first = await world.consumer()
      const sale = await shop(world, first, [take('s3', 'cola-330')])
      await expectChargedOnce(world, first, await first.orderIn(sale.session.sessionId, ['paid']), {
        'cola-330': 1,
      })
      await world.system.kill('edge')
      rmSync(edgeFolder(world), { recursive: true })
      cpSync(spare, edgeFolder(world), { recursive: true })
      await world.system.restart('edge')
    } finally {
      rmSync(spare, { recursive: true, force: true })
    }
    const view = async () =>
      (await technician.get(`cabinets/${world.system.cabinetId}/delivery`)) as DeliveryView
    const halt = await eventually('the copy being refused', async () => (await view()).halt ?? undefined, {
      withinMs: 30_000,
    })
    expectThat(await hasAlarm(technician, 'cloned_identity'), 'there is no alarm')
    const other = await world.consumer('王芳')
    const tried = await other.tryOpen()
    if ('session' in tried) await other.sessionIn(tried.session.sessionId, ['denied'], 30_000)
    await never(
      'something was sold while the core refuses the receipts',
      async () => {
        const state = (await world.workshop.state()) as unknown as { lock: { isUnlocked: boolean } }
        return state.lock.isUnlocked
      },
      1000,
    )

    await technician.send('POST', `cabinets/${world.system.cabinetId}/delivery/go-on`, {
      epoch: halt.epoch,
      note: 'the card was swapped, there is one machine',
    })
    await eventually(
      'the stream going on',
      async () => {
        const now = await view()
        return now.halt === null && now.continuesEpoch === halt.epoch
      },
      { withinMs: 30_000 },
    )
    await eventually('the alarm having ended', async () => !(await hasAlarm(technician, 'cloned_identity')))
    await eventually('the cabinet being online', () => isOnline(technician), { withinMs: 30_000 })
    const third = await world.consumer('王芳')
    const sale = await shop(world, third, [take('s4', 'juice-orange')])
    await expectChargedOnce(world, third, await third.orderIn(sale.session.sessionId, ['paid']), {
      'juice-orange': 1,
    })
    expectEqual((await world.provider.books()).transactions.length, 2, 'payments at the provider in all')
  },
}

/** Runs in the agent's process before it: its wall clock is then what a broken one says, and nothing else is. */
const WRONG_CLOCK = `
import { readFileSync } from 'node:fs'
const right = Date.now
let offsetMs = 0, readAt = -1e9
Date.now = () => {
  if (performance.now() - readAt > 100) { readAt = performance.now(); offsetMs = Number(readFileSync(process.env.WRONG_CLOCK_FILE, 'utf8')) }
  return right() + offsetMs
}
`
const TEN_YEARS_MS = 10 * 365 * 86_400_000

export const clockJump: Scenario = {
  name: 'clock-jump',
  shows:
    'a cabinet whose clock says 1970, and jumps ten years ahead in the middle of a sale, sells and is charged at the right time; an alarm tells of the clock',
  async run(world) {
    const operator = await world.staff('operator')
    const folder = mkdtempSync(path.join(tmpdir(), 'wrong-clock-'))
    const file = path.join(folder, 'offset')
    const preload = path.join(folder, 'wrong-clock.mjs')
    writeFileSync(preload, WRONG_CLOCK)
    writeFileSync(file, String(-world.clock.now()))
    const before = process.env['NODE_OPTIONS']
    try {
      await world.system.kill('edge')
      process.env['NODE_OPTIONS'] = `--import ${preload}`
      process.env['WRONG_CLOCK_FILE'] = file
      await world.system.restart('edge')
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
      await eventually('the alarm of a clock in 1970', () => hasAlarm(operator, 'clock_skew'), {
        withinMs: 30_000,
      })
      const consumer = await world.consumer()
      const startedMs = world.clock.now()
      const session = await consumer.open()
      await world.workshop.visit([...arrive, take('s3', 'cola-330')])
      writeFileSync(file, String(TEN_YEARS_MS))
      await world.workshop.visit([take('s4', 'juice-orange'), ...leave])
      const order = await consumer.orderIn(session.sessionId, ['paid'], 40_000)
      await expectChargedOnce(world, consumer, order, { 'cola-330': 1, 'juice-orange': 1 })
      expectThat(
        order.closedAtMs !== null && order.closedAtMs >= startedMs && order.closedAtMs <= world.clock.now(),
        `the order says that the door closed at ${order.closedAtMs}, the sale began at ${startedMs}`,
      )
      writeFileSync(file, '0')
      await eventually('the end of the alarm', async () => !(await hasAlarm(operator, 'clock_skew')), {
        withinMs: 40_000,
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  edgeSettings: { climateWindowMs: 1000 },
}
