import type { Kysely } from 'kysely'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { preparedFor } from '#core/platform/prepared.ts'

/**
 * Why no money is asked for and none is sent back at the moment. What the provider tells is still taken, doors still close,
 * and what was due waits. It outlives a restart: whoever starts the process again has looked at nothing yet.
 */
export interface MoneyStop {
  readonly sinceMs: number
  /** `check`: not looked at yet since the start; `broken`: a promise is broken; `restored`: the provider is asked first. */
  readonly why: 'check' | 'broken' | 'restored' | 'person'
  readonly detail: string
}
/** What was due is looked at again after this time. */
export const STOPPED_LOOK_MS = 1_000

const FACT = 'money.stop'
/** A reason that a person must take away is not replaced by one that goes by itself. */
const WEIGHT: Record<MoneyStop['why'], number> = { check: 0, restored: 1, person: 2, broken: 3 }

const stopped = preparedFor((db) => db.selectFrom('fact').select('value').where('name', '=', FACT))
export async function findMoneyStop(read: Kysely<Tables>): Promise<MoneyStop | undefined> {
  const [row] = await stopped(read)
  return row === undefined ? undefined : (JSON.parse(row.value) as MoneyStop)
}

export async function isMoneyStopped(read: Kysely<Tables>): Promise<boolean> {
  return (await findMoneyStop(read)) !== undefined
}

/** For rare steps that are tried again anyway. @throws while money is stopped */
export async function refuseWhileStopped(tx: Tx): Promise<void> {
  const stop = await findMoneyStop(tx)
  if (stop !== undefined) throw new Error(`money is stopped (${stop.why}: ${stop.detail}); this waits`)
}

/** @returns whether it was not stopped for as heavy a reason before */
export async function stopMoney(tx: Tx, stop: Pick<MoneyStop, 'why' | 'detail'>): Promise<boolean> {
  const before = await findMoneyStop(tx)
  if (before !== undefined && WEIGHT[before.why] >= WEIGHT[stop.why]) return false
  const value = JSON.stringify({ sinceMs: nowOf(tx), ...stop } satisfies MoneyStop)
  await tx
    .insertInto('fact')
    .values({ name: FACT, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
  return true
}

/** @param why  only a stop for this reason; undefined: whatever it was */
export async function letMoneyGoOn(tx: Tx, why?: MoneyStop['why']): Promise<MoneyStop | undefined> {
  const stop = await findMoneyStop(tx)
  if (stop === undefined || (why !== undefined && stop.why !== why)) return undefined
  await tx.deleteFrom('fact').where('name', '=', FACT).execute()
  return stop
}
