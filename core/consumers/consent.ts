import '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { Id } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { chooseLanguage } from '#protocol/words/words.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { createCookies, HttpApp } from '#core/platform/http.ts'
import { type Seal, sha256Hex } from '#core/privacy/seal.ts'
import type { Consumers } from './consumers.ts'

/** The provider's token lives an hour, so nothing older comes back. */
const CONSENT_LIFE_MS = 3_600_000
const COOKIE = 'consent'
const wishBoundTo = (state: string) => `consent.wish/${state}`

/** What consent needs of the payment provider. */
export interface PermissionDesk {
  /** Saves and sends the request. @returns the address where the consumer agrees @throws CabinetError `provider_unreachable` */
  ask(authorizationCode: string, returnUrl: string, save: (tx: Tx) => Promise<void>): Promise<string>
  /** @returns undefined when the consumer has not agreed @throws CabinetError `provider_unreachable` */
  findOpenid(authorizationCode: string): Promise<string | undefined>
}

export interface Consent {
  /**
   * Begins a consent for this browser. @returns the provider's address for `details.consentUrl`
   * @param wish  what the reader wanted to do at the cabinet and does when they come back; kept sealed, an hour at most
   */
  begin(request: FastifyRequest, reply: FastifyReply, cabinetId: string, wish?: string): Promise<string>
}
/** What somebody wanted to do who had to be known first. */
export interface WishReactions {
  /** @returns the page that shows what came of it */
  carryOut(consumerId: string, cabinetId: string, wish: string): Promise<string>
  /** The page to go back to when they were not made known. */
  givenUp(cabinetId: string): string
}

/**
 * Consent at the provider: out with a state that this browser alone can bring back, home with an openid that we ask the
 * provider for ourselves. What stands in the address of the return is believed for nothing but finding the row.
 */
export function createConsent(
  app: HttpApp,
  deps: CoreDeps & {
    desk: PermissionDesk
    consumers: Consumers
    cookies: ReturnType<typeof createCookies>
    seal: Seal
    wishes: WishReactions
    publicUrl: () => string
  },
): Consent {
  const { db, ids, random, log, desk, consumers, cookies, seal, wishes } = deps

  async function begin(
    _request: FastifyRequest,
    reply: FastifyReply,
    cabinetId: string,
    wish?: string,
  ): Promise<string> {
    const state = ids.next('request')
    const browser = Buffer.from(random.bytes(32)).toString('base64url')
    const returnUrl = `${deps.publicUrl()}/consumer/consent/return?state=${state}`
    const consentUrl = await desk.ask(state, returnUrl, async (tx) => {
      // Whoever did not come back wants it no more.
      await tx
        .updateTable('consent')
        .set({ wishSealed: null })
        .where('wishSealed', 'is not', null)
        .where('createdAtMs', '<', nowOf(tx) - CONSENT_LIFE_MS)
        .execute()
      await tx
        .insertInto('consent')
        .values({
          state,
          browserSha256: sha256Hex(browser),
          cabinetId,
          createdAtMs: nowOf(tx),
          usedAtMs: null,
          wishSealed: wish === undefined ? null : seal.seal(wish, wishBoundTo(state)),
        })
        .execute()
    })
    void reply.setCookie(cookies.name(COOKIE), browser, cookies.options('lax', CONSENT_LIFE_MS / 1000))
    return consentUrl
  }

  app.get(
    '/consumer/consent/return',
    {
      config: { access: { kind: 'public' } },
      schema: {
        querystring: Type.Object({
          state: Id,
          authorization_code: Type.Optional(Type.String({ maxLength: 64 })),
          declined: Type.Optional(Type.String({ maxLength: 8 })),
          lang: Type.Optional(Type.String({ maxLength: 8 })),
        }),
      },
    },
    async (request, reply) => {
      const consent = await db.read
        .selectFrom('consent')
        .selectAll()
        .where('state', '=', request.query.state)
        .executeTakeFirst()
      const browser = request.cookies[cookies.name(COOKIE)] ?? ''
      if (
        consent === undefined ||
        consent.browserSha256 !== sha256Hex(browser) ||
        deps.clock.now() - consent.createdAtMs > CONSENT_LIFE_MS
      )
        throw new CabinetError('not_found', 'This consent was not begun by this browser, or too long ago.')
      const page =
        consent.wishSealed === null
          ? `/c/${encodeURIComponent(consent.cabinetId)}`
          : wishes.givenUp(consent.cabinetId)
      if (request.query.declined !== undefined) return reply.redirect(`${page}?refused=consent_required`, 303)
      if (consent.usedAtMs !== null) return reply.redirect(`${page}?consent=ok`, 303)
      const openid = await desk.findOpenid(consent.state)
      if (openid === undefined) return reply.redirect(`${page}?refused=consent_required`, 303)
      const language = chooseLanguage(request.cookies['lang'], request.headers['accept-language'])
      const { consumerId, token } = await db.write('bind a consumer', async (tx) => {
        await tx
          .updateTable('consent')
          .set({ usedAtMs: nowOf(tx), wishSealed: null })
          .where('state', '=', consent.state)
          .execute()
        const signedIn = await consumers.signIn(tx, openid, language)
        await appendAudit(tx, {
          actor: `consumer:${signedIn.consumerId}`,
          action: 'consent.given',
          subject: signedIn.consumerId,
        })
        return signedIn
      })
      log.info({ consumerId }, 'consent given')
      consumers.setCookie(reply, token)
      if (consent.wishSealed === null) return reply.redirect(`${page}?consent=ok`, 303)
      const wish = seal.open(consent.wishSealed, wishBoundTo(consent.state))
      return reply.redirect(await wishes.carryOut(consumerId, consent.cabinetId, wish), 303)
    },
  )
  return { begin }
}
