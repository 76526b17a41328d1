import type { Kysely, Selectable } from 'kysely'
import type { Ids } from '#protocol/base/ids.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { ProviderRequest, Reply } from './provider.ts'
import { preparedFor } from '#core/platform/prepared.ts'
import { addRow } from '#core/platform/rows.ts'

const answered = preparedFor(
  (
    db,
    callId: string,
    state: ProviderCallRow['state'],
    status: number | null,
    detail: string | null,
    answeredAtMs: number,
  ) =>
    db.updateTable('providerCall').set({ state, status, detail, answeredAtMs }).where('callId', '=', callId),
)
const latest = preparedFor((db, subjectId: string, operation: ProviderCallRow['operation']) =>
  db
    .selectFrom('providerCall')
    .selectAll()
    .where('subjectId', '=', subjectId)
    .where('operation', '=', operation)
    .orderBy('savedAtMs', 'desc')
    .orderBy('callId', 'desc')
    .limit(1),
)

export type ProviderCallRow = Selectable<Tables['providerCall']>

/** Saves a call before it is sent: its idempotency id and its exact bytes. The body can never be changed (trigger). */
export async function saveCall(
  tx: Tx,
  ids: Ids,
  call: { request: ProviderRequest; subjectId: string; idempotencyKey: string },
): Promise<string> {
  const callId = ids.next('call')
  const { operation, method, path, body } = call.request
  addRow(tx, 'providerCall', {
    callId,
    operation,
    subjectId: call.subjectId,
    idempotencyKey: call.idempotencyKey,
    method,
    path,
    body,
    state: 'saved',
    attempts: 1,
    savedAtMs: nowOf(tx),
    answeredAtMs: null,
    status: null,
    detail: null,
  })
  return callId
}

export async function recordReply(tx: Tx, callId: string, reply: Reply<unknown>): Promise<void> {
  const outcome =
    reply.kind === 'value'
      ? { state: 'answered' as const, status: reply.status, detail: null }
      : reply.kind === 'unknown'
        ? { state: 'unknown' as const, status: null, detail: reply.reason }
        : {
            state: 'refused' as const,
            status: reply.status,
            detail: reply.kind === 'refused' ? `${reply.code} ${reply.message}`.trim() : reply.code,
          }
  await answered(tx, callId, outcome.state, outcome.status, outcome.detail?.slice(0, 500) ?? null, nowOf(tx))
}

/** The last call of an operation on a subject. */
export async function lastCall(
  db: Kysely<Tables>,
  subjectId: string,
  operation: ProviderCallRow['operation'],
): Promise<ProviderCallRow | undefined> {
  const [call] = await latest(db, subjectId, operation)
  return call
}

/** Saved and never answered: this process or the one before it ended in between. Nobody knows whether they took effect. */
export async function markLostCalls(tx: Tx): Promise<number> {
  const result = await tx
    .updateTable('providerCall')
    .set({ state: 'unknown', detail: 'the core was restarted before the answer', answeredAtMs: nowOf(tx) })
    .where('state', '=', 'saved')
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

export function requestOf(call: ProviderCallRow): ProviderRequest {
  return {
    operation: call.operation,
    method: call.method as 'GET' | 'POST',
    path: call.path,
    body: call.body,
  }
}
