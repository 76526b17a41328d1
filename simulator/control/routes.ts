import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { every } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { SERIAL_MODES } from '#simulator/bus/bus.ts'
import { PROBE_MODES } from '#simulator/cabinet/fridge.ts'
import {
  CameraMode,
  CameraName,
  Foreign,
  Lean,
  Network,
  PutBack,
  Restock,
  Take,
  Touch,
  Visit,
} from '#simulator/shoppers/steps.ts'
import { isVisitName, visits } from '#simulator/shoppers/visits.ts'
import type { Parts } from './parts.ts'
import { describeState } from './state.ts'

const closed = { additionalProperties: false } as const
const deciCelsius = { minimum: -400, maximum: 900, description: 'tenths of a degree Celsius' } as const
const Shelf = Take.properties.shelf
const Door = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 1, description: 'from 0; the first when absent' }),
)

const bodies = {
  door: Type.Object(
    { action: Type.Enum(['open', 'close']), isSoft: Type.Optional(Type.Boolean()), door: Door },
    closed,
  ),
  force: Type.Optional(Type.Object({ door: Door }, closed)),
  key: Type.Object({ action: Type.Enum(['turn', 'remove']), door: Door }, closed),
  camera: Type.Object({ mode: CameraMode, camera: CameraName }, closed),
  climate: Type.Object(
    {
      airDeciCelsius: Type.Optional(Type.Integer(deciCelsius)),
      ambientDeciCelsius: Type.Optional(Type.Integer(deciCelsius)),
      hold: Type.Optional(Type.Boolean({ description: 'keep the air there until hold is false' })),
      probe: Type.Optional(Type.Enum(PROBE_MODES)),
      defrost: Type.Optional(Type.Boolean({ description: 'start one, or end the one that runs' })),
    },
    { ...closed, minProperties: 1 },
  ),
  serial: Type.Object({ mode: Type.Enum(SERIAL_MODES) }, closed),
  lock: Type.Object({ fault: Type.Enum(['none', 'jammed', 'refuses', 'undone']), door: Door }, closed),
  shelf: Type.Object({ shelf: Shelf, fault: Type.Enum(['none', 'stuck', 'drift', 'fault']) }, closed),
  load: Type.Object({ shelf: Shelf, action: Type.Enum(['unload', 'reload']) }, closed),
  weight: Type.Object(
    { shelf: Shelf, grams: Type.Number({ minimum: 0, maximum: 20_000, description: '0 takes it away' }) },
    closed,
  ),
  cell: Type.Object({ shelf: Shelf, gain: Type.Number({ minimum: 0.5, maximum: 2 }) }, closed),
  power: Type.Object({ mains: Type.Enum(['on', 'off']) }, closed),
  visit: Type.Object({ name: Type.String(), speed: Visit.properties.speed }, closed),
  empty: Type.Optional(Type.Object({}, closed)),
}

const STREAM_PERIOD_MS = 200
const MOST_STREAMS = 20

