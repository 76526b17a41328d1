import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planogramOf, recordMovement, stockOf } from '#core/catalog/queries.ts'
import { CABINET, type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())
const quantityOf = async (sku: string) =>
  (await stockOf(bench.core.db.read, CABINET)).find((line) => line.sku === sku)?.quantity

describe('goods of a cabinet', () => {
  it('are the sum of what was put in and taken out, on the shelf of the planogram', async () => {
    expect(await quantityOf('cola-330')).toBe(10)
    await bench.core.db.write('goods', async (tx) => {
      await recordMovement(tx, {
        cabinetId: CABINET,
        sku: 'cola-330',
        quantity: -2,
        kind: 'sale',
        orderId: 'or-1',
      })
      await recordMovement(tx, {
        cabinetId: CABINET,
        sku: 'cola-330',
        quantity: 1,
        kind: 'return',
        orderId: 'or-1',
      })
    })
    expect(await quantityOf('cola-330')).toBe(9)
  })
  it('cannot be rewritten, only corrected by a further movement', async () => {
    const rewrite = bench.core.db.write('rewrite', (tx) =>
      tx.updateTable('stockMovement').set({ quantity: 99 }).execute(),
    )
    await expect(rewrite).rejects.toThrow(/append-only/)
  })
  it('that the cabinet has never held cannot be moved', async () => {
    await bench.core.db.write('product', async (tx) => {
      const cola = await tx
        .selectFrom('product')
        .selectAll()
        .where('sku', '=', 'cola-330')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('product')
        .values({ ...cola, sku: 'unheard-of' })
        .execute()
    })
    const move = bench.core.db.write('move', (tx) =>
      recordMovement(tx, { cabinetId: CABINET, sku: 'unheard-of', quantity: 1, kind: 'restock' }),
    )
    await expect(move).rejects.toThrow(/never held unheard-of/)
  })
})

describe('an operator saves a planogram', () => {
  const save = async (expectedVersion: number, sku = 'cola-330') =>
    bench.core.http.inject({
      method: 'PUT',
      url: `/api/staff/cabinets/${CABINET}/planogram`,
      headers: { cookie: await bench.cookieOf('operator') },
      payload: { expectedVersion, shelves: [{ id: 's1', products: [{ sku, priceFen: 300, capacity: 12 }] }] },
    })

  it('as a new version, which the cabinet is asked to hold; the old one stays for sessions bound to it', async () => {
    expect((await save(1)).json()).toMatchObject({ version: 2 })
    expect((await planogramOf(bench.core.db.read, CABINET))?.shelves).toEqual([
      { id: 's1', products: [{ sku: 'cola-330', priceFen: 300, capacity: 12 }] },
    ])
    expect((await planogramOf(bench.core.db.read, CABINET, 1))?.shelves).toHaveLength(5)
    const twin = await bench.core.db.read
      .selectFrom('twin')
      .select('planogramVersion')
      .executeTakeFirstOrThrow()
    expect(twin.planogramVersion).toBe(2)
  })
  it('on top of one that somebody else replaced meanwhile: refused', async () => {
    expect((await save(1)).statusCode).toBe(409)
  })
  it('with a product that does not exist: refused, naming it', async () => {
    const answer = await save(2, 'no-such-thing')
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(/no-such-thing/)])
  })
})
