import { describe, expect, it } from 'vitest'
import {
  parseWeighingBatchLine,
  parseWeighingPlanogram,
  parseWeighingSample,
  samplesOfBatchLine,
} from '#protocol/weighing/parse.ts'

const cola = { sku: 'cola', unitGrams: 350, stock: 6, priceFen: 400 }

describe('a planogram that is not one', () => {
  const rows: Array<[fault: string, planogram: unknown, sentence: string]> = [
    ['no shelves', {}, 'field shelves must be a list, not missing'],
    [
      'a product without weight',
      { shelves: [{ id: 'a', products: [{ ...cola, unitGrams: 0 }] }] },
      'shelves[0].products[0].unitGrams',
    ],
    [
      'half a unit in stock',
      { shelves: [{ id: 'a', products: [{ ...cola, stock: 1.5 }] }] },
      'shelves[0].products[0].stock',
    ],
    [
      'a product twice on a shelf',
      { shelves: [{ id: 'a', products: [cola, cola] }] },
      'shelves[0].products[1].sku',
    ],
    [
      'a shelf twice',
      {
        shelves: [
          { id: 'a', products: [] },
          { id: 'a', products: [] },
        ],
      },
      'shelves[1].id',
    ],
    [
      'one sensor under two shelves',
      {
        shelves: [
          { id: 'a', sensors: ['x'], products: [] },
          { id: 'b', sensors: ['x'], products: [] },
        ],
      },
      'shelves[1].sensors',
    ],
    [
      'a product on a sensor of another shelf',
      { shelves: [{ id: 'a', products: [{ ...cola, sensors: ['z'] }] }] },
      'shelves[0].products[0].sensors',
    ],
  ]
  for (const [fault, planogram, sentence] of rows) {
    it(`${fault} → the field is named`, () => {
      expect(() => parseWeighingPlanogram(planogram)).toThrow(sentence)
    })
  }
})

describe('a sample that is not one', () => {
  const rows: Array<[fault: string, sample: unknown, sentence: string]> = [
    ['no time', { door: 'open', grams: {} }, 'field tMs must be a number, not missing'],
    ['a door ajar', { tMs: 1, door: 'ajar', grams: {} }, 'field door must be "open" or "closed", not "ajar"'],
    [
      'a reading in words',
      { tMs: 1, door: 'open', grams: { a: '12' } },
      'field grams.a must be a number or null, not "12"',
    ],
    ['a list', [], 'field sample must be an object, not []'],
  ]
  for (const [fault, sample, sentence] of rows) {
    it(`${fault} → the field is named`, () => {
      expect(() => parseWeighingSample(sample)).toThrow(sentence)
    })
  }
})

describe('a batch line', () => {
  const line = {
    id: 's-1',
    planogram: { shelves: [{ id: 'a', products: [cola] }] },
    tMs: [0, 100, 200],
    doorOpenMs: 100,
    doorClosedMs: 200,
    grams: { a: [1, null, 3] },
  }

  it('becomes samples with the door as it was', () => {
    expect([...samplesOfBatchLine(parseWeighingBatchLine(line))]).toEqual([
      { tMs: 0, door: 'closed', grams: { a: 1 } },
      { tMs: 100, door: 'open', grams: { a: null } },
      { tMs: 200, door: 'closed', grams: { a: 3 } },
    ])
  })

  it('with a column that is too short → the sensor is named', () => {
    expect(() => parseWeighingBatchLine({ ...line, grams: { a: [1, 2] } })).toThrow(
      'field grams.a must be as long as tMs (3 readings)',
    )
  })
})
