import type { CallBackPlan, CallBackResult, CallBackRule, CallBackView } from '#protocol/api/call-backs.ts'
import type { ImprovementView } from '#protocol/api/improvements.ts'
import type { ReportTableKey } from '#protocol/api/reports.ts'
import type { TicketResolve } from '#protocol/api/staff/tickets.ts'

/** The choices of pages, in the order in which they are shown. */
export const CALL_BACK_VIEWS: readonly CallBackView[] = ['due', 'coming', 'ended']
export const CALL_BACK_RESULTS: readonly CallBackResult[] = [
  'reached',
  'not_reached',
  'refused',
  'wants_reopen',
]
export const CALL_BACK_CALENDARS: ReadonlyArray<CallBackPlan['calendar']> = ['desk', 'office']
export const CALL_BACK_AUDIENCES: ReadonlyArray<CallBackRule['audience']> = ['agent', 'lead']
export const CALL_BACK_CHANNELS: ReadonlyArray<CallBackRule['channel']> = ['phone', 'message']
export const IMPROVEMENT_VIEWS: readonly ImprovementView[] = ['open', 'mine', 'late', 'ended']
export const ROOT_CAUSES: ReadonlyArray<TicketResolve['rootCause']> = [
  'weighing',
  'camera',
  'network',
  'provider',
  'planogram',
  'quality',
  'operation',
  'power',
  'hardware',
]
export const REPORT_TABLES: readonly ReportTableKey[] = [
  'figures',
  'types',
  'causes',
  'refunds',
  'cabinets',
  'products',
  'days',
]
