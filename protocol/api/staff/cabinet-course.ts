import { closed, Fen, Id, oneOf, SESSION_STATES, WallMs } from '#protocol/api/common.ts'
import Type from 'typebox'

/**
 * GET /api/staff/tickets/:ticketId/cabinet: what happened at the cabinet of a ticket around the time when it was asked, the
 * newest first. It is the evidence of a question that came without an order.
 */
export const CabinetCourse = Type.Object(
  {
    fromMs: WallMs,
    untilMs: WallMs,
    /** When the question was asked. */
    askedAtMs: WallMs,
    visits: Type.Array(
      Type.Object(
        {
          sessionId: Id,
          kind: oneOf(['sale', 'restock', 'service']),
          state: oneOf(SESSION_STATES),
          deniedReason: Type.Union([Type.Null(), Type.String({ description: 'an error code' })]),
          requestedAtMs: WallMs,
          openedAtMs: Type.Union([Type.Null(), WallMs]),
          closedAtMs: Type.Union([Type.Null(), WallMs]),
          /** Left out for readers who may not see orders; its amount, until it is known who calls about it. */
          order: Type.Union([
            Type.Null(),
            Type.Object({ orderId: Id, totalFen: Type.Union([Type.Null(), Fen]) }, closed),
          ]),
          /** The visit of whoever asked. */
          isOfAsker: Type.Boolean(),
        },
        closed,
      ),
    ),
    alarms: Type.Array(
      Type.Object(
        {
          alarmId: Id,
          kind: Type.String(),
          state: oneOf(['raised', 'acknowledged', 'cleared', 'shelved']),
          raisedAtMs: WallMs,
          clearedAtMs: Type.Union([Type.Null(), WallMs]),
          key: Type.String(),
          values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type CabinetCourse = Type.Static<typeof CabinetCourse>
