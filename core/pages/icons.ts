import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Markup, raw } from './html.ts'

const require = createRequire(import.meta.url)
const drawn = new Map<string, Markup>()

/** A drawing of lucide-static, read once. Hidden from screen readers: a word always stands beside it. @throws on an unknown name */
export function icon(name: string): Markup {
  const found = drawn.get(name)
  if (found !== undefined) return found
  const file = readFileSync(require.resolve(`lucide-static/icons/${name}.svg`), 'utf8')
  const svg = file
    .replace(/<!--[^]*?-->\s*/, '')
    .replace(/\s+/g, ' ')
    .replace('<svg', '<svg aria-hidden="true" focusable="false"')
  const made = raw(svg)
  drawn.set(name, made)
  return made
}
