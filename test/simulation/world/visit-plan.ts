/** How one visit goes; data from the seed. */
export interface VisitPlan {
  readonly atMs: number
  readonly consumerId: string
  readonly cabinetId: string
  /** Where there are two. */
  readonly door: number
  /** Products that are touched, in order; a minus sign puts one back that was taken. */
  readonly touches: readonly string[]
  readonly opens: boolean
  /** Between two touches. */
  readonly pauseMs: number
  /** Opens once more right after closing. */
  readonly opensAgain: boolean
  /** Taps several times. */
  readonly taps: number
  readonly dispute: 'no' | 'item_returned' | 'not_taken' | 'charged_twice' | 'other'
  readonly disputeAfterMs: number
}
