import { until } from '#test/support/eventually.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#protocol/base/clock.ts'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import type { ProviderBehaviour } from '#simulator/provider/options.ts'
import { createProviderStandIn } from '#simulator/provider/provider.ts'
import { createMerchant, type CallbackDesk, type Json, type Merchant } from './merchant.ts'

/** Real timers, but a wall clock that a test can put forward. */
export interface MovableClock extends Clock {
  forward(byMs: number): void
}
function createMovableClock(): MovableClock {
  const real = createSystemClock()
  let aheadMs = 0
  return {
    now: () => real.now() + aheadMs,
    monoMs: () => real.monoMs(),
    setTimer: (name, afterMs, run) => real.setTimer(name, afterMs, run),
    forward: (byMs) => void (aheadMs += byMs),
  }
}

/** The stand-in, a merchant's server and its callback address: everything a test of the wire needs. */
export interface Bench {
  clock: MovableClock
  merchant: Merchant
  callbacks: CallbackDesk
  folder: string
  files: { config: string; merchantPrivateKey: string; apiV3Key: string; providerPublicKey: string }
  /** Stops the stand-in and starts it again on the same folder and port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const LI_WEI = 'oSim0liwei'
export const NO_MONEY = 'oSim0zhaomin'
export const NO_CREDIT = 'oSim0chengang'

/** Fast enough for a test, slow enough that "while a deduction runs" can be seen. */
const QUICK: Partial<ProviderBehaviour> = {
  deductionDelayMs: 40,
  refundDelayMs: 40,
  ownRetryMs: 60,
  callbackLadderScale: 0.002,
  holdMs: 5_000,
}

export async function startBench(behaviour: Partial<ProviderBehaviour> = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'provider-'))
  const clock = createMovableClock()
  const random = createSystemRandom()
  const ids = createIds(clock, random)
  const create = (port: number) =>
    createProviderStandIn({
      dataDir: folder,
      port,
      clock,
      ids,
      random,
      behaviour: { ...QUICK, ...behaviour },
    })
  let standIn = create(0)
  const { url } = await standIn.start()
  const merchant = createMerchant(standIn.merchantFiles.config, clock)
  const callbacks = await merchant.listen()
  return {
    clock,
    merchant,
    callbacks,
    folder,
    files: standIn.merchantFiles,
    async restart() {
      await standIn.stop()
      standIn = create(Number(new URL(url).port))
      await standIn.start()
      // The connections that the client kept open have died with the old one.
      await until(() =>
        fetch(url).then(
          (answer) => answer.ok,
          () => false,
        ),
      )
    },
    async stop() {
      await standIn.stop()
      await callbacks.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

export function vector(name: string): Json {
  return JSON.parse(
    readFileSync(new URL(`../../../protocol/vectors/payscore/${name}.json`, import.meta.url), 'utf8'),
  ) as Json
}

/** Which fields, nested how, of what kind: the part of an example that does not depend on its values. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, inner]) => [key, shapeOf(inner)]),
  )
}

/** `yyyyMMddHHmmss` in Beijing, written apart from the stand-in. */
export function compact(atMs: number): string {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Asia/Shanghai',
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(atMs)
  return text.replaceAll(/\D/g, '')
}

/** Asks for a permission and has the person agree. @returns the authorization code */
export async function permit(bench: Bench, openid: string): Promise<string> {
  const { merchant } = bench
  const authorizationCode = `auth${openid}${bench.clock.now() % 1_000_000}`
  const asked = await merchant.post('/v3/payscore/permissions', {
    service_id: merchant.config.serviceId,
    appid: merchant.config.appId,
    authorization_code: authorizationCode,
    notify_url: bench.callbacks.url,
  })
  await merchant.control('POST', '/consent', {
    applyPermissionsToken: asked.body['apply_permissions_token'],
    openid,
  })
  return authorizationCode
}

let serial = 0
export function createRequest(bench: Bench, changes: Json = {}): Json {
  const { config } = bench.merchant
  return {
    out_order_no: `order${++serial}`,
    appid: config.appId,
    service_id: config.serviceId,
    service_introduction: '智能零售柜',
    time_range: { start_time: compact(bench.clock.now() - 60_000) },
    risk_fund: { name: 'ESTIMATE_ORDER_COST', amount: 10_000 },
    device: { start_device_id: 'cab-0001' },
    notify_url: bench.callbacks.url,
    openid: LI_WEI,
    need_user_confirm: false,
    ...changes,
  }
}

export function completeRequest(bench: Bench, totalFen: number, changes: Json = {}): Json {
  const { config } = bench.merchant
  return {
    appid: config.appId,
    service_id: config.serviceId,
    post_payments: [{ name: '商品信息', amount: totalFen, description: '可乐 330ml', count: 1 }],
    total_amount: totalFen,
    time_range: { end_time: compact(bench.clock.now()) },
    ...changes,
  }
}

export function orderPath(outOrderNo: string, act?: string): string {
  return `/v3/payscore/serviceorder/${outOrderNo}${act ? `/${act}` : ''}`
}

export function queryOrder(bench: Bench, outOrderNo: string) {
  const { config } = bench.merchant
  return bench.merchant.get(
    `/v3/payscore/serviceorder?service_id=${config.serviceId}&out_order_no=${outOrderNo}&appid=${config.appId}`,
  )
}

/** Begins and completes a service order. @returns its number */
export async function sell(bench: Bench, totalFen: number, changes: Json = {}): Promise<string> {
  const request = createRequest(bench, changes)
  const outOrderNo = String(request['out_order_no'])
  await bench.merchant.post('/v3/payscore/serviceorder', request)
  await bench.merchant.post(orderPath(outOrderNo, 'complete'), completeRequest(bench, totalFen))
  return outOrderNo
}

export async function untilPaid(bench: Bench, outOrderNo: string): Promise<Json> {
  return until(async () => {
    const { body } = await queryOrder(bench, outOrderNo)
    return body['state'] === 'DONE' ? body : undefined
  })
}

/** The transactions of a service order as the merchant sees them. */
export function detailsOf(
  order: Json,
): Array<{ transaction_id: string; amount: number; seq: number; paid_type: string }> {
  return ((order['collection'] as Json | undefined)?.['details'] ?? []) as Array<{
    transaction_id: string
    amount: number
    seq: number
    paid_type: string
  }>
}
