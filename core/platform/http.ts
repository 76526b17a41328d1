import cookie, { type CookieSerializeOptions } from '@fastify/cookie'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { ErrorBody } from '#protocol/api/common.ts'
import { CabinetError, ERRORS, type ErrorCode } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { type Access, type Authenticators, requireProof } from './access.ts'

/** The fastify instance of the core: schemas of routes type their requests. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface HttpOptions {
  log: Logger
  ids: Ids
  /** Address under which people and provider reach this core, for example https://cabinets.example. */
  publicUrl: () => string
  /** Filled by the domains as they are wired. */
  authenticators: Authenticators
  /** Further origins to which a form of ours may lead, for example the provider's consent page. */
  formOrigins?: readonly string[]
}

/** Bodies of people are small; device routes say their own limit. */
const BODY_BYTES_MOST = 64 * 1024
const REQUESTS_PER_MINUTE = 6000

/** Builds the app with everything that holds for all routes. It does not listen. */
export async function createHttpApp(options: HttpOptions): Promise<HttpApp> {
  const app: HttpApp = Fastify({
    loggerInstance: options.log as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines about a request name it themselves; a logger made for each request would be used by almost none.
    childLoggerFactory: (logger) => logger,
    genReqId: () => options.ids.next('request'),
    bodyLimit: BODY_BYTES_MOST,
    // Without these a body that stops after its first byte stays open for ever.
    connectionTimeout: 10_000,
    requestTimeout: 15_000,
    routerOptions: { maxParamLength: 100 },
    trustProxy: isLoopback,
    exposeHeadRoutes: false,
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(({ schema, httpPart }) => createValidator(schema as TSchema, httpPart))
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(() => {
    throw new CabinetError('not_found')
  })
  app.decorateRequest('staff', null)
  app.decorateRequest('consumer', null)
  app.decorateRequest('cabinet', null)
  requireAccess(app)

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Smart vending cabinets: HTTP interface of the core', version: '1' },
    },
  })
  await app.register(cookie)
  await app.register(formbody)
  await app.register(rateLimit, {
    global: true,
    max: REQUESTS_PER_MINUTE,
    timeWindow: '1 minute',
    // Who is told to wait is told how long; the others need not be told what is left, in each answer.
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: () => new CabinetError('too_many_requests'),
  })
  const protection = await protectionOf(options)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(protection)
    checkOrigin(request, options.publicUrl())
    await authenticate(request, reply, options.authenticators)
  })
  return app
}

/** What protects a page is the same for every answer, so it is composed once: helmet would compose it for each of them. */
async function protectionOf(options: HttpOptions): Promise<Record<string, string>> {
  const once = Fastify()
  await once.register(helmet, helmetOptions(options))
  once.get('/', () => '')
  const { headers } = await once.inject('/')
  await once.close()
  const {
    'content-type': _type,
    'content-length': _length,
    date: _date,
    connection: _connection,
    ...kept
  } = headers
  return {
    ...Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, String(value)])),
    'cache-control': 'no-store',
  }
}

function helmetOptions({ publicUrl, formOrigins = [] }: HttpOptions) {
  const isSecure = publicUrl().startsWith('https:')
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        // Attributes only: charts position their marks with them. Style elements and sheets are files of ours.
        styleSrcAttr: ["'unsafe-inline'"],
        formAction: ["'self'", ...formOrigins],
        ...(isSecure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: isSecure ? { maxAge: 31_536_000 } : (false as const),
    // For browsers and plug-ins that are gone: Internet Explorer 8, Flash, the filters of old Chromium.
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    // Consent at the provider returns to us in the same window.
    crossOriginOpenerPolicy: { policy: 'same-origin' as const },
    referrerPolicy: { policy: 'same-origin' as const },
  }
}

/** A proxy on this machine may say for whom it asks. As the name `loopback` would, without parsing addresses each time. */
function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)
}

