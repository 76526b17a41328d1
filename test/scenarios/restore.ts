import { execFile } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '#scripts/system.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Scenario } from './scenario.ts'
import { arrive, leave, paymentsOf, priceOf, shop, take } from './steps.ts'
import type { World } from './world.ts'

const run = promisify(execFile)

/** A command of the core on the data folder of this system, as an operator would type it. @returns what it printed as JSON */
async function core(world: World, ...words: string[]): Promise<Record<string, unknown>> {
  const args = ['core/main.ts', ...words, '--data', world.system.dataDir, '--log-level', 'error']
  const { stdout } = await run(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : {}
}

export const restore: Scenario = {
  name: 'restore',
  shows:
    'after the core was destroyed and restored from a backup, sales that it had forgotten are back and charged once',
  async run(world) {
    const safe = path.join(world.system.dataDir, 'safe')
    const [backups, keys] = [path.join(safe, 'backups'), path.join(safe, 'keys')]
    const lead = await world.staff('lead')
    const before = await world.consumer('Anna')
    const remembered = await shop(world, before, [take('s3', 'cola-330')])
    await before.orderIn(remembered.session.sessionId, ['paid'])
    await core(world, 'keys', '--to', keys)
    await core(world, 'backup', '--to', backups, '--json')

    // Nothing of this is in the backup: not even who the consumer is.
    const after = await world.consumer('李伟')
    const forgotten = await shop(world, after, [take('s4', 'juice-orange')])
    await after.orderIn(forgotten.session.sessionId, ['paid'])
    // And one is standing at the open door when it happens.
    const interrupted = await after.open()
    await world.workshop.visit([...arrive, take('s2', 'salad-chicken')])

    await world.system.kill('core')
    mkdirSync(path.join(safe, 'ruin'), { recursive: true })
    renameSync(path.join(world.system.dataDir, 'core'), path.join(safe, 'ruin', 'core'))
    await world.workshop.visit(leave)
    await core(world, 'restore', '--from', backups, '--keys', keys, '--json')
    await world.system.restart('core')

    const again = await world.consumer('李伟')
    // Signing in again finds the same person, and the next sale goes on as always.
    const next = await eventually(
      'the next sale',
      async () => {
        const result = await again.tryOpen()
        return 'session' in result ? result.session : undefined
      },
      { withinMs: 60_000, everyMs: 1000 },
    )
    await world.workshop.visit([...arrive, ...leave])
    const first = await again.orderIn(forgotten.session.sessionId, ['paid'], 60_000)
    const second = await again.orderIn(interrupted.sessionId, ['paid'], 60_000)
    expectEqual(
      [first, second].map(({ lines }) => lines.map(({ sku, quantity }) => `${quantity} ${sku}`)),
      [['1 juice-orange'], ['1 salad-chicken']],
      'the goods of the two sales that were lost',
    )
    const books = await world.provider.books()
    expectEqual(
      paymentsOf(books, again).map(({ amountFen }) => amountFen),
      [priceOf({ 'juice-orange': 1 }), priceOf({ 'salad-chicken': 1 })],
      "the payments of the provider's books",
    )
    expectEqual(
      paymentsOf(books, before).map(({ amountFen }) => amountFen),
      [priceOf({ 'cola-330': 1 })],
      'the payment that the backup knew',
    )
    await again.sessionIn(next.sessionId, ['settled', 'reconciled', 'closed', 'not_opened'], 30_000)
    const system = await eventually(
      'money going on',
      async () => {
        const { body } = await lead.visitor.get('/api/staff/system')
        const view = body as { money: { isStopped: boolean }; check: { isOk: boolean } | null }
        return !view.money.isStopped && view
      },
      { withinMs: 30_000 },
    )
    expectThat(system.check?.isOk === true, 'the promises hold after the restore')
    const checked = await core(world, 'check-invariants', '--json')
    expectEqual(checked['violations'], [], 'the broken promises')
  },
}
