import Type from 'typebox'
import { parseValue } from '#protocol/messages/index.ts'
import { parseWeighingPlanogram } from '#protocol/weighing/parse.ts'
import type { WeighingPlanogram, WeighingSample } from '#protocol/weighing/types.ts'
import type { EvidenceStore } from '#core/platform/evidence.ts'

/** A recorded session as the edge uploaded it: everything that its receipt was made from. */
const TraceFile = Type.Object({
  v: Type.Literal(1),
  sessionId: Type.String(),
  planogram: Type.Unknown(),
  sensors: Type.Array(Type.String(), { maxItems: 256 }),
  /** [tMs since the start of the session, door open 0 or 1, grams by sensor …] */
  samples: Type.Array(Type.Array(Type.Union([Type.Number(), Type.Null()]), { minItems: 2 })),
})
export interface Trace {
  readonly planogram: WeighingPlanogram
  readonly samples: readonly WeighingSample[]
}
export type WeightCurve = { shelf: string; points: Array<[number, number]> }

/** @returns undefined when it is not a trace of this session @throws WeighingInputError naming the wrong field of its planogram */
export function parseTrace(text: string, sessionId: string): Trace | undefined {
  const parsed = parseValue(TraceFile, JSON.parse(text))
  if (!parsed.ok || parsed.value.sessionId !== sessionId) return undefined
  const { sensors, samples } = parsed.value
  return {
    planogram: parseWeighingPlanogram(parsed.value.planogram),
    samples: samples.map(([tMs, door, ...grams]) => ({
      tMs: tMs ?? 0,
      door: door === 1 ? 'open' : 'closed',
      grams: Object.fromEntries(sensors.map((sensor, index) => [sensor, grams[index] ?? null])),
    })),
  }
}

const POINTS_MOST = 240

/** Grams by shelf over time, thinned: of each stretch the first, the lowest and the highest, so that no step is lost. */
export function curvesOf(trace: Trace): WeightCurve[] {
  return trace.planogram.shelves.map((shelf) => {
    const sensors = shelf.sensors ?? [shelf.id]
    const whole: Array<[number, number]> = []
    for (const sample of trace.samples) {
      let total = 0
      let isWhole = true
      for (const sensor of sensors) {
        const grams = sample.grams[sensor]
        if (grams === null || grams === undefined) isWhole = false
        else total += grams
      }
      if (isWhole) whole.push([Math.round(sample.tMs), Math.round(total * 10) / 10])
    }
    return { shelf: shelf.id, points: thin(whole) }
  })
}

function thin(points: ReadonlyArray<[number, number]>): Array<[number, number]> {
  if (points.length <= POINTS_MOST) return [...points]
  const stretch = Math.ceil((points.length * 3) / POINTS_MOST)
  const kept: Array<[number, number]> = []
  for (let at = 0; at < points.length; at += stretch) {
    const own = points.slice(at, at + stretch)
    const first = own[0] as [number, number]
    const low = own.reduce((a, b) => (b[1] < a[1] ? b : a))
    const high = own.reduce((a, b) => (b[1] > a[1] ? b : a))
    for (const point of [...new Set([first, low, high])].sort((a, b) => a[0] - b[0])) kept.push(point)
  }
  const last = points.at(-1)
  if (last !== undefined && kept.at(-1) !== last) kept.push(last)
  return kept
}

export interface Traces {
  /** @returns undefined while the cabinet still has to send it, or when it cannot be read */
  find(sessionId: string): Promise<Trace | undefined>
  curves(sessionId: string): Promise<WeightCurve[]>
}
const CURVES_KEPT = 200

/** Traces from the evidence store; drawn curves are remembered, because a page asks again and again. */
export function createTraces(evidence: EvidenceStore): Traces {
  const remembered = new Map<string, WeightCurve[]>()
  async function find(sessionId: string): Promise<Trace | undefined> {
    const refs = await evidence.evidenceOf(sessionId)
    const ref = refs.find((one) => one.kind === 'weight-trace' && one.isUploaded)
    const text = ref === undefined ? undefined : await evidence.readEvidenceText(ref.sha256)
    return text === undefined ? undefined : parseTrace(text, sessionId)
  }
  return {
    find,
    async curves(sessionId) {
      const before = remembered.get(sessionId)
      if (before !== undefined) return before
      const trace = await find(sessionId)
      if (trace === undefined) return []
      const curves = curvesOf(trace)
      remembered.set(sessionId, curves)
      if (remembered.size > CURVES_KEPT) remembered.delete(remembered.keys().next().value as string)
      return curves
    },
  }
}
