import type { WeighingPlanogram, WeighingProduct, WeighingSample, WeighingShelf } from './types.ts'

/** A field of a planogram, trace or batch that is not what it must be; `field` is a path such as `shelves[1].id`. */
export class WeighingInputError extends Error {
  override readonly name = 'WeighingInputError'
  readonly field: string

  constructor(field: string, expected: string, value: unknown) {
    super(`field ${field} must be ${expected}, not ${show(value)}`)
    this.field = field
  }
}

export type WeighingBatchLine = {
  id: string | number
  planogram: WeighingPlanogram
  tMs: number[]
  doorOpenMs: number | null
  doorClosedMs: number | null
  grams: Record<string, Array<number | null>>
}

const mostShelves = 64
const mostProductsPerShelf = 200
const mostSensorsPerShelf = 64
const mostGrams = 1e6

/** @throws WeighingInputError that names the first wrong field */
export function parseWeighingPlanogram(value: unknown, at = ''): WeighingPlanogram {
  const object = objectAt(value, at === '' ? 'planogram' : at)
  const prefix = at === '' ? '' : `${at}.`
  const list = listAt(object.shelves, `${prefix}shelves`, 1, mostShelves)
  const shelfIds = new Set<string>()
  const sensorIds = new Set<string>()
  const shelves = list.map((item, i) => {
    const field = `${prefix}shelves[${i}]`
    const shelf = parseShelf(item, field)
    if (shelfIds.has(shelf.id)) throw new WeighingInputError(`${field}.id`, 'unique', shelf.id)
    shelfIds.add(shelf.id)
    for (const sensor of shelf.sensors ?? [shelf.id]) {
      if (sensorIds.has(sensor)) {
        throw new WeighingInputError(`${field}.sensors`, 'sensors that no other shelf has', sensor)
      }
      sensorIds.add(sensor)
    }
    return shelf
  })
  return { shelves }
}

function parseShelf(value: unknown, field: string): WeighingShelf {
  const object = objectAt(value, field)
  const id = textAt(object.id, `${field}.id`)
  const sensors = object.sensors === undefined ? undefined : sensorsAt(object.sensors, `${field}.sensors`)
  const products = listAt(object.products, `${field}.products`, 0, mostProductsPerShelf).map((item, i) =>
    parseProduct(item, `${field}.products[${i}]`, sensors ?? [id]),
  )
  const skus = new Set<string>()
  products.forEach((product, i) => {
    if (skus.has(product.sku)) {
      throw new WeighingInputError(`${field}.products[${i}].sku`, 'listed once per shelf', product.sku)
    }
    skus.add(product.sku)
  })
  const foreignGrams =
    object.foreignGrams === undefined
      ? undefined
      : listAt(object.foreignGrams, `${field}.foreignGrams`, 0, 50).map((grams, i) =>
          numberAt(grams, `${field}.foreignGrams[${i}]`, 0, mostGrams, true),
        )
  return {
    id,
    ...(sensors === undefined ? {} : { sensors }),
    products,
    ...(foreignGrams === undefined ? {} : { foreignGrams }),
  }
}

function parseProduct(value: unknown, field: string, shelfSensors: readonly string[]): WeighingProduct {
  const object = objectAt(value, field)
  const sku = textAt(object.sku, `${field}.sku`)
  const unitGrams = numberAt(object.unitGrams, `${field}.unitGrams`, 0, mostGrams, true)
  const sigmaGrams =
    object.sigmaGrams === undefined || object.sigmaGrams === null
      ? undefined
      : numberAt(object.sigmaGrams, `${field}.sigmaGrams`, 0, unitGrams, false)
  const meanErrorGrams =
    object.meanErrorGrams === undefined || object.meanErrorGrams === null
      ? undefined
      : numberAt(object.meanErrorGrams, `${field}.meanErrorGrams`, 0, unitGrams, false)
  const stock = wholeAt(object.stock, `${field}.stock`, 10_000)
  const priceFen = wholeAt(object.priceFen, `${field}.priceFen`, 100_000_000)
  const sensors = object.sensors === undefined ? undefined : sensorsAt(object.sensors, `${field}.sensors`)
  sensors?.forEach((sensor) => {
    if (!shelfSensors.includes(sensor)) {
      throw new WeighingInputError(
        `${field}.sensors`,
        `sensors of its shelf (${shelfSensors.join(', ')})`,
        sensor,
      )
    }
  })
  return {
    sku,
    unitGrams,
    stock,
    priceFen,
    ...(sigmaGrams === undefined ? {} : { sigmaGrams }),
    ...(meanErrorGrams === undefined ? {} : { meanErrorGrams }),
    ...(sensors === undefined ? {} : { sensors }),
  }
}

