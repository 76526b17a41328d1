import type { Ids } from '#protocol/base/ids.ts'
import { nowOf, type Tx } from './database.ts'

/** Raises something that a person must look at; the same kind and subject again counts up instead of piling up. */
export async function raiseIncident(
  tx: Tx,
  ids: Ids,
  incident: { kind: string; subject: string; message: string },
): Promise<void> {
  const atMs = nowOf(tx)
  await tx
    .insertInto('incident')
    .values({
      incidentId: ids.next('incident'),
      ...incident,
      count: 1,
      raisedAtMs: atMs,
      lastAtMs: atMs,
      resolvedAtMs: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'subject'])
        .where('resolvedAtMs', 'is', null)
        .doUpdateSet((eb) => ({
          count: eb('incident.count', '+', 1),
          lastAtMs: atMs,
          message: incident.message,
        })),
    )
    .execute()
}
