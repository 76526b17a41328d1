import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Addresses of the script and the styles that the consumer pages load. */
export interface PageAssets {
  readonly scripts: readonly string[]
  readonly styles: readonly string[]
}

type Manifest = Record<string, { file: string; css?: string[]; imports?: string[] }>
const ENTRY = 'consumer/consumer.ts'

/**
 * Reads Vite's manifest.
 * @returns no assets when the console was not built: the pages still read, and their forms still work
 */
export function readAssets(distFolder: string): PageAssets {
  const file = path.join(distFolder, '.vite/manifest.json')
  if (!existsSync(file)) return { scripts: [], styles: [] }
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  const scripts: string[] = []
  const styles = new Set<string>()
  function walk(name: string): void {
    const chunk = manifest[name]
    if (chunk === undefined) return
    for (const imported of chunk.imports ?? []) walk(imported)
    for (const style of chunk.css ?? []) styles.add(`/${style}`)
  }
  walk(ENTRY)
  const entry = manifest[ENTRY]
  if (entry !== undefined) scripts.push(`/${entry.file}`)
  return { scripts, styles: [...styles] }
}
