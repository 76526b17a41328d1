import '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import type { Language } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { ConsumerIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { createCookies } from '#core/platform/http.ts'
import { prepared } from '#core/platform/prepared.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { type Seal, sha256Hex } from '#core/privacy/seal.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const sealedOf = preparedFor((db, consumerId: string) =>
  db.selectFrom('consumer').select('openidSealed').where('consumerId', '=', consumerId),
)
/** It ends at its time, also when the work that writes it down is late. */
const restrictionOf = preparedFor((db, consumerId: string, nowMs: number) =>
  db
    .selectFrom('restriction')
    .select(['restrictionId', 'level', 'capFen', 'expiresAtMs'])
    .where('consumerId', '=', consumerId)
    .where('state', '=', 'active')
    .where('expiresAtMs', '>', nowMs),
)

/** A phone is remembered for this long after its consent. */
const SIGN_IN_LIFE_MS = 180 * 24 * 3_600_000
const COOKIE = 'consumer'
const TOKEN_BYTES = 32

export interface HeldRestriction {
  readonly restrictionId: string
  readonly level: 'limited' | 'blocked'
  readonly capFen: number | null
  readonly expiresAtMs: number
}

/** Who buys: known by the provider's openid, which came by consent, and by a cookie of their browser. */
export interface Consumers {
  authenticate(request: FastifyRequest): Promise<ConsumerIdentity | undefined>
  /** What the cookie of this request is kept as; undefined without one. */
  tokenSha256Of(request: FastifyRequest): string | undefined
  /** In the transaction of a returning consent. @returns the token for the cookie */
  signIn(tx: Tx, openid: string, language: Language): Promise<{ consumerId: string; token: string }>
  /** The consumer with this openid, who is entered when we did not know them. */
  recognise(tx: Tx, openid: string, language: Language): Promise<string>
  setCookie(reply: FastifyReply, token: string): void
  /** @throws when there is no such consumer or the value was altered */
  openidOf(db: Kysely<Tables>, consumerId: string): Promise<string>
  /** The provider says that the permission was given or taken back. */
  setPermission(tx: Tx, openid: string, isAvailable: boolean): Promise<void>
  /** A restriction that holds now: no door opens, or a visit may cost less than usual. */
  findRestriction(db: Kysely<Tables>, consumerId: string): Promise<HeldRestriction | undefined>
}

export function createConsumers(
  deps: CoreDeps & { seal: Seal; cookies: ReturnType<typeof createCookies> },
): Consumers {
  const { db, clock, ids, random, seal, cookies } = deps
  const boundTo = (consumerId: string) => `consumer.openid/${consumerId}`
  /** Asked of the database with every request, so that signing out and erasing hold at once. */
  const signedIn = prepared(db.read, (tokenSha256) =>
    db.read
      .selectFrom('consumerSession')
      .select(['consumerId', 'expiresAtMs'])
      // A look-up beside it takes SQLite a quarter of what a join does.
      .select((eb) =>
        eb
          .selectFrom('consumer')
          .select('language')
          .whereRef('consumer.consumerId', '=', 'consumerSession.consumerId')
          .as('language'),
      )
      .where('tokenSha256', '=', tokenSha256)
      .where('revokedAtMs', 'is', null),
  )

  function tokenSha256Of(request: FastifyRequest): string | undefined {
    const token = request.cookies[cookies.name(COOKIE)]
    return token === undefined || token === '' ? undefined : sha256Hex(token)
  }
  async function recognise(tx: Tx, openid: string, language: Language): Promise<string> {
    const openidIndex = seal.blindIndex(openid)
    const known = await tx
      .selectFrom('consumer')
      .select('consumerId')
      .where('openidIndex', '=', openidIndex)
      .executeTakeFirst()
    const consumerId = known?.consumerId ?? ids.next('consumer')
    if (known === undefined) {
      await tx
        .insertInto('consumer')
        .values({
          consumerId,
          openidSealed: seal.seal(openid, boundTo(consumerId)),
          openidIndex,
          language,
          createdAtMs: nowOf(tx),
          permissionLostAtMs: null,
        })
        .execute()
    }
    return consumerId
  }

  return {
    tokenSha256Of,
    async authenticate(request) {
      const tokenSha256 = tokenSha256Of(request)
      if (tokenSha256 === undefined) return undefined
      const [row] = await signedIn(tokenSha256)
      if (row === undefined || row.language === null || row.expiresAtMs <= clock.now()) return undefined
      return { consumerId: row.consumerId, language: row.language }
    },
    recognise,
    async signIn(tx, openid, language) {
      const consumerId = await recognise(tx, openid, language)
      await tx
        .updateTable('consumer')
        .set({ language, permissionLostAtMs: null })
        .where('consumerId', '=', consumerId)
        .execute()
      const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
      await tx
        .insertInto('consumerSession')
        .values({
          tokenSha256: sha256Hex(token),
          consumerId,
          createdAtMs: nowOf(tx),
          expiresAtMs: nowOf(tx) + SIGN_IN_LIFE_MS,
          revokedAtMs: null,
        })
        .execute()
      return { consumerId, token }
    },
    setCookie(reply, token) {
      void reply.setCookie(cookies.name(COOKIE), token, cookies.options('lax', SIGN_IN_LIFE_MS / 1000))
    },
    async openidOf(reader, consumerId) {
      const [row] = await sealedOf(reader, consumerId)
      if (row === undefined) throw new CabinetError('not_found', `There is no consumer ${consumerId}.`)
      return seal.open(row.openidSealed, boundTo(consumerId))
    },
    async setPermission(tx, openid, isAvailable) {
      await tx
        .updateTable('consumer')
        .set({ permissionLostAtMs: isAvailable ? null : nowOf(tx) })
        .where('openidIndex', '=', seal.blindIndex(openid))
        .execute()
    },
    async findRestriction(reader, consumerId) {
      const [restriction] = await restrictionOf(reader, consumerId, clock.now())
      return restriction
    },
  }
}
