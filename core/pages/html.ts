/** Text that is already markup. Only `html` and `raw` make it, so whatever else is put into a page is escaped. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

/** What may stand in a template: text and numbers are escaped, lists are joined, nothing-values vanish. */
export type Content = Markup | string | number | false | null | undefined | readonly Content[]

/** A template that escapes what is put into it: html`<p title="${name}">${name}</p>`. Attributes need their quotes. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let text = strings[0] ?? ''
  for (const [i, content] of contents.entries()) text += render(content) + (strings[i + 1] ?? '')
  return new Markup(text)
}

/** Markup from a source that we wrote ourselves: drawings, icons. Never from data. */
export function raw(text: string): Markup {
  return new Markup(text)
}

/** Data for a script, inside `<script type="application/json">`: closing tags and comments cannot be formed. */
export function json(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  )
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(render).join('')
  return escape(String(content))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}
