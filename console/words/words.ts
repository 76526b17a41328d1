import { chooseLanguage, fill, type Language, type Values } from '#protocol/words/words.ts'

/**
 * A typed catalogue of texts. English is the type and Chinese must satisfy it, so a missing text fails the type check:
 *
 *     export const word = catalogue({ save: 'Save', count: '{count} orders' }, { save: '保存', count: '{count} 笔订单' })
 *     word('count', { count: 3 })
 */
export type Word<Key extends string> = (key: Key, values?: Values) => string

export function catalogue<const English extends Record<string, string>>(
  en: English,
  zh: Record<keyof English, string>,
): Word<Extract<keyof English, string>> {
  return (key, values) => fill((current === 'zh' ? zh : en)[key] ?? key, values)
}

/** Both languages of one area, for a catalogue that is put together from several files. English is the type here too. */
export function texts<const English extends Record<string, string>>(
  en: English,
  zh: Record<keyof NoInfer<English>, string>,
): { readonly en: English; readonly zh: Record<keyof English, string> } {
  return { en, zh }
}

const COOKIE = 'lang'
const CHANGED = 'languagechange-console'
let current: Language = initialLanguage()

/** Address first, then the cookie that the pages share with the server, then the browser. */
function initialLanguage(): Language {
  if (typeof document === 'undefined') return 'en'
  const asked = new URLSearchParams(location.search).get('lang') ?? cookieValue()
  return chooseLanguage(asked ?? undefined, navigator.languages.join(','))
}
function cookieValue(): string | undefined {
  return document.cookie
    .split('; ')
    .find((part) => part.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1)
}

export function language(): Language {
  return current
}

/** Remembers the choice for a year, marks the document, and tells every listener, so that pages render again. */
export function setLanguage(next: Language): void {
  current = next
  document.cookie = `${COOKIE}=${next}; path=/; max-age=31536000; samesite=lax`
  markDocument()
  dispatchEvent(new Event(CHANGED))
}
export function onLanguage(run: () => void): () => void {
  addEventListener(CHANGED, run)
  return () => removeEventListener(CHANGED, run)
}
export function markDocument(): void {
  document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en'
}

/** The side of a `Bilingual` that the reader wants. */
export function choose(text: { readonly zh: string; readonly en: string }): string {
  return current === 'zh' ? text.zh : text.en
}