/** @throws WeighingInputError that names the first wrong field */
export function parseWeighingSample(value: unknown): WeighingSample {
  const object = objectAt(value, 'sample')
  const tMs = numberAt(object.tMs, 'tMs', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false)
  if (object.door !== 'open' && object.door !== 'closed') {
    throw new WeighingInputError('door', '"open" or "closed"', object.door)
  }
  const grams = objectAt(object.grams, 'grams')
  for (const [sensor, reading] of Object.entries(grams)) {
    if (reading !== null && typeof reading !== 'number') {
      throw new WeighingInputError(`grams.${sensor}`, 'a number or null', reading)
    }
  }
  return { tMs, door: object.door, grams: grams as Record<string, number | null> }
}

/** @throws WeighingInputError that names the first wrong field */
export function parseWeighingBatchLine(value: unknown): WeighingBatchLine {
  const object = objectAt(value, 'line')
  if (typeof object.id !== 'string' && typeof object.id !== 'number') {
    throw new WeighingInputError('id', 'a text or a number', object.id)
  }
  const planogram = parseWeighingPlanogram(object.planogram, 'planogram')
  const tMs = listAt(object.tMs, 'tMs', 0, 10_000_000)
  tMs.forEach((stamp, i) => {
    numberAt(stamp, `tMs[${i}]`, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false)
  })
  const grams = objectAt(object.grams, 'grams')
  for (const [sensor, series] of Object.entries(grams)) {
    const readings = listAt(series, `grams.${sensor}`, 0, 10_000_000)
    if (readings.length !== tMs.length) {
      throw new WeighingInputError(
        `grams.${sensor}`,
        `as long as tMs (${tMs.length} readings)`,
        `${readings.length} readings`,
      )
    }
    readings.forEach((reading, i) => {
      if (reading !== null && typeof reading !== 'number') {
        throw new WeighingInputError(`grams.${sensor}[${i}]`, 'a number or null', reading)
      }
    })
  }
  return {
    id: object.id,
    planogram,
    tMs: tMs as number[],
    doorOpenMs: optionalNumberAt(object.doorOpenMs, 'doorOpenMs'),
    doorClosedMs: optionalNumberAt(object.doorClosedMs, 'doorClosedMs'),
    grams: grams as Record<string, Array<number | null>>,
  }
}

/** The columns of a batch line as samples. */
export function* samplesOfBatchLine(line: WeighingBatchLine): Generator<WeighingSample> {
  const series = Object.entries(line.grams)
  const openMs = line.doorOpenMs ?? Number.POSITIVE_INFINITY
  const closedMs = line.doorClosedMs ?? Number.POSITIVE_INFINITY
  for (let i = 0; i < line.tMs.length; i++) {
    const tMs = line.tMs[i] as number
    const grams: Record<string, number | null> = {}
    for (const [sensor, readings] of series) grams[sensor] = readings[i] as number | null
    yield { tMs, door: tMs >= openMs && tMs < closedMs ? 'open' : 'closed', grams }
  }
}

function objectAt(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WeighingInputError(field, 'an object', value)
  }
  return value as Record<string, unknown>
}

function listAt(value: unknown, field: string, least: number, most: number): unknown[] {
  if (!Array.isArray(value)) throw new WeighingInputError(field, 'a list', value)
  if (value.length < least || value.length > most) {
    throw new WeighingInputError(field, `a list of ${least} to ${most}`, `${value.length} entries`)
  }
  return value
}

function sensorsAt(value: unknown, field: string): string[] {
  const sensors = listAt(value, field, 1, mostSensorsPerShelf).map((sensor, i) =>
    textAt(sensor, `${field}[${i}]`),
  )
  sensors.forEach((sensor, i) => {
    if (sensors.indexOf(sensor) !== i) throw new WeighingInputError(`${field}[${i}]`, 'listed once', sensor)
  })
  return sensors
}

function textAt(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 200) {
    throw new WeighingInputError(field, 'a text of 1 to 200 characters', value)
  }
  return value
}

function numberAt(value: unknown, field: string, least: number, most: number, above: boolean): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new WeighingInputError(field, 'a number', value)
  if (value > most || value < least || (above && value <= least)) {
    throw new WeighingInputError(field, `${above ? 'above' : 'at least'} ${least} and at most ${most}`, value)
  }
  return value
}

function wholeAt(value: unknown, field: string, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw new WeighingInputError(field, `a whole number from 0 to ${most}`, value)
  }
  return value
}

function optionalNumberAt(value: unknown, field: string): number | null {
  if (value === undefined || value === null) return null
  return numberAt(value, field, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false)
}

function show(value: unknown): string {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
