import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SystemView } from '#protocol/api/system.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'
import { eventually } from '#test/support/eventually.ts'

let bench: CoreBench
beforeEach(async () => {
  bench = await createCoreBench()
  await bench.core.start()
})
afterEach(() => bench.close())

async function ask(
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
  role: 'admin' | 'agent' | 'lead' = 'admin',
) {
  const answer = await bench.core.http.inject({
    method,
    url: `/api/staff/system${url}`,
    headers: { cookie: await bench.cookieOf(role), origin: bench.core.addresses.url },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, view: answer.json() as SystemView }
}
const moneyMoves = () =>
  eventually(
    'money going on after the first look',
    async () => !(await ask('GET', '')).view.money.isStopped,
    {
      withinMs: 20_000,
    },
  )
/** Somebody with the file in their hands. */
function tamper(sql: string): void {
  const connection = new Sqlite(path.join(bench.folder, 'core', 'core.sqlite'))
  connection.exec(`DROP TRIGGER audit_is_never_changed; ${sql}`)
  connection.close()
}

describe('a core that has started', () => {
  it('lets money move once its database was found whole', async () => {
    await moneyMoves()
    const { view } = await ask('GET', '')
    expect(view.check).toMatchObject({ kind: 'all', isOk: true, violations: [] })
  })

  it('stops money when a promise is broken, shows it, and goes on only when somebody who may says so', async () => {
    await moneyMoves()
    tamper(`UPDATE audit SET subject = 'nobody' WHERE seq = 1`)
    const { view } = await ask('POST', '/check')
    expect(view.check?.violations).toMatchObject([{ invariantId: 'I15', subject: 'audit:1' }])
    expect(view.money).toMatchObject({ isStopped: true, why: 'broken' })
    expect(view.incidents.map(({ kind }) => kind)).toContain('promise_broken')

    const note = { note: 'restored the entry from yesterday' }
    expect((await ask('POST', '/money/resume', note, 'lead')).status).toBe(403)
    const resumed = await ask('POST', '/money/resume', note)
    expect([resumed.status, resumed.view.money.isStopped]).toEqual([200, false])
    const entry = await bench.core.db.read
      .selectFrom('audit')
      .select(['action', 'detail'])
      .where('action', '=', 'money.resumed')
      .executeTakeFirstOrThrow()
    expect(entry.detail).toContain(note.note)
    expect((await ask('POST', '/money/resume', note)).status).toBe(409)
  })

  it('ends at once although several looks wait their turn, and those say why they found nothing', async () => {
    await moneyMoves()
    const looks = Array.from({ length: 4 }, () => bench.core.care.checker.look('all'))
    await bench.core.care.checker.stop()
    const last = await looks.at(-1)
    expect(last).toMatchObject({ failure: 'the core is stopping', violations: [], tookMs: 0 })
  })

  it('makes a backup that it has opened again', async () => {
    const report = await bench.core.care.backups.take()
    expect(report.kept).toBe(1)
    expect((await ask('GET', '')).view.backup).toMatchObject({ kept: 1, lastAtMs: report.atMs })
  })
})
