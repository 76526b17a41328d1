import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { PaymentProvider, ProviderCallback } from './provider.ts'

/** Callbacks are small; the provider's own are below 4 KiB. */
const CALLBACK_BYTES_MOST = 64 * 1024

/** Takes a callback that was verified: each event id takes effect once, in the transaction of its effect. */
export interface CallbackDesk {
  /** @returns false when it was taken before */
  take(callback: ProviderCallback): Promise<boolean>
}

export function createCallbackDesk(
  deps: Pick<CoreDeps, 'db' | 'log'> & { apply(tx: Tx, callback: ProviderCallback): Promise<void> },
): CallbackDesk {
  const { db, log } = deps
  return {
    async take(callback) {
      const isNew = await db.write('take a callback', async (tx) => {
        const inserted = await tx
          .insertInto('providerEvent')
          .values({
            eventId: callback.eventId,
            eventType: callback.eventType,
            subject: subjectOf(callback),
            receivedAtMs: nowOf(tx),
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (Number(inserted.numInsertedOrUpdatedRows ?? 0n) === 0) return false
        await deps.apply(tx, callback)
        return true
      })
      log.info(
        { eventId: callback.eventId, eventType: callback.eventType, kind: callback.kind, isNew },
        'callback taken',
      )
      return isNew
    },
  }
}

/**
 * POST /provider/callback. The signature is checked over the raw bytes before anything is read; what does not concern us is taken and forgotten, or it would be sent for a day.
 */
export async function registerCallbackRoute(
  app: HttpApp,
  deps: Pick<CoreDeps, 'log'> & { provider: PaymentProvider; desk: CallbackDesk },
): Promise<void> {
  const { log, provider, desk } = deps
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: CALLBACK_BYTES_MOST },
      (_request, body, done) => done(null, body),
    )
    scope.post('/provider/callback', { config: { access: { kind: 'provider' } } }, async (request, reply) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      await desk.take(parse(request.headers, rawBody))
      return reply.code(204).send()
    })
  })

  function parse(
    headers: Parameters<PaymentProvider['parseCallback']>[0],
    rawBody: Uint8Array,
  ): ProviderCallback {
    try {
      return provider.parseCallback(headers, rawBody)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'a callback was refused')
      if (error instanceof CabinetError) throw error
      throw new CabinetError(
        'callback_bad_signature',
        'The callback could not be decrypted with the configured key.',
        { cause: error },
      )
    }
  }
}

function subjectOf(callback: ProviderCallback): string | null {
  switch (callback.kind) {
    case 'order':
      return callback.order.outOrderNo
    case 'refund':
      return callback.refund.outRefundNo
    case 'complaint':
      return callback.complaintId
    case 'permission':
    case 'other':
      return null
  }
}
