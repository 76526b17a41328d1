import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { HttpApp } from '#core/platform/http.ts'
import { CabinetError } from '#protocol/base/errors.ts'

const PUBLIC = { config: { access: { kind: 'public' as const } }, exposeHeadRoute: true }
const YEAR_SECONDS = 31_536_000
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
}

interface BuiltFile {
  readonly type: string
  readonly body: Buffer
  /** Left out when it would not be smaller. */
  readonly gzipped: Buffer | undefined
}

/**
 * The built console: files under /assets/ (named by their hash, so kept for a year) and the staff page for every address
 * under /staff. The files are few and small; they are read and compressed once, and a name that was not built cannot be
 * asked for. Without a build /staff says how to make one; the consumer pages work plainly.
 */
export function registerConsoleFiles(app: HttpApp, distFolder: string): void {
  const files = readBuiltFiles(path.join(distFolder, 'assets'))
  app.get<{ Params: { '*': string } }>('/assets/*', PUBLIC, (request, reply) => {
    const file = files.get(request.params['*'])
    if (file === undefined) throw new CabinetError('not_found')
    reply
      .type(file.type)
      .header('cache-control', `public, max-age=${YEAR_SECONDS}, immutable`)
      .header('vary', 'accept-encoding')
    const takesGzip = request.headers['accept-encoding']?.includes('gzip') === true
    if (file.gzipped === undefined || !takesGzip) return reply.send(file.body)
    return reply.header('content-encoding', 'gzip').send(file.gzipped)
  })

  const shellFile = path.join(distFolder, 'staff/index.html')
  const shell = existsSync(shellFile) ? readFileSync(shellFile, 'utf8') : undefined
  const isPage = readStaffAddresses(path.join(distFolder, 'staff/addresses.json'))
  for (const address of ['/staff', '/staff/*'])
    app.get(address, PUBLIC, (request, reply) => {
      if (shell === undefined)
        return reply
          .code(503)
          .type('text/plain; charset=utf-8')
          .send('The console has not been built. Run: npm run build:console\n')
      // The console itself says that there is nothing here; the status says it to everybody else.
      const status = isPage(request.url.split('?')[0] ?? '') ? 200 : 404
      return reply.code(status).type('text/html; charset=utf-8').send(shell)
    })
}

/** The console's addresses, as its build wrote them down. */
function readStaffAddresses(file: string): (pathname: string) => boolean {
  if (!existsSync(file)) return () => true
  const patterns = (JSON.parse(readFileSync(file, 'utf8')) as string[]).map(
    (pathname) => new URLPattern({ pathname }),
  )
  return (pathname) => pathname === '/staff' || patterns.some((pattern) => pattern.test({ pathname }))
}

function readBuiltFiles(folder: string): Map<string, BuiltFile> {
  const files = new Map<string, BuiltFile>()
  if (!existsSync(folder)) return files
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const body = readFileSync(file)
    const gzipped = gzipSync(body, { level: 9 })
    files.set(path.relative(folder, file).split(path.sep).join('/'), {
      type: TYPES[path.extname(entry.name)] ?? 'application/octet-stream',
      body,
      gzipped: gzipped.length < body.length ? gzipped : undefined,
    })
  }
  return files
}
