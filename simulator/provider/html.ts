/** A piece of HTML whose values have been escaped. */
export interface Html {
  readonly html: string
}
type Value = Html | string | number | null | undefined | false | readonly Value[]

function escape(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c,
  )
}

function render(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  if ('html' in value) return value.html
  return value.map(render).join('')
}

/** Tagged template: everything put in is escaped unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  let out = strings[0] ?? ''
  for (const [index, value] of values.entries()) out += render(value) + (strings[index + 1] ?? '')
  return { html: out }
}

/** For text written in this repository only. */
export function trusted(text: string): Html {
  return { html: text }
}
