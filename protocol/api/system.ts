import Type from 'typebox'
import { closed, Id, oneOf, WallMs } from './common.ts'

/** GET /api/staff/system: whether the core itself is well. */
export const SystemView = Type.Object(
  {
    money: Type.Object(
      {
        isStopped: Type.Boolean(),
        why: Type.Union([oneOf(['check', 'broken', 'restored', 'person']), Type.Null()]),
        sinceMs: Type.Union([WallMs, Type.Null()]),
        detail: Type.Union([Type.String(), Type.Null()]),
        waitingCharges: Type.Integer({ description: 'charges that are due and wait' }),
        waitingRefunds: Type.Integer({ description: 'refunds that are due and wait' }),
      },
      closed,
    ),
    check: Type.Union([
      Type.Object(
        {
          atMs: WallMs,
          kind: oneOf(['new', 'all']),
          tookMs: Type.Integer(),
          isOk: Type.Boolean(),
          failure: Type.Union([Type.String(), Type.Null()]),
          violations: Type.Array(
            Type.Object(
              {
                invariantId: Type.String(),
                title: Type.String(),
                subject: Type.String(),
                message: Type.String(),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
      Type.Null(),
    ]),
    disk: Type.Object(
      {
        freeBytes: Type.Integer(),
        isLow: Type.Boolean({ description: 'no new sessions are opened' }),
      },
      closed,
    ),
    backup: Type.Object(
      {
        isOn: Type.Boolean(),
        lastAtMs: Type.Union([WallMs, Type.Null()]),
        lastBytes: Type.Union([Type.Integer(), Type.Null()]),
        isLate: Type.Boolean(),
        failure: Type.Union([Type.String(), Type.Null()]),
        kept: Type.Integer(),
      },
      closed,
    ),
    incidents: Type.Array(
      Type.Object(
        {
          incidentId: Id,
          kind: Type.String(),
          subject: Type.String(),
          message: Type.String(),
          count: Type.Integer(),
          raisedAtMs: WallMs,
          lastAtMs: WallMs,
        },
        closed,
      ),
    ),
    isSomebodyCalled: Type.Boolean({ description: 'an address of the person on duty is configured' }),
  },
  closed,
)
export type SystemView = Type.Static<typeof SystemView>

/** POST /api/staff/system/money/resume, /api/staff/system/money/stop and /api/staff/system/incidents/:incidentId/resolve */
export const SystemNote = Type.Object({ note: Type.String({ minLength: 3, maxLength: 500 }) }, closed)
export type SystemNote = Type.Static<typeof SystemNote>
