import type { ColdLog } from '#protocol/api/cold.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { eventually, expectEqual, expectThat } from '#test/support/eventually.ts'
import type { Consumer, Staff, World } from './world.ts'

const clock = createSystemClock()

/** The timers of food safety in seconds instead of minutes; how they relate stays. */
export const SHORT_COLD_POLICY = {
  lockoutAfterMs: 5000,
  lockoutAfterDoorCloseMs: 10_000,
  lockoutAfterDefrostMs: 10_000,
  lockoutTotalMs: 60_000,
  lockoutTotalWindowMs: 120_000,
  lockoutUnseenMs: 120_000,
}
export const SHORT_COLD_SETTINGS = { climateWindowMs: 1000, excursionAfterMs: 2000, probeSilentMs: 1500 }
/** Two readings of the thermostat and one look. */
export const READING_MS = 5000

export const WARM = 90
export const COLD = 30

/** What only the far end knows. */
export interface FarCold {
  readonly climate: { readonly airDeciCelsius: number; readonly isDefrosting: boolean }
  /** Four digits while sales are stopped. */
  readonly display: string | null
}
export const farCold = async (world: World) => (await world.workshop.state()) as unknown as FarCold

export function air(world: World, airDeciCelsius: number): Promise<unknown> {
  return world.workshop.control('climate', { airDeciCelsius, hold: true })
}

export async function coldLog(staff: Staff, world: World): Promise<ColdLog> {
  return (await staff.get(`cabinets/${world.system.cabinetId}/cold`)) as ColdLog
}

/** @returns the lockout as the log has it, once sales are stopped */
export async function lockedOut(
  world: World,
  staff: Staff,
  withinMs = 30_000,
): Promise<ColdLog['lockouts'][number]> {
  let seen: CabinetDetail['cabinet'] | undefined
  await eventually(
    'sales being stopped for food safety',
    async () => {
      seen = (await staff.cabinet()).cabinet
      return seen.isLockedOut
    },
    { withinMs, lastSeen: () => seen },
  )
  const latest = (await coldLog(staff, world)).lockouts[0]
  expectThat(latest?.clearedAtMs === null, `the log has no lockout that lasts: ${JSON.stringify(latest)}`)
  return latest
}

export async function alarmOf(
  staff: Staff,
  kind: string,
  withinMs = 30_000,
): Promise<CabinetDetail['alarms'][number]> {
  let seen: unknown
  return eventually(
    `the alarm ${kind}`,
    async () => {
      const { alarms } = await staff.cabinet()
      seen = alarms.map((alarm) => [alarm.kind, alarm.state])
      return alarms.find((alarm) => alarm.kind === kind && alarm.state !== 'cleared')
    },
    { withinMs, lastSeen: () => seen },
  )
}
export async function noAlarmOf(staff: Staff, kind: string): Promise<void> {
  await eventually(
    `the alarm ${kind} being over`,
    async () =>
      !(await staff.cabinet()).alarms.some((alarm) => alarm.kind === kind && alarm.state !== 'cleared'),
    { withinMs: 30_000 },
  )
}

/** The one who scans now is told why nothing is sold, and nothing was prepared for them. */
export async function refusedAtDoor(world: World, consumer: Consumer, code: string): Promise<void> {
  const answer = await consumer.tryOpen()
  expectThat('refusal' in answer, 'the cabinet was opened although nothing may be sold')
  expectEqual(answer.refusal.code, code, 'what the consumer is told')
  expectEqual((await world.provider.books()).serviceOrders.length, 0, 'orders at the provider')
}

export async function measured(staff: Staff, isSo: (deciCelsius: number) => boolean): Promise<void> {
  let seen: number | null = null
  await eventually(
    'the cabinet measuring it',
    async () => {
      seen = (await staff.cabinet()).cabinet.airDeciCelsius
      return seen !== null && isSo(seen)
    },
    { withinMs: 20_000, lastSeen: () => seen },
  )
}

/** How long `work` took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = clock.monoMs()
  await work()
  return clock.monoMs() - startedMs
}
export async function pass(ms: number): Promise<void> {
  const until = clock.monoMs() + ms
  await eventually('time passing', () => clock.monoMs() >= until, { withinMs: ms + 5000, everyMs: 50 })
}
