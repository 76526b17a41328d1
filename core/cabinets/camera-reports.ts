import type { Kysely } from 'kysely'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { EventContext } from '#core/ingest/handlers.ts'
import { directSql, type Tx } from '#core/platform/database.ts'
import type { Tables } from '#core/platform/tables/index.ts'

export type CameraState = 'clear' | 'blocked' | 'frozen' | 'unreachable'

/** Of several cameras the worst names the state of the cabinet. */
const WORST_FIRST: readonly CameraState[] = ['unreachable', 'frozen', 'blocked']

function stateOf(trouble: string | null): CameraState {
  if (trouble === null) return 'clear'
  return trouble === 'unreachable' || trouble === 'frozen' ? trouble : 'blocked'
}

/** @param trouble  what this camera has now, null: it sees. @returns the state of all cameras together */
export function noteCamera(
  tx: Tx,
  { cabinetId, occurredAtMs }: EventContext,
  camera: string,
  trouble: string | null,
): CameraState {
  const sql = directSql(tx)
  sql.run(
    `INSERT INTO cameraReport (cabinetId, camera, trouble, sinceMs) VALUES (?, ?, ?, ?)
      ON CONFLICT (cabinetId, camera) DO UPDATE SET trouble = excluded.trouble, sinceMs = excluded.sinceMs`,
    cabinetId,
    camera,
    trouble,
    occurredAtMs,
  )
  const troubles = sql.all<{ trouble: string }>(
    'SELECT trouble FROM cameraReport WHERE cabinetId = ? AND trouble IS NOT NULL',
    cabinetId,
  )
  const states = new Set(troubles.map((row) => stateOf(row.trouble)))
  return WORST_FIRST.find((state) => states.has(state)) ?? 'clear'
}

/**
 * Every camera that the cabinet says it has, and every one that has ever been in trouble.
 * @param live  what it said of each just now; undefined while it is not heard
 */
export async function cameraViews(
  db: Kysely<Tables>,
  cabinetId: string,
  live: Readonly<Record<string, CameraState>> | undefined,
): Promise<CabinetDetail['cameras']> {
  const rows = await db
    .selectFrom('cameraReport')
    .select(['camera', 'trouble', 'sinceMs'])
    .where('cabinetId', '=', cabinetId)
    .orderBy('camera')
    .execute()
  const known = new Map(rows.map((row) => [row.camera, row]))
  const ids = [...new Set([...known.keys(), ...Object.keys(live ?? {})])].toSorted()
  return ids.map((camera) => {
    const row = known.get(camera)
    const state = live?.[camera] ?? stateOf(row?.trouble ?? null)
    return {
      camera,
      state,
      trouble: state === 'clear' ? null : (row?.trouble ?? state),
      sinceMs: row === undefined || state !== stateOf(row.trouble) ? null : row.sinceMs,
    }
  })
}
