import type { Clock } from '#protocol/base/clock.ts'
import type { Random } from '#protocol/base/random.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Agenda } from './agenda.ts'
import type { Books } from './books.ts'
import type { Faults } from './faults.ts'
import type { JsonObject } from './fields.ts'
import type { ProviderKeys } from './keys.ts'
import type { ProviderBehaviour, StandInLog } from './options.ts'
import type { CallbackRecord } from './records.ts'
import { encryptResource, signedHeaders, type Forgery } from './signing.ts'
import { rfc3339 } from './wire-time.ts'

/** Published: 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h, 24 h 4 m in all. */
export const RETRY_LADDER_MS: readonly number[] = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
].map((seconds) => seconds * 1_000)

/** A scripted duplicate follows this long after the first one was taken. */
const DUPLICATE_AFTER_MS = 50
/** Older callbacks that are finished are forgotten above this, so that a long bench does not fill the disk. */
const KEPT_CALLBACKS = 5_000

export interface CallbackEvent {
  readonly eventType: string
  readonly summary: string
  readonly originalType: 'payscore' | 'refund' | 'complaint'
  readonly resource: JsonObject
  /** Null when the merchant gave no address: nothing is sent. */
  readonly url: string | null
  readonly outOrderNo: string | null
  readonly openid: string | null
}

/** Brings one callback to the merchant. @returns the HTTP status, or in words why there is none; never throws */
export type CallbackPost = (record: CallbackRecord, signal: AbortSignal) => Promise<string>

export interface Callbacks {
  /** Writes it into the outbox; to be called inside a write of the books. */
  enqueue(event: CallbackEvent): string | undefined
  /** Sends what is due at once and resolves after the answer; used for "the callback came before the API's answer". */
  deliverNow(callbackId: string): Promise<void>
  /** Takes up what was outstanding before a restart. */
  resume(): void
  stop(): Promise<void>
}

/** The real way: signed like an answer, over HTTP. */
export function createSignedPost(parts: {
  keys: ProviderKeys
  clock: Clock
  random: Random
  faults: Faults
  behaviour: ProviderBehaviour
}): CallbackPost {
  const { keys, clock, random, faults, behaviour } = parts
  return async (record, signal) => {
    const giveUp = new AbortController()
    const timer = clock.setTimer('callback answer', behaviour.callbackAnswerMs, () => giveUp.abort())
    const facts = { path: record.eventType, outOrderNo: record.outOrderNo, openid: record.openid }
    const forgery: Forgery | undefined = faults.take('bad_callback_signature', facts)
      ? 'stranger'
      : faults.take('signature_probe', facts)
        ? 'probe'
        : undefined
    try {
      const answer = await fetch(record.url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json',
          'User-Agent': 'Mozilla/4.0',
          'Request-ID': record.callbackId,
          ...signedHeaders(keys, random, clock.now(), record.body, behaviour.verifiedBy, forgery),
        },
        body: record.body,
        redirect: 'manual',
        signal: AbortSignal.any([giveUp.signal, signal]),
      })
      await answer.body?.cancel()
      return String(answer.status)
    } catch (error) {
      return giveUp.signal.aborted ? `no answer within ${behaviour.callbackAnswerMs} ms` : messageOf(error)
    } finally {
      timer.cancel()
    }
  }
}

