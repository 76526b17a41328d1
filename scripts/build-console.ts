import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

/**
 * Builds console/dist when its sources changed since the last build; says on stderr what it does.
 * `npm start` and the browser tests call `buildConsole()`; `npm run build:console -- --force` builds in any case.
 */
const ROOT = path.resolve(import.meta.dirname, '..')
const CONSOLE = path.join(ROOT, 'console')
const DIST = path.join(CONSOLE, 'dist')
const STAMP = path.join(DIST, '.built-from')
/** What the pages import, besides packages (those are named by the lock file). */
const SOURCES = ['console', 'protocol/base', 'protocol/words', 'protocol/api']

export interface ConsoleBuild {
  folder: string
  /** False when the last build was still right. */
  wasBuilt: boolean
}

/** @throws when a source does not compile; the message is the bundler's. */
export async function buildConsole(
  options: { force?: boolean; say?: (line: string) => void } = {},
): Promise<ConsoleBuild> {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`))
  const wanted = stampOfSources()
  const isCurrent = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted
  if (isCurrent && options.force !== true) return { folder: DIST, wasBuilt: false }
  say('Building the console pages (staff and consumer) …')
  const startedMs = performance.now()
  const { build } = await import('vite')
  // A test runner sets NODE_ENV=test, and Vite would then bundle the development build of Lit for everybody.
  const environment = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    await build({ configFile: path.join(CONSOLE, 'vite.config.ts'), logLevel: 'warn' })
  } finally {
    if (environment === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = environment
  }
  writeFileSync(path.join(DIST, 'staff/addresses.json'), JSON.stringify(await staffAddresses()))
  writeFileSync(STAMP, wanted)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  say(`Built in ${seconds} s: ${sizesOfBuild()}.`)
  return { folder: DIST, wasBuilt: true }
}

/** For the core, which answers every other address under /staff with 404. */
async function staffAddresses(): Promise<string[]> {
  // Compiled with the console's own settings, so only its values are known here.
  const file = pathToFileURL(path.join(CONSOLE, 'staff/routes.ts')).href
  const { ROUTES } = (await import(file)) as { ROUTES: ReadonlyArray<{ path: string }> }
  return ROUTES.map((route) => `/staff${route.path}`)
}

function stampOfSources(): string {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap(filesUnder).sort())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(ROOT, file)))
  for (const file of [path.join(ROOT, 'package-lock.json'), import.meta.filename])
    hash.update(readFileSync(file))
  return hash.digest('hex')
}

function filesUnder(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`
    if (!entry.isDirectory()) return [file]
    return entry.name === 'dist' || entry.name === 'node_modules' ? [] : filesUnder(file)
  })
}

type Manifest = Record<string, { file: string; imports?: string[]; css?: string[]; isEntry?: boolean }>

/**
 * Gzipped KiB of script that each entry needs before it can do anything: itself and its static imports.
 * @param also  by entry, chunks that it loads before its first page shows
 */
export function firstRouteSizes(
  also: Readonly<Record<string, readonly string[]>> = {},
): Record<string, number> {
  const manifest = JSON.parse(readFileSync(path.join(DIST, '.vite/manifest.json'), 'utf8')) as Manifest
  const sizes: Record<string, number> = {}
  for (const [name, chunk] of Object.entries(manifest)) {
    if (chunk.isEntry !== true) continue
    const files = new Set<string>()
    for (const chunkName of [name, ...(also[name] ?? [])]) collect(manifest, chunkName, files)
    let bytes = 0
    for (const file of files) bytes += gzipSync(readFileSync(path.join(DIST, file)), { level: 9 }).length
    sizes[name] = bytes / 1024
  }
  return sizes
}

function collect(manifest: Manifest, name: string, files: Set<string>): void {
  const chunk = manifest[name]
  if (chunk === undefined || files.has(chunk.file)) return
  files.add(chunk.file)
  for (const imported of chunk.imports ?? []) collect(manifest, imported, files)
}

function sizesOfBuild(): string {
  return Object.entries(firstRouteSizes())
    .map(([name, kib]) => `${name.split('/')[0]} ${kib.toFixed(1)} KiB script (gzip)`)
    .join(', ')
}

if (import.meta.main) {
  const force = process.argv.includes('--force')
  const { wasBuilt } = await buildConsole({ force })
  if (!wasBuilt) process.stderr.write('The console pages are up to date.\n')
}
