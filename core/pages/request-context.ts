import type { FastifyReply, FastifyRequest } from 'fastify'
import { chooseLanguage, type Language } from '#protocol/words/words.ts'
import type { PageAssets } from './assets.ts'
import { createContext, type PageContext } from './context.ts'
import type { PagesDeps } from './pages-deps.ts'

const LANGUAGE_COOKIE = 'lang'
const YEAR_SECONDS = 31_536_000

export async function contextOf(
  deps: PagesDeps,
  assets: PageAssets,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<PageContext> {
  return contextIn(deps, assets, request, languageOf(request, reply))
}

export async function contextIn(
  deps: PagesDeps,
  assets: PageAssets,
  request: FastifyRequest,
  language: Language,
): Promise<PageContext> {
  return createContext({
    language,
    path: request.url.split('?', 1)[0] ?? '/',
    nowMs: deps.clock.now(),
    timeZone: await deps.timeZoneOf(),
    assets,
    contact: await deps.contact(),
    newRequestId: () => deps.ids.next('request'),
  })
}

/** `?lang` wins and is remembered for a year, then the cookie, then the browser's wish. */
export function languageOf(request: FastifyRequest, reply: FastifyReply): Language {
  const asked =
    typeof request.query === 'object' && request.query !== null && 'lang' in request.query
      ? request.query.lang
      : undefined
  if (asked === 'zh' || asked === 'en') {
    void reply.header(
      'set-cookie',
      `${LANGUAGE_COOKIE}=${asked}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax`,
    )
    return asked
  }
  return chooseLanguage(cookie(request.headers.cookie, LANGUAGE_COOKIE), request.headers['accept-language'])
}

function cookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name) return value
  }
  return undefined
}

/** The times of one cabinet are those of the clock beside it, and whoever runs it answers the telephone. */
export async function standingIn(
  deps: Pick<PagesDeps, 'timeZoneOf' | 'contact'>,
  cabinetId: string,
  context: PageContext,
): Promise<PageContext> {
  return {
    ...context,
    timeZone: await deps.timeZoneOf(cabinetId),
    contact: await deps.contact(cabinetId),
  }
}