export function createCallbacks(parts: {
  books: Books
  keys: ProviderKeys
  clock: Clock
  random: Random
  agenda: Agenda
  faults: Faults
  /** 1 = the published pauses between tries. */
  ladderScale: number
  log: StandInLog
  post: CallbackPost
}): Callbacks {
  const { books, keys, clock, random, agenda, faults, log, post, ladderScale } = parts
  const underWay = new Map<string, Promise<void>>()
  const stopping = new AbortController()

  function schedule(record: CallbackRecord): void {
    if (record.state !== 'waiting' || record.nextAtMs === null) return
    agenda.at(`callback ${record.callbackId}`, record.nextAtMs, () => void deliver(record.callbackId))
  }

  /** A uuid, as on the real wire, from the passed-in chance. */
  function callbackId(): string {
    const hex = Buffer.from(random.bytes(16)).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  function forgetOld(): void {
    const all = books.callbacks.all()
    for (const old of all.slice(0, Math.max(0, all.length - KEPT_CALLBACKS))) {
      agenda.clear(`callback ${old.callbackId}`)
      books.callbacks.delete(old.callbackId)
    }
  }

  function settle(record: CallbackRecord, result: string): void {
    const isTaken = result === '200' || result === '204'
    const deliveries = record.deliveries + (isTaken ? 1 : 0)
    const attempts = record.attempts + 1
    const retryMs = RETRY_LADDER_MS[attempts - record.deliveries - 1]
    const common = { ...record, attempts, deliveries, lastResult: result }
    let next: CallbackRecord
    if (isTaken && deliveries >= record.deliveriesWanted) {
      next = { ...common, state: 'delivered', nextAtMs: null, deliveredAtMs: clock.now() }
    } else if (isTaken) {
      next = { ...common, nextAtMs: clock.now() + DUPLICATE_AFTER_MS }
    } else if (retryMs === undefined) {
      next = { ...common, state: 'given_up', nextAtMs: null }
    } else {
      next = { ...common, nextAtMs: clock.now() + Math.ceil(retryMs * ladderScale) }
    }
    books.callbacks.put(next)
    schedule(next)
    log.info(
      {
        callbackId: record.callbackId,
        eventType: record.eventType,
        outOrderNo: record.outOrderNo,
        result,
        state: next.state,
      },
      'callback sent',
    )
  }

  function deliver(id: string): Promise<void> {
    const running = underWay.get(id)
    if (running) return running
    const record = books.callbacks.get(id)
    if (record?.state !== 'waiting') return Promise.resolve()
    agenda.clear(`callback ${id}`)
    const run = post(record, stopping.signal)
      .then((result) => {
        // A stop in the middle is no failed attempt: the books stay as they were and the next start sends it.
        if (!stopping.signal.aborted) settle(record, result)
      })
      .finally(() => underWay.delete(id))
    underWay.set(id, run)
    return run
  }

  /** Rightly signed and encrypted, but about somebody else's order: it must change nothing. */
  function foreign(event: CallbackEvent): CallbackEvent {
    const resource = { ...event.resource, mchid: '1900000109', appid: 'wxd678efh567hg6787' }
    return {
      ...event,
      resource: 'out_order_no' in resource ? { ...resource, out_order_no: 'foreign-order' } : resource,
    }
  }

  function write(event: CallbackEvent, url: string, script: { isLost: boolean; isDoubled: boolean }): string {
    const nonce = Buffer.from(random.bytes(6)).toString('hex')
    const id = callbackId()
    const body = JSON.stringify({
      id,
      create_time: rfc3339(clock.now()),
      resource_type: 'encrypt-resource',
      event_type: event.eventType,
      summary: event.summary,
      resource: {
        original_type: event.originalType,
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: encryptResource(keys.apiV3Key, nonce, event.originalType, event.resource),
        associated_data: event.originalType,
        nonce,
      },
    })
    const record: CallbackRecord = {
      callbackId: id,
      eventType: event.eventType,
      url,
      body,
      resource: event.resource,
      outOrderNo: event.outOrderNo,
      openid: event.openid,
      state: script.isLost ? 'lost' : 'waiting',
      createdAtMs: clock.now(),
      nextAtMs: script.isLost ? null : clock.now(),
      attempts: 0,
      deliveriesWanted: script.isDoubled ? 2 : 1,
      deliveries: 0,
      lastResult: null,
      deliveredAtMs: null,
    }
    books.callbacks.put(record)
    forgetOld()
    schedule(record)
    return id
  }

  return {
    enqueue(event) {
      if (event.url === null) return undefined
      const facts = { path: event.eventType, outOrderNo: event.outOrderNo, openid: event.openid }
      if (faults.take('foreign_callback', facts))
        write(foreign(event), event.url, { isLost: false, isDoubled: false })
      return write(event, event.url, {
        isLost: faults.take('lost_callback', facts) !== undefined,
        isDoubled: faults.take('duplicate_callback', facts) !== undefined,
      })
    },
    deliverNow: (id) => deliver(id),
    resume() {
      for (const record of books.callbacks.all()) schedule(record)
    },
    async stop() {
      stopping.abort()
      await Promise.allSettled(underWay.values())
    },
  }
}