/** A route that does not say who may use it must not exist. */
function requireAccess(app: HttpApp): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new Error(`assertion failed: the route ${String(route.method)} ${route.url} has no config.access`)
    }
  })
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  authenticators: Authenticators,
): Promise<void> {
  const access: Access | undefined = request.routeOptions.config.access
  if (access === undefined) return
  switch (access.kind) {
    case 'public':
      request.consumer = (await authenticators.consumer?.(request, reply)) ?? null
      request.staff = (await authenticators.staff?.(request, reply)) ?? null
      return
    case 'own':
      return
    case 'consumer':
      request.consumer = (await authenticators.consumer?.(request, reply)) ?? null
      if (request.consumer === null) throw new CabinetError('not_signed_in')
      return
    case 'staff': {
      request.staff = (await authenticators.staff?.(request, reply)) ?? null
      if (request.staff === null) throw new CabinetError('not_signed_in')
      if (access.permission !== 'signed-in' && request.staff.lacks !== null)
        throw new CabinetError(
          request.staff.lacks === 'password' ? 'password_change_needed' : 'second_factor_needed',
        )
      if (access.permission !== 'signed-in' && !request.staff.permissions.has(access.permission)) {
        throw new CabinetError(
          'not_allowed',
          `The role ${request.staff.role} has no permission ${access.permission}.`,
        )
      }
      if (access.proof === 'recent') requireProof(request.staff)
      return
    }
    case 'device':
      request.cabinet = (await authenticators.device?.(request)) ?? null
      if (request.cabinet === null) throw new CabinetError('not_signed_in')
      return
    case 'provider':
      // The provider proves itself by the signature over the raw body, which its handler checks.
      return
    case 'broker':
      // A broker that asks us shows a secret, which its handler checks.
      return
  }
}

/** A browser names the page that sends a change; one from elsewhere is refused, whatever cookies it carries. */
function checkOrigin(request: FastifyRequest, publicUrl: string): void {
  const access: Access | undefined = request.routeOptions.config.access
  if (access?.kind === 'device' || access?.kind === 'provider' || access?.kind === 'broker') return
  if (request.method === 'GET' || request.method === 'HEAD') return
  const { origin } = request.headers
  if (origin === undefined) {
    if (request.headers['sec-fetch-site'] === 'cross-site')
      throw new CabinetError('foreign_origin', 'The request comes from another site.')
    return
  }
  const isOurs =
    origin === new URL(publicUrl).origin || origin === `${request.protocol}://${request.headers.host ?? ''}`
  if (!isOurs) throw new CabinetError('foreign_origin', `The request comes from ${origin.slice(0, 100)}.`)
}

/** Bodies are taken as they are; parameters arrive as text and are converted first. */
/**
 * What has not the form of an id names nothing: whoever mistyped an address, or cut it off, looks for something that is not
 * there, and has no request to correct.
 */
function createValidator(schema: TSchema, part: string | undefined) {
  return (data: unknown) => {
    const parsed = parseValue(schema, part === 'body' ? data : Value.Convert(schema, data))
    return parsed.ok
      ? { value: parsed.value }
      : {
          error: new CabinetError(
            part === 'params' ? 'not_found' : 'bad_request',
            `${capital(parsed.reason)}.`,
          ),
        }
  }
}
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Every failure leaves with a body of the catalogue; what is not ours to show stays in the log. */
function answerError(error: FastifyError | CabinetError, request: FastifyRequest, reply: FastifyReply): void {
  const shown = asCabinetError(error)
  const { entry } = shown
  if (entry.kind !== 'refusal')
    request.log.error({ err: error, requestId: request.id, url: request.url.split('?')[0] }, 'request failed')
  const body: ErrorBody = { code: shown.code, message: shown.message, requestId: request.id }
  if (entry.kind === 'refusal' && Object.keys(shown.context).length > 0) body.details = shown.context
  void reply
    .code(entry.status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(body)
}

function asCabinetError(error: FastifyError | CabinetError): CabinetError {
  if (error instanceof CabinetError) return error
  if (error.validation !== undefined || error.code === 'FST_ERR_VALIDATION')
    return new CabinetError('bad_request', error.message)
  const byStatus: Partial<Record<number, ErrorCode>> = {
    400: 'bad_request',
    404: 'not_found',
    413: 'payload_too_large',
    415: 'bad_request',
    429: 'too_many_requests',
  }
  const code = byStatus[error.statusCode ?? 500]
  return code === undefined
    ? new CabinetError('internal', ERRORS.internal.meaning, { cause: error })
    : new CabinetError(code, `${error.message.replace(/\.$/, '')}.`)
}

/**
 * Cookies of this core. With HTTPS they carry the `__Host-` prefix and `Secure`; over plain HTTP, which is meant for a
 * loopback address only and is said at start, browsers would drop such cookies.
 */
export function createCookies(publicUrl: string) {
  const isSecure = publicUrl.startsWith('https:')
  return {
    isSecure,
    name: (base: string) => (isSecure ? `__Host-${base}` : base),
    options: (sameSite: 'strict' | 'lax', maxAgeSeconds: number): CookieSerializeOptions => ({
      path: '/',
      httpOnly: true,
      secure: isSecure,
      sameSite,
      maxAge: maxAgeSeconds,
    }),
  }
}
