import { type Kysely, sql } from 'kysely'
import type { CommandView, PartState, TwinPartView } from '#protocol/api/control.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { TWIN_PARTS, type TwinPart } from '#protocol/base/twin-parts.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { Presence, PresenceBook } from './presence.ts'

const COMMANDS_SHOWN = 20
/** An online cabinet answers in seconds; after this it does not. */
const ANSWER_WITHIN_MS = 5 * 60_000
/** What a person filled in; session, stock and the like are for machines. */
const ARGS_SHOWN = new Set(['shelf', 'knownGrams', 'goods', 'camera', 'door', 'kind'])

/** Newest first. */
export async function commandViews(db: Kysely<Tables>, cabinetId: string): Promise<CommandView[]> {
  const rows = await db
    .selectFrom('command')
    .leftJoin('staff', (join) =>
      join.on((eb) => eb('command.by', '=', sql<string>`'staff:' || ${eb.ref('staff.staffId')}`)),
    )
    .selectAll('command')
    .select('staff.displayName as displayName')
    .where('cabinetId', '=', cabinetId)
    .orderBy('command.createdAtMs', 'desc')
    .limit(COMMANDS_SHOWN)
    .execute()
  if (rows.length === 0) return []
  const steps = await db
    .selectFrom('commandStep')
    .selectAll()
    .where(
      'commandId',
      'in',
      rows.map((row) => row.commandId),
    )
    .orderBy('commandId')
    .orderBy('step')
    .execute()
  return rows.map((row) => ({
    commandId: row.commandId,
    name: row.name,
    args: Object.fromEntries(
      Object.entries(JSON.parse(row.args) as Record<string, unknown>).filter(([name]) =>
        ARGS_SHOWN.has(name),
      ),
    ),
    state: row.state as CommandView['state'],
    reason: row.reason,
    detail: row.detail,
    result: row.result === null ? null : (JSON.parse(row.result) as Record<string, unknown>),
    by: row.displayName ?? row.by,
    role: row.role as CommandView['role'],
    cause: row.cause,
    createdAtMs: row.createdAtMs,
    finishedAtMs: row.finishedAtMs,
    steps: steps
      .filter((step) => step.commandId === row.commandId)
      .map(({ state, atMs }) => ({ state: state as CommandView['state'], atMs })),
  }))
}

export interface PartFacts {
  /** The version with which this part was last changed; 0: as it was when the cabinet was made. */
  readonly changedVersion: number
  readonly changedAtMs: number | null
  readonly answeredVersion: number
  readonly status: TwinPartView['status']
}

/** Desired and reported of one part, as one word. Pure. */
export function partState(facts: PartFacts, presence: Presence, nowMs: number): PartState {
  const { changedVersion, changedAtMs, answeredVersion, status } = facts
  if (status !== null && answeredVersion >= changedVersion) return status === 'applied' ? 'in_sync' : status
  if (presence === 'offline' || presence === 'unknown') return 'queued_offline'
  if (changedAtMs !== null && nowMs - changedAtMs > ANSWER_WITHIN_MS) return 'timed_out'
  return 'sending'
}

export async function twinPartViews(
  deps: {
    db: { readonly read: Kysely<Tables> }
    presence: Pick<PresenceBook, 'nowOf'>
    clock: { now(): number }
  },
  cabinetId: string,
): Promise<TwinPartView[]> {
  const { db, presence, clock } = deps
  const twin = await db.read
    .selectFrom('twin')
    .selectAll()
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (twin === undefined) throw new CabinetError('unknown_cabinet')
  const rows = await db.read.selectFrom('twinPart').selectAll().where('cabinetId', '=', cabinetId).execute()
  const wanted: Record<TwinPart, unknown> = {
    service: { isOutOfService: twin.isOutOfService === 1 },
    hours: parsed(twin.sellingHours),
    camera: parsed(twin.cameraPolicy),
    planogram: twin.planogramVersion,
    lockout: parsed(twin.lockout),
  }
  const now = presence.nowOf(cabinetId).presence
  return TWIN_PARTS.map((part) => {
    const row = rows.find((one) => one.part === part)
    const facts = {
      changedVersion: row?.changedVersion ?? 0,
      changedAtMs: row?.changedAtMs ?? null,
      answeredVersion: row?.answeredVersion ?? 0,
      status: row?.status ?? null,
    }
    return {
      part,
      state: partState(facts, now, clock.now()),
      version: facts.changedVersion,
      wanted: wanted[part],
      wantedBy: row?.changedBy ?? null,
      wantedReason: row?.changeReason ?? null,
      wantedAtMs: facts.changedAtMs,
      reported: parsed(row?.value ?? null),
      reportedAtMs: row?.answeredAtMs ?? null,
      status: facts.status,
      reason: row?.reason ?? null,
      detail: row?.detail ?? null,
    }
  })
}

function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown)
}
