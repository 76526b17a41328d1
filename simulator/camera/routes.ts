import type { FastifyInstance } from 'fastify'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Camera } from './camera.ts'

/** `GET /camera/<id>/snapshot.jpg`, as the network cameras of real cabinets answer. */
export function registerCamera(app: FastifyInstance, cameras: ReadonlyMap<string, Camera>) {
  app.get<{ Params: { id: string } }>('/camera/:id/snapshot.jpg', async (request, reply) => {
    const camera = cameras.get(request.params.id)
    if (camera === undefined) {
      throw new CabinetError(
        'not_found',
        `There is no camera ${JSON.stringify(request.params.id)}; known: ${[...cameras.keys()].join(', ')}.`,
      )
    }
    if (camera.mode === 'unreachable') {
      reply.hijack()
      request.raw.socket.destroy()
      return
    }
    reply.header('cache-control', 'no-store')
    if (camera.mode === 'wrong-type') {
      return reply
        .type('text/html')
        .send('<!doctype html><title>401</title><p>Please sign in to the camera.</p>')
    }
    return reply.type('image/jpeg').send(await camera.snapshot())
  })
}
