/**
 * Texts that the server and the pages share: the story of an order, outcomes, notices, refusals.
 * English is the type; Chinese must satisfy it, so a missing text fails the type check. `{name}` is filled from values.
 */
export type Language = 'zh' | 'en'
export type Values = Readonly<Record<string, string | number>>

/** Fills `{name}`. An unknown name stays visible, so that a mistake is seen and not silently empty. */
export function fill(template: string, values: Values = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  )
}

/** The best of our languages for an Accept-Language header; Chinese when nothing fits, because the cabinets stand there. */
export function chooseLanguage(asked: string | undefined, acceptLanguage: string | undefined): Language {
  if (asked === 'zh' || asked === 'en') return asked
  for (const part of (acceptLanguage ?? '').split(',')) {
    const tag = part.trim().split(';')[0]?.toLowerCase() ?? ''
    if (tag.startsWith('zh')) return 'zh'
    if (tag.startsWith('en')) return 'en'
  }
  return 'zh'
}
