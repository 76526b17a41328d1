import fastify, { type FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import { CabinetError, ERRORS, type ErrorCode, messageOf } from '#protocol/base/errors.ts'

/** An HTTP server whose errors are the catalogue's: `{ code, message }` and a sentence that says what to do. */
export function createServer(): FastifyInstance {
  const app = fastify({
    bodyLimit: 256 * 1024,
    forceCloseConnections: true,
    // A step is one of many shapes: removing what the first shape does not know would spoil it for the right one.
    ajv: { customOptions: { removeAdditional: false } },
  })
  // Some controls take no body; a client that sends the header anyway is not wrong.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body)
    if (text.trim() === '') return done(null, undefined)
    try {
      done(null, JSON.parse(text))
    } catch (error) {
      done(new CabinetError('bad_request', `The body is no JSON: ${messageOf(error)}.`), undefined)
    }
  })
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send(errorBody('not_found', `There is no ${request.method} ${request.url} here.`)),
  )
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof CabinetError) {
      const details = Object.keys(error.context).length > 0 ? error.context : undefined
      return reply.status(error.entry.status).send({ code: error.code, message: error.message, details })
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    const code: ErrorCode = status === 413 ? 'payload_too_large' : status < 500 ? 'bad_request' : 'internal'
    return reply.status(ERRORS[code].status).send(errorBody(code, `${sentence(messageOf(error))}`))
  })
  return app
}

/** @throws CabinetError port_taken naming the flag */
export async function listen(
  app: FastifyInstance,
  options: { host: string; port: number; flag: string },
): Promise<number> {
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (isTaken)
      throw new CabinetError('port_taken', `Port ${options.port} (${options.flag}) is in use.`, {
        cause: error,
      })
    throw new CabinetError(
      'config_invalid',
      `Cannot listen on ${options.host}:${options.port} (${options.flag}): ${messageOf(error)}.`,
      { cause: error },
    )
  }
  return (app.server.address() as AddressInfo).port
}

function errorBody(code: ErrorCode, detail: string) {
  return { code, message: new CabinetError(code, detail).message }
}
function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}
