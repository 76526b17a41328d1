import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { CabinetError } from '#protocol/base/errors.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import {
  decideConnect,
  findPublishRefusal,
  isCorePublish,
  isCoreSubscription,
  isSubscriptionAllowed,
} from '#core/broker/rules.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { CabinetRegistry, KnownCabinet } from './registry.ts'

const Text = Type.String({ maxLength: 1024 })
/** EMQX fills placeholders into a template that people write, so that numbers and booleans arrive as text, too. */
const AuthenticateBody = Type.Object({
  clientid: Text,
  username: Type.Optional(Text),
  password: Type.Optional(Text),
  cert_common_name: Type.Optional(Text),
  peerhost: Type.Optional(Text),
})
const AuthoriseBody = Type.Object({
  clientid: Text,
  username: Type.Optional(Text),
  topic: Text,
  action: Type.Union([Type.Literal('publish'), Type.Literal('subscribe')]),
  qos: Type.Optional(Type.Union([Type.Integer(), Text])),
  retain: Type.Optional(Type.Union([Type.Boolean(), Text])),
})

/**
 * HTTP authentication and authorisation of EMQX 5 (its documentation, "Use HTTP Service"). Answers are 200 with
 * `result`; anything else EMQX takes as "ignore", which its configuration must turn into a refusal (docs/guides/broker.md).
 * @param secret  what EMQX sends as `authorization: Bearer …`
 */
export function registerEmqxRoutes(
  app: HttpApp,
  deps: {
    secret: string
    registry: CabinetRegistry
    clock: { now(): number }
    /** A cabinet proved itself. */
    onProved: (cabinetId: string, credentialId: string, address: string) => void
  },
): void {
  const { registry, clock } = deps
  // Its calls are many and all from one address; the secret is the limit.
  const config = { access: { kind: 'broker' as const }, rateLimit: false as const }
  const expected = createHash('sha256').update(`Bearer ${deps.secret}`).digest()

  function checkSecret(request: FastifyRequest): void {
    const given = createHash('sha256')
      .update(request.headers.authorization ?? '')
      .digest()
    if (!timingSafeEqual(given, expected))
      throw new CabinetError(
        'not_signed_in',
        'The header authorization does not carry the secret of --emqx-secret.',
      )
  }

  app.post('/broker/emqx/authenticate', { config, schema: { body: AuthenticateBody } }, async (request) => {
    checkSecret(request)
    const { clientid, peerhost } = request.body
    const [username, password, commonName] = [
      request.body.username,
      request.body.password,
      request.body.cert_common_name,
    ].map(filled)
    if (commonName === CORE_IDENTITY) return { result: 'allow', is_superuser: false }
    const cabinet = registry.find(clientid)
    const verdict =
      commonName === undefined
        ? decideConnect(
            {
              clientId: clientid,
              username,
              password: password === undefined ? undefined : Buffer.from(password),
              certificateSha256: undefined,
              isClean: true,
              will: undefined,
            },
            cabinet,
            clock.now(),
          )
        : decideByName(clientid, username, commonName, cabinet)
    if (!verdict.ok) return { result: 'deny' }
    deps.onProved(clientid, verdict.credentialId, peerhost ?? '')
    const ends =
      cabinet?.credentials.find((one) => one.credentialId === verdict.credentialId)?.endsAtMs ?? null
    return {
      result: 'allow',
      is_superuser: false,
      // Since EMQX 5.8: it ends the connection then.
      ...(ends === null ? {} : { expire_at: Math.floor(ends / 1000) }),
    }
  })

  app.post('/broker/emqx/authorise', { config, schema: { body: AuthoriseBody } }, async (request) => {
    checkSecret(request)
    const { clientid, topic, action } = request.body
    const identity = filled(request.body.username) ?? clientid
    const qos = Number(request.body.qos ?? 0)
    const isRetained = String(request.body.retain) === 'true'
    return { result: isAllowed() ? 'allow' : 'deny' }

    function isAllowed(): boolean {
      if (identity === CORE_IDENTITY)
        return action === 'publish' ? isCorePublish(topic, isRetained) : isCoreSubscription(topic)
      const cabinet = registry.find(identity)
      if (cabinet === undefined || cabinet.credentials.length === 0 || identity !== clientid) return false
      return action === 'publish'
        ? findPublishRefusal(cabinet, { topic, qos, isRetained, byteCount: 0 }) === undefined
        : isSubscriptionAllowed(cabinet, topic, qos)
    }
  })
}

/** EMQX says no fingerprint: whoever our authority named so, while the cabinet holds a certificate at all. */
function decideByName(
  clientId: string,
  username: string | undefined,
  commonName: string,
  cabinet: KnownCabinet | undefined,
): { ok: true; credentialId: string } | { ok: false } {
  const newest = cabinet?.credentials.findLast(({ kind }) => kind === 'certificate')
  const isOwn = commonName === clientId && (username === undefined || username === clientId)
  return isOwn && newest !== undefined ? { ok: true, credentialId: newest.credentialId } : { ok: false }
}

/** A placeholder that has no value is empty in some versions and the word "undefined" in others. */
function filled(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === 'undefined' ? undefined : text
}
