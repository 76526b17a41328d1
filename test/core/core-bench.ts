import { mkdtempSync, rmSync } from 'node:fs'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import type { Role } from '#protocol/api/common.ts'
import { createApp } from '#core/app.ts'
import { readSettings } from '#core/config.ts'
import { applySeed, parseSeed } from '#core/seed.ts'

export const CABINET = 'cab-001'
export const PARTITION = 7
const SEED = path.resolve(import.meta.dirname, '../../scripts/seed/demo.json')

/** A whole core on a folder of its own, with the demo cabinet; it listens only when `start` is called. */
export interface CoreBench {
  readonly core: Awaited<ReturnType<typeof createApp>>
  readonly folder: string
  readonly enrolmentCode: string
  /** The cookie of somebody with this role, operator means the one of the demo cabinet. */
  cookieOf(role: Role): Promise<string>
  close(): Promise<void>
}

/**
 * @param flags  further flags of the core, made from its folder
 * @param isTls  cabinets speak MQTT over TLS, as they do outside tests
 */
export async function createCoreBench(
  policy: Record<string, unknown> = {},
  flags: (folder: string) => string[] = () => [],
  isTls = false,
): Promise<CoreBench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'core-bench-'))
  const policyFile = path.join(folder, 'policy.json')
  writeFileSync(policyFile, JSON.stringify(policy))
  const { settings } = readSettings([
    '--data',
    folder,
    '--port',
    '0',
    '--mqtt-port',
    '0',
    '--device-port',
    '0',
    '--second-factor',
    'offered',
    ...(isTls ? [] : ['--plain-mqtt']),
    ...flags(folder),
    '--policy',
    policyFile,
  ])
  const clock = createSystemClock()
  const random = createSystemRandom()
  const log = pino({ level: process.env['CORE_BENCH_LOG'] ?? 'silent' })
  const core = await createApp(settings, { clock, random, log, ids: createIds(clock, random) })
  const seeded = await applySeed(
    {
      ...core.deps,
      accounts: core.accounts,
      registry: core.registry,
      credentials: core.credentials,
      signInsFile: path.join(folder, 'sign-ins.json'),
    },
    parseSeed(JSON.parse(readFileSync(SEED, 'utf8')), SEED),
  )
  const cookies = new Map<Role, string>()
  return {
    core,
    folder,
    enrolmentCode: seeded.enrolmentCodes[0]?.code ?? '',
    async cookieOf(role) {
      const known = cookies.get(role)
      if (known !== undefined) return known
      const name = `bench-${role}`
      await core.accounts.create({
        name,
        displayName: name,
        role,
        language: 'en',
        operator: role === 'operator' ? 'operator-demo' : null,
        password: 'a password for the bench',
      })
      const answer = await core.http.inject({
        method: 'POST',
        url: '/api/staff/sign-in',
        payload: { name, password: 'a password for the bench' },
      })
      const cookie = String(answer.headers['set-cookie']).split(';')[0] as string
      cookies.set(role, cookie)
      return cookie
    },
    async close() {
      await core.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
