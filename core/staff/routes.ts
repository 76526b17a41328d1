import Type from 'typebox'
import { type Home, Home as HomeSchema, Me, SignInRequest } from '#protocol/api/staff/desk.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import type { createCookies, HttpApp } from '#core/platform/http.ts'
import type { Policy } from '#core/platform/policy.ts'
import type { StaffAccounts } from './accounts.ts'
import { refundLimitFen } from './refund-limit.ts'

/** Name of the staff cookie, before the `__Host-` prefix. */
export const STAFF_COOKIE = 'sid'

/** Signing in and out, and who one is. */
export function registerStaffRoutes(
  app: HttpApp,
  deps: {
    accounts: StaffAccounts
    cookies: ReturnType<typeof createCookies>
    policy: Policy
    home: (staff: StaffIdentity) => Promise<Home>
    /** IANA name: where most cabinets of this person's operator stand. */
    homeZone: (staff: StaffIdentity) => Promise<string>
    /** Of the newest change that pages were told. */
    lastChangeId: () => number
  },
): void {
  const { accounts, cookies, policy } = deps
  const cookieName = cookies.name(STAFF_COOKIE)
  const me = async (staff: StaffIdentity) => ({
    staffId: staff.staffId,
    name: staff.name,
    displayName: staff.displayName,
    role: staff.role,
    permissions: [...staff.permissions] as string[],
    language: staff.language,
    refundLimitFen: refundLimitFen(staff.role, policy),
    lacks: staff.lacks,
    timeZone: await deps.homeZone(staff),
    changeId: deps.lastChangeId(),
  })

  app.post(
    '/api/staff/sign-in',
    {
      config: { access: { kind: 'public' }, rateLimit: { max: 120, timeWindow: '1 minute' } },
      schema: { body: SignInRequest, response: { 200: Me } },
    },
    async (request, reply) => {
      const { token, maxAgeSeconds } = await accounts.signIn({
        ...request.body,
        device: request.headers['user-agent'],
        address: request.ip,
      })
      const staff = await accounts.authenticate(token)
      if (staff === undefined) throw new Error('assertion failed: a session that was just made is not known')
      void reply.setCookie(cookieName, token, cookies.options('strict', maxAgeSeconds))
      return me(staff)
    },
  )
  app.post(
    '/api/staff/sign-out',
    {
      config: { access: { kind: 'staff', permission: 'signed-in' } },
      schema: { response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await accounts.signOut(request.staff as StaffIdentity)
      return reply.clearCookie(cookieName, cookies.options('strict', 0)).code(204).send(null)
    },
  )
  app.get(
    '/api/staff/me',
    { config: { access: { kind: 'staff', permission: 'signed-in' } }, schema: { response: { 200: Me } } },
    async (request) => me(request.staff as StaffIdentity),
  )
  app.get(
    '/api/staff/home',
    {
      config: { access: { kind: 'staff', permission: 'home.read' } },
      schema: { response: { 200: HomeSchema } },
    },
    async (request) => deps.home(request.staff as StaffIdentity),
  )
}
