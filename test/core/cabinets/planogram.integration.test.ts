import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlanogramShelves, PlanogramView } from '#protocol/api/staff/planogram.ts'
import type { Role } from '#protocol/api/common.ts'
import { stockOf } from '#core/catalog/queries.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const url = `/api/staff/cabinets/${CABINET}/planogram`
async function ask(role: Role, method: 'GET' | 'PUT' | 'POST', path = url, payload?: object) {
  const headers = { cookie: await bench.cookieOf(role) }
  return bench.core.http.inject({ method, url: path, headers, ...(payload ? { payload } : {}) })
}
const current = async () => (await ask('operator', 'GET')).json() as PlanogramView
const versions = async () =>
  (await bench.core.db.read.selectFrom('planogram').select('version').execute()).length
/** The demo shelves, with the orange juice beside the sparkling water that weighs a little more. */
function withTwins(shelves: PlanogramShelves): PlanogramShelves {
  const all = shelves.flatMap((shelf) => shelf.products)
  const juice = all.find(({ sku }) => sku === 'juice-orange')
  if (juice === undefined) throw new Error('the demo has orange juice')
  return shelves.map((shelf) => ({
    id: shelf.id,
    products: [
      ...shelf.products.filter(({ sku }) => sku !== 'juice-orange'),
      ...(shelf.id === 's3' ? [juice] : []),
    ],
  }))
}

describe('somebody looks at the planogram of a cabinet', () => {
  it('and sees for each shelf how often weight alone will be wrong', async () => {
    const { version, shelves, products, lint, actions } = await current()
    expect([version, shelves.length, actions]).toEqual([1, 5, ['change']])
    expect(products.map(({ sku }) => sku)).toEqual(expect.arrayContaining(['cola-330', 'juice-orange']))
    expect(lint?.shelves.map(({ shelf }) => shelf)).toEqual(['s1', 's2', 's3', 's4', 's5'])
    for (const { handfulErrorShare } of lint?.shelves ?? []) {
      expect(handfulErrorShare).toBeGreaterThanOrEqual(0)
      expect(handfulErrorShare).toBeLessThan(0.5)
    }
  })
  it('may change it only in a role that plans goods', async () => {
    expect((await ask('agent', 'GET')).json().actions).toEqual([])
    const { shelves } = await current()
    const draft = { expectedVersion: 1, shelves }
    expect((await ask('agent', 'PUT', url, draft)).statusCode).toBe(403)
    expect((await ask('agent', 'POST', `${url}/lint`, { shelves })).statusCode).toBe(403)
  })
})

describe('an operator tries a draft', () => {
  it('is told the pair that cannot be told apart and a better dealing, and nothing is saved', async () => {
    const { shelves, products } = await current()
    const gramsOf = (sku: string) => products.find((product) => product.sku === sku)?.unitGrams ?? 0
    const answer = await ask('operator', 'POST', `${url}/lint`, { shelves: withTwins(shelves) })
    const { lint } = answer.json()
    expect(lint.pairs[0]).toMatchObject({
      shelf: 's3',
      gapGrams: gramsOf('sparkling-330') - gramsOf('juice-orange'),
      verdict: 'indistinguishable',
    })
    expect(new Set(lint.pairs[0].skus)).toEqual(new Set(['juice-orange', 'sparkling-330']))
    expect(lint.better.errorShare).toBeLessThan(lint.errorShare)
    expect(await versions()).toBe(1)
  })
  it('with a product listed twice on a shelf: refused, naming it', async () => {
    const { shelves } = await current()
    const doubled = shelves.map((shelf) => ({ ...shelf, products: [...shelf.products, ...shelf.products] }))
    const answer = await ask('operator', 'POST', `${url}/lint`, { shelves: doubled })
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(/s1: .* twice/)])
  })
})

describe('an operator saves a planogram that weight cannot read well', () => {
  it('is warned with figures and not refused', async () => {
    const shelves = withTwins((await current()).shelves)
    const answer = await ask('operator', 'PUT', url, { expectedVersion: 1, shelves, movesStock: true })
    expect(answer.statusCode).toBe(200)
    expect(answer.json().version).toBe(2)
    expect(answer.json().lint.pairs[0]).toMatchObject({ shelf: 's3', verdict: 'indistinguishable' })
    const after = await current()
    expect(after.version).toBe(2)
    expect(after.lint).toEqual(answer.json().lint)
  })
  it('and the juice that is carried over is booked on its new shelf; the sum stays', async () => {
    const juice = (await stockOf(bench.core.db.read, CABINET)).filter(({ sku }) => sku === 'juice-orange')
    expect(juice).toEqual([
      { shelf: 's3', sku: 'juice-orange', quantity: 8 },
      { shelf: 's4', sku: 'juice-orange', quantity: 0 },
    ])
  })
})
