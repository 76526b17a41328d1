export interface ReportTables {
  /** What a month came to, as it was when it was made. */
  monthSummary: {
    month: string
    /** Empty for all cabinets. */
    operator: string
    version: number
    /** JSON of `SupportReport`. */
    report: string
    /** JSON of sentences. */
    textZh: string
    textEn: string
    madeAtMs: number
    madeBy: string
  }
}
