import Type from 'typebox'
import { Id, WallMs } from './common.ts'

/**
 * Pictures that people add to a question.
 *
 * POST /api/consumer/disputes/:disputeId/pictures?requestId=… with the picture as the body, one a request → 201 DisputeView
 * GET  /api/consumer/disputes/:disputeId/pictures/:pictureId → the picture
 * POST /api/staff/tickets/:ticketId/pictures?requestId=… → 201 TicketDetail (what somebody sent by e-mail, for example)
 * GET  /api/staff/tickets/:ticketId/pictures/:pictureId → the picture; each look is in the audit log
 *
 * Errors: bad_picture (no JPEG, PNG or WebP that can be shown), too_many_pictures, payload_too_large.
 */
export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const
/** What one request may carry, 8 MiB: a photograph of a phone. Our own pages send much less. */
export const PICTURE_BYTES_MOST = 8 * 1024 * 1024
export const PICTURES_OF_CONSUMER_MOST = 3
export const PICTURES_OF_STAFF_MOST = 6

const closed = { additionalProperties: false } as const

export const TicketPicture = Type.Object(
  {
    pictureId: Id,
    from: Type.Union([Type.Literal('consumer'), Type.Literal('staff')]),
    atMs: WallMs,
    widthPixels: Type.Integer(),
    heightPixels: Type.Integer(),
    /** It has outlived what the privacy page promises, or was erased. */
    isGone: Type.Boolean(),
  },
  closed,
)
export type TicketPicture = Type.Static<typeof TicketPicture>
/** The same request sent again is the same picture. */
export const PictureQuery = Type.Object({ requestId: Type.String({ pattern: '^[a-z0-9-]{8,64}$' }) }, closed)
