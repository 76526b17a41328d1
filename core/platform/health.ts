import { Gauge, type Registry } from 'prom-client'
import { CabinetError } from '#protocol/base/errors.ts'
import type { HttpApp } from './http.ts'

/** GET /healthz for a supervisor, GET /metrics (Prometheus) for this computer only. */
export function registerHealth(
  app: HttpApp,
  deps: {
    metrics: Registry
    isBrokerUp: () => boolean
    counters: () => Readonly<Record<string, number>> | object
    brokerRestarts: () => number
  },
): void {
  const { metrics } = deps
  const config = { access: { kind: 'public' as const } }
  const ingest = new Gauge({
    name: 'core_ingest',
    help: 'what came from cabinets since the start, by kind',
    labelNames: ['kind'],
    registers: [metrics],
    collect() {
      for (const [kind, value] of Object.entries(deps.counters())) this.set({ kind }, Number(value))
    },
  })
  void ingest
  const restarts = new Gauge({
    name: 'core_broker_restarts',
    help: 'how often the embedded broker had to be started again',
    registers: [metrics],
    collect() {
      this.set(deps.brokerRestarts())
    },
  })
  void restarts

  app.get('/healthz', { config }, async (_request, reply) => {
    const isBrokerUp = deps.isBrokerUp()
    return reply.code(isBrokerUp ? 200 : 503).send({ ok: isBrokerUp, broker: isBrokerUp ? 'up' : 'down' })
  })
  app.get('/metrics', { config }, async (request, reply) => {
    if (!['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip)) throw new CabinetError('not_found')
    return reply.type(metrics.contentType).send(await metrics.metrics())
  })
}