/** The technician's controls. Everything here happens at the far end of a wire; edge and core see only its effects. */
export function registerControl(instance: FastifyInstance, parts: Parts) {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  const { cabinet, shopper, sync } = parts
  const state = () => describeState(parts)
  function doorOf({ door = 0 }: { door?: number | undefined }) {
    const own = cabinet.doors[door]
    if (own === undefined)
      throw new CabinetError(
        'not_found',
        `There is no door ${door}; this cabinet has ${cabinet.doors.length}.`,
      )
    return own
  }
  /** Answers with the state after the act, so that a caller sees what it did. */
  function act(run: () => void) {
    sync()
    run()
    return state()
  }

  app.get('/control/state', () => state())
  app.get('/control/visits', () =>
    Object.entries(visits).map(([name, { title, steps }]) => ({ name, title, steps })),
  )
  app.get('/control/goods', () => [...cabinet.products.values()])
  registerStream(instance, parts)

  app.post('/control/door', { schema: { body: bodies.door } }, ({ body }) =>
    act(() =>
      body.action === 'open'
        ? cabinet.openDoor(body.door)
        : cabinet.closeDoor({ isSoft: body.isSoft, door: body.door }),
    ),
  )
  app.post('/control/door-force', { schema: { body: bodies.force } }, ({ body }) =>
    act(() => cabinet.forceDoor(body?.door)),
  )
  app.post('/control/key', { schema: { body: bodies.key } }, ({ body }) =>
    act(() => (body.action === 'turn' ? doorOf(body).turnKey() : doorOf(body).removeKey())),
  )
  app.post('/control/lock', { schema: { body: bodies.lock } }, ({ body }) =>
    act(() => doorOf(body).setFault(body.fault)),
  )
  app.post('/control/take', { schema: { body: Take } }, async ({ body }) => ({
    items: await shopper.take(body),
  }))
  app.post('/control/put-back', { schema: { body: PutBack } }, async ({ body }) => ({
    items: await shopper.putBack(body),
  }))
  app.post('/control/lean', { schema: { body: Lean } }, ({ body }) => act(() => cabinet.lean(body)))
  app.post('/control/touch', { schema: { body: Touch } }, ({ body }) => act(() => cabinet.touch(body)))
  app.post('/control/foreign', { schema: { body: Foreign } }, ({ body }) =>
    act(() => cabinet.addForeign(body)),
  )
  app.post('/control/restock', { schema: { body: Restock } }, ({ body }) => act(() => cabinet.restock(body)))
  app.post('/control/empty-hand', () => act(() => cabinet.emptyHand()))
  app.post('/control/shelf', { schema: { body: bodies.shelf } }, ({ body }) =>
    act(() => cabinet.setCellFault(body.shelf, body.fault)),
  )
  app.post('/control/load', { schema: { body: bodies.load } }, ({ body }) =>
    act(() => (body.action === 'unload' ? cabinet.unload(body.shelf) : cabinet.reload(body.shelf))),
  )
  app.post('/control/weight', { schema: { body: bodies.weight } }, ({ body }) =>
    act(() => cabinet.putWeight(body.shelf, body.grams)),
  )
  app.post('/control/cell', { schema: { body: bodies.cell } }, ({ body }) =>
    act(() => cabinet.setCellGain(body.shelf, body.gain)),
  )
  app.post('/control/camera', { schema: { body: bodies.camera } }, ({ body }) =>
    act(() => parts.setCamera(body.mode, body.camera)),
  )
  app.post('/control/network', { schema: { body: Network } }, ({ body }) =>
    act(() => parts.setNetwork(body.mode, body.delayMs)),
  )
  app.post('/control/serial', { schema: { body: bodies.serial } }, ({ body }) =>
    act(() => parts.bus.setMode(body.mode)),
  )
  app.post('/control/power', { schema: { body: bodies.power } }, ({ body }) =>
    act(() => cabinet.setMains(body.mains === 'on')),
  )
  app.post('/control/climate', { schema: { body: bodies.climate } }, ({ body }) =>
    act(() => {
      if (body.ambientDeciCelsius !== undefined) cabinet.fridge.setAmbient(body.ambientDeciCelsius)
      if (body.airDeciCelsius !== undefined) cabinet.fridge.setAir(body.airDeciCelsius, { hold: body.hold })
      else if (body.hold === true) cabinet.fridge.setAir(cabinet.fridge.airDeciCelsius, { hold: true })
      if (body.hold === false) cabinet.fridge.release()
      if (body.probe !== undefined) cabinet.fridge.setProbe(body.probe)
      if (body.defrost === true) cabinet.fridge.startDefrost()
      if (body.defrost === false) cabinet.fridge.stopDefrost()
    }),
  )
  app.post('/control/shop', { schema: { body: Visit } }, ({ body }) => shopper.play(body))
  app.post('/control/visit', { schema: { body: bodies.visit } }, ({ body }) => {
    if (!isVisitName(body.name)) {
      throw new CabinetError(
        'not_found',
        `There is no visit ${body.name}; known: ${Object.keys(visits).join(', ')}.`,
      )
    }
    return shopper.play({ steps: [...visits[body.name].steps], speed: body.speed })
  })
  app.post('/control/reset', () => {
    shopper.abandon()
    return act(() => {
      cabinet.emptyHand()
      cabinet.reset()
      for (const { id } of parts.cameras) parts.setCamera('clear', id)
      parts.setNetwork('ok', 0)
      parts.bus.setMode('ok')
    })
  })
}

/** `GET /control/stream`: the state five times a second as server-sent events. */
function registerStream(app: FastifyInstance, parts: Parts) {
  let streams = 0
  const ending = new Set<() => void>()
  app.get('/control/stream', (request, reply) => {
    if (streams >= MOST_STREAMS) {
      throw new CabinetError('too_many_requests', `At most ${MOST_STREAMS} pages may watch at a time.`)
    }
    streams++
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    })
    const send = () => {
      // A reader that does not keep up misses states; it never makes us keep them.
      if (!raw.writableNeedDrain) raw.write(`data: ${JSON.stringify(describeState(parts))}\n\n`)
    }
    send()
    const timer = every(parts.clock, 'control-stream', STREAM_PERIOD_MS, send)
    const end = () => {
      if (!ending.delete(end)) return
      streams--
      timer.cancel()
      raw.end()
    }
    ending.add(end)
    request.raw.on('close', end)
  })
  app.addHook('preClose', async () => {
    for (const end of ending) end()
  })
}
