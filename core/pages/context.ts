import { formatClock, formatExactClock, formatMoment } from '#protocol/words/format.ts'
import { type Bilingual } from '#protocol/api/common.ts'
import type { Language } from '#protocol/words/words.ts'
import type { PageAssets } from './assets.ts'
import { type Word, wordsIn } from './words/words.ts'

/** What every view needs to know about its reader and the moment. Views are pure: the present and new ids are in here. */
export interface PageContext {
  readonly language: Language
  readonly t: Word
  /** Address of this page without its query. */
  readonly path: string
  readonly nowMs: number
  /** IANA name; the cabinets' zone, so that a page agrees with the clock on the wall. */
  readonly timeZone: string
  readonly assets: PageAssets
  /** Telephone number of support, as people write it. */
  readonly contact: string
  /** An id for a form of this page: the same form sent twice is one request. */
  newRequestId(): string
}

export function createContext(base: Omit<PageContext, 't'>): PageContext {
  return { ...base, t: wordsIn(base.language) }
}

export function choose(page: PageContext, text: Bilingual): string {
  return page.language === 'zh' ? text.zh : text.en
}
export function moment(page: PageContext, atMs: number): string {
  return formatMoment(page.language, atMs, page.nowMs, page.timeZone)
}
export function clock(page: PageContext, atMs: number): string {
  return formatClock(page.language, atMs, page.timeZone)
}
export function exactClock(page: PageContext, atMs: number): string {
  return formatExactClock(page.language, atMs, page.timeZone)
}
/** `s3` is painted on no shelf; people count them: 3. Other names stay. */
export function shelfNumber(shelfId: string): string {
  return /^s\d+$/.test(shelfId) ? shelfId.slice(1) : shelfId
}
/** 1250 → `12.50`: texts bring their own `¥`. */
export function yuan(fen: number): string {
  return (fen / 100).toFixed(2)
}
