import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { type Database, openDatabase } from '#core/platform/database.ts'
import { createEvidenceStore } from '#core/platform/evidence.ts'
import { createPolicy } from '#core/platform/policy.ts'
import { removeOutlivedEvidence } from '#core/privacy/retention.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

const DAY = 24 * 3_600_000
const TAKEN = 1_790_000_000_000
const clock = { now: () => TAKEN, monoMs: () => 0, setTimer: () => ({ cancel: () => undefined }) }

describe('a picture and a trace of one visit, with nothing in dispute', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'retention-'))
  let db: Database
  beforeAll(async () => {
    db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
    const store = createEvidenceStore({ db, dir: path.join(folder, 'evidence'), clock })
    const ref = { byteCount: 10, tMs: 0 }
    await db.write('evidence', (tx) =>
      store.registerEvidence(tx, { sessionId: 'se-1', cabinetId: 'cab-001', startedAtMs: TAKEN }, [
        {
          ...ref,
          kind: 'snapshot',
          sha256: 'a'.repeat(64),
          mediaType: 'image/jpeg',
          moment: 'open',
          camera: 'inside',
        },
        {
          ...ref,
          kind: 'weight-trace',
          sha256: 'b'.repeat(64),
          mediaType: 'application/json',
          moment: 'whole',
        },
      ]),
    )
  })
  afterAll(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const kept = async () =>
    (await db.read.selectFrom('evidence').select('kind').orderBy('kind').execute()).map(({ kind }) => kind)

  it('both are there on the fourteenth day', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 14 * DAY)).toBe(0)
    expect(await kept()).toEqual(['snapshot', 'weight-trace'])
  })
  it('the picture is gone after it, the trace stays for the refund window', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 15 * DAY)).toBe(1)
    expect(await kept()).toEqual(['weight-trace'])
  })
  it('the trace goes a year later', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 366 * DAY)).toBe(1)
    expect(await kept()).toEqual([])
  })
})

describe('pictures beside more traces than one look removes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'retention-many-'))
  let db: Database
  beforeAll(async () => {
    db = openDatabase(path.join(folder, 'core.sqlite'), { clock, auditKey: new Uint8Array(32) })
    await db.write('a shop of some months', async (tx) => {
      const row = { cabinetId: 'cab-001', byteCount: 10, camera: null, registeredAtMs: TAKEN }
      for (let visit = 0; visit < 1200; visit++) {
        const atMs = TAKEN + visit * 60_000
        const sessionId = `se-${visit}`
        const sha256 = visit.toString(16).padStart(64, '0')
        await tx
          .insertInto('evidence')
          .values({
            ...row,
            sessionId,
            sha256,
            kind: 'weight-trace',
            mediaType: 'application/json',
            atMs,
            moment: 'whole',
          })
          .execute()
        if (visit % 3 === 0)
          await tx
            .insertInto('evidence')
            .values({
              ...row,
              sessionId,
              sha256: `f${sha256.slice(1)}`,
              kind: 'snapshot',
              mediaType: 'image/jpeg',
              atMs: atMs + 1,
              moment: 'open',
            })
            .execute()
      }
    })
  })
  afterAll(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('go in time: what is kept longer stands in nobody’s way', async () => {
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 20 * DAY)).toBe(400)
    expect(await removeOutlivedEvidence(db, createPolicy(), TAKEN + 20 * DAY)).toBe(0)
  })
})

describe('a picture of a visit about which somebody asked', () => {
  const SHA = 'c'.repeat(64)
  let selling: SellingBench
  let agent: string
  let nowMs: number
  beforeAll(async () => {
    selling = await createSellingBench(1)
    const { core } = selling.bench
    agent = await selling.bench.cookieOf('agent')
    nowMs = core.deps.clock.now()
    const { sessionId, cabinetId } = await core.db.read
      .selectFrom('order')
      .select(['sessionId', 'cabinetId'])
      .where('orderId', '=', selling.orders[0]?.orderId ?? '')
      .executeTakeFirstOrThrow()
    await core.db.write('a picture', (tx) =>
      tx
        .insertInto('evidence')
        .values({
          sessionId,
          cabinetId,
          sha256: SHA,
          byteCount: 10,
          camera: null,
          registeredAtMs: nowMs,
          kind: 'snapshot',
          mediaType: 'image/jpeg',
          atMs: nowMs,
          moment: 'open',
        })
        .execute(),
    )
  })
  afterAll(() => selling.close())

  const isKeptAt = async (atMs: number) => {
    const { db, deps } = selling.bench.core
    await removeOutlivedEvidence(db, deps.policy, atMs)
    const row = await db.read
      .selectFrom('evidence')
      .select('sha256')
      .where('sha256', '=', SHA)
      .executeTakeFirst()
    return row !== undefined
  }
  async function raise(requestId: string): Promise<string> {
    const [order] = selling.orders
    const raised = await selling.bench.core.http.inject({
      method: 'POST',
      url: `/api/consumer/orders/${order?.orderId}/disputes`,
      headers: { cookie: selling.cookie },
      payload: { requestId, reason: 'quality', lines: [{ lineId: order?.lineId, quantity: 1 }] },
    })
    return raised.json<DisputeView>().disputeId
  }
  async function act(ticketId: string, action: string, body: object): Promise<void> {
    const url = `/api/staff/tickets/${ticketId}`
    const headers = { cookie: agent }
    const { http } = selling.bench.core
    const { version } = (await http.inject({ url, headers })).json<TicketDetail>().ticket
    const payload = { version, ...body }
    const answer = await http.inject({ method: 'POST', url: `${url}/${action}`, headers, payload })
    expect(answer.statusCode, answer.body).toBe(200)
  }

  it('stays while the question that goes on for it is open, or can be opened again, and its days after', async () => {
    const [first, second] = [await raise('request-kept-1'), await raise('request-kept-2')]
    await act(first, 'merge', { intoTicketId: second, reason: 'asked twice' })
    expect(await isKeptAt(nowMs + 20 * DAY), 'open').toBe(true)
    await selling.bench.core.db.write('it goes on about another order', (tx) =>
      tx.updateTable('ticket').set({ orderId: null }).where('ticketId', '=', second).execute(),
    )
    expect(await isKeptAt(nowMs + 20 * DAY), 'open elsewhere').toBe(true)
    await act(second, 'resolve', { outcome: 'explained', rootCause: 'unknown' })
    expect(await isKeptAt(nowMs + 20 * DAY), 'solved').toBe(true)
    await selling.bench.core.db.write('it is closed', (tx) =>
      tx
        .updateTable('ticket')
        .set({ state: 'closed', closedAtMs: nowMs + 20 * DAY })
        .where('ticketId', '=', second)
        .execute(),
    )
    expect(await isKeptAt(nowMs + 199 * DAY), 'closed').toBe(true)
    expect(await isKeptAt(nowMs + 201 * DAY), 'half a year later').toBe(false)
  })
})
