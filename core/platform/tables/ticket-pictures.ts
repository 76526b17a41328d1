export interface TicketPictureTables {
  /** What people add to a question. */
  ticketPicture: {
    pictureId: string
    ticketId: string
    requestId: string
    /** Who added it; null: the consumer of the ticket. */
    staffId: string | null
    atMs: number
    widthPixels: number
    heightPixels: number
    /** Of the JPEG before it was sealed. */
    byteCount: number
    /** A JPEG, sealed with `ticketPicture.sealed/<pictureId>`; null when it is gone. */
    sealed: Uint8Array | null
  }
}
