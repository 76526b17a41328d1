import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { createApp } from '#core/app.ts'
import { readSettings } from '#core/config.ts'
import { startStandIns } from './stand-ins.ts'

/** What the load is told, as one line on standard output. */
export interface LargeServed {
  coreUrl: string
  leadCookie: string
  operatorCookie: string
  orders: Array<{ orderId: string; consumerId: string; cabinetId: string; cookie: string }>
  tickets: Array<{ ticketId: string; number: number }>
  counts: { orders: number; tickets: number; consumers: number }
}

const SAMPLES = 400
const DAY_MS = 24 * 3_600_000

/** A process of its own: the core on a folder of two years. Nothing that is due is carried out. */
async function serve(folder: string): Promise<void> {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const { settings } = readSettings([
    '--data',
    folder,
    '--port',
    '0',
    '--mqtt-port',
    '0',
    '--device-port',
    '0',
    '--plain-mqtt',
    '--second-factor',
    'offered',
    ...(await startStandIns({ clock, random, ids })),
  ])
  const core = await createApp(settings, { clock, random, ids, log: pino({ level: 'silent' }) })
  const { db } = core
  const cookieOf = async (role: 'lead' | 'operator') => {
    const [name, password] = [ids.next('staff'), 'a password for the bench']
    const operator = role === 'operator' ? 'operator-demo' : null
    await core.accounts.create({ name, displayName: name, role, language: 'en', operator, password })
    const answer = await core.http.inject({
      method: 'POST',
      url: '/api/staff/sign-in',
      payload: { name, password },
    })
    return String(answer.headers['set-cookie']).split(';')[0] as string
  }
  const { first, last } = await db.read
    .selectFrom('order')
    .select((eb) => [eb.fn.min('createdAtMs').as('first'), eb.fn.max('createdAtMs').as('last')])
    .executeTakeFirstOrThrow()
  const orders: LargeServed['orders'] = []
  for (let index = 0; index < SAMPLES; index++) {
    const fromMs = first + ((last - first) * (index + 0.5)) / SAMPLES
    const found = await db.read
      .selectFrom('order')
      .select(['orderId', 'consumerId', 'cabinetId'])
      .where('createdAtMs', '>=', Math.floor(fromMs))
      .orderBy('createdAtMs')
      .limit(1)
      .executeTakeFirst()
    if (found === undefined) continue
    const token = Buffer.from(random.bytes(32)).toString('base64url')
    await db.write('sign in', (tx) =>
      tx
        .insertInto('consumerSession')
        .values({
          tokenSha256: createHash('sha256').update(token).digest('hex'),
          consumerId: found.consumerId,
          createdAtMs: clock.now(),
          expiresAtMs: clock.now() + DAY_MS,
          revokedAtMs: null,
        })
        .execute(),
    )
    orders.push({ ...found, cookie: `consumer=${token}; lang=zh` })
  }
  const tickets = await db.read
    .selectFrom('ticket')
    .select(['ticketId', 'number'])
    .where((eb) => eb(eb.fn<number>('abs', [eb('number', '%', 25)]), '=', 7))
    .limit(SAMPLES)
    .execute()
  const count = async (table: 'order' | 'ticket' | 'consumer') =>
    (
      await db.read
        .selectFrom(table)
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
    ).count
  const served: LargeServed = {
    coreUrl: await core.http.listen({ host: '127.0.0.1', port: 0 }),
    leadCookie: await cookieOf('lead'),
    operatorCookie: await cookieOf('operator'),
    orders,
    tickets,
    counts: {
      orders: await count('order'),
      tickets: await count('ticket'),
      consumers: await count('consumer'),
    },
  }
  process.stdout.write(`${JSON.stringify(served)}\n`)
}

process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
serve(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
