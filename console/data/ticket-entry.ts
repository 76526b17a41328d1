import type { ENTRY_CHANNELS as Channels, TicketEvent } from '#protocol/api/tickets.ts'
import { hasTicketWord, ticketWord } from '../words/tickets.ts'
import { ApiError } from './api.ts'

/** What a person may enter, in the order of how often it is asked. The core's table says what each needs. */
export const ENTRY_TYPE_NAMES = [
  'order_query',
  'refund_request',
  'charged_twice',
  'item_returned',
  'not_taken',
  'wrong_item',
  'charged_late',
  'camera_blocked',
  'quality',
  'purchase_help',
  'cabinet_trouble',
  'complaint',
  'cabinet_use',
  'temperature',
  'restock',
  'emergency',
  'other',
] as const

/** How it may reach somebody who enters it. */
export const ENTRY_CHANNELS = [
  'hotline',
  'console',
  'email',
  'social',
  'code',
] as const satisfies typeof Channels

/** One line of a ticket's history in words. */
export function eventText(event: TicketEvent): string {
  const key = `event.${event.what}`
  const by = event.by === '' ? ticketWord('aRule') : event.by
  return hasTicketWord(key) ? ticketWord(key, { ...event.values, by }) : event.what.replaceAll('_', ' ')
}

/** What others did since this page was loaded, as a refused change says it; empty when it does not. */
export function changesOf(error: unknown): string {
  if (!(error instanceof ApiError) || error.code !== 'conflict') return ''
  const { changes } = error.details
  return Array.isArray(changes) ? (changes as TicketEvent[]).map(eventText).join(' · ') : ''
}

/** The fields that the core found wrong, by key. */
export function wrongFields(error: unknown): ReadonlyMap<string, 'missing' | 'wrong'> {
  if (!(error instanceof ApiError) || error.code !== 'intake_invalid') return new Map()
  const { fields } = error.details
  return new Map(
    (Array.isArray(fields) ? (fields as Array<{ key: string; problem: string }>) : []).map(
      ({ key, problem }) => [key, problem === 'missing' ? 'missing' : 'wrong'] as const,
    ),
  )
}
