import type { ShiftKind } from '#protocol/api/team.ts'

export interface TeamTables {
  shift: {
    shiftId: string
    staffId: string
    kind: ShiftKind
    startsAtMs: number
    endsAtMs: number
    handOverToId: string | null
    note: string
    createdBy: string
    createdAtMs: number
    cancelledAtMs: number | null
  }
  courseVersion: {
    courseKey: string
    version: number
    /** JSON: `Course`. */
    course: string
    savedBy: string
    savedAtMs: number
    reason: string
  }
  assessment: {
    assessmentId: string
    courseKey: string
    courseVersion: number
    staffId: string
    atMs: number
    theoryPercent: number
    practicePercent: number
    totalPercent: number
    isPassed: number
    validUntilMs: number | null
    assessorId: string
    note: string
  }
  holidayYear: {
    year: number
    version: number
    /** JSON: `HolidayYear`. */
    days: string
    savedBy: string
    savedAtMs: number
    reason: string
  }
}
