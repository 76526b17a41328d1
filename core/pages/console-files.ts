import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const PUBLIC = { config: { access: { kind: 'public' as const } } }

/**
 * The built console: hashed files under /assets/ (kept for a year), and the staff page for every address under /staff.
 * Without a build /staff says how to make one; the consumer pages work plainly.
 */
export async function registerConsoleFiles(app: FastifyInstance, distFolder: string): Promise<void> {
  const assets = path.join(distFolder, 'assets')
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: { kind: 'public' } }
    })
    if (existsSync(assets))
      await scope.register(fastifyStatic, {
        root: assets,
        prefix: '/assets/',
        decorateReply: false,
        immutable: true,
        maxAge: '365d',
        index: false,
      })
  })
  const shellFile = path.join(distFolder, 'staff/index.html')
  const shell = existsSync(shellFile) ? readFileSync(shellFile, 'utf8') : undefined
  for (const address of ['/staff', '/staff/*'])
    app.get(address, PUBLIC, (_request, reply) => {
      if (shell === undefined)
        return reply
          .code(503)
          .type('text/plain; charset=utf-8')
          .send('The console has not been built. Run: npm run build:console')
      return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(shell)
    })
}
