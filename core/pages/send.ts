import { gzipSync } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import type { Refusal } from './consumer-api.ts'
import type { PageContext } from './context.ts'
import type { Markup } from './html.ts'
import { problemPage } from './views/plain.ts'

export function sendProblem(
  reply: FastifyReply,
  page: PageContext,
  refusal: Refusal,
  about: 'order' | 'orders' | 'other',
): FastifyReply {
  return send(reply, problemPage(page, refusal, about), refusal.status)
}

/** Compressed here, because these pages are mostly repeated markup and a phone waits for every byte. */
export function send(reply: FastifyReply, page: Markup, status = 200): FastifyReply {
  void reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('vary', 'cookie, accept-language, accept-encoding')
    .type('text/html; charset=utf-8')
  const takesGzip = reply.request.headers['accept-encoding']?.includes('gzip') === true
  return takesGzip
    ? reply.header('content-encoding', 'gzip').send(gzipSync(page.text))
    : reply.send(page.text)
}
