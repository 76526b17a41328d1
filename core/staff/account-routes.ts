import Type from 'typebox'
import {
  AccountView,
  LanguageChange,
  PasswordChange,
  PeopleList,
  PERSON_DEEDS,
  PersonChange,
  PersonCreate,
  PersonDeedRequest,
  PersonDone,
  ProveRequest,
  RecoveryCodes,
  SecondFactorBegin,
  SecondFactorConfirm,
  SecondFactorOff,
  SecondFactorSetup,
} from '#protocol/api/accounts.ts'
import { Id } from '#protocol/api/common.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { HttpApp } from '#core/platform/http.ts'
import type { OwnAccount } from './own-account.ts'
import type { People } from './people.ts'

const OWN: Access = { kind: 'staff', permission: 'signed-in' }
const MANAGED: Access = { kind: 'staff', permission: 'staff.manage' }
const MANAGED_PROVED: Access = { ...MANAGED, proof: 'recent' }
/** Passwords and codes are guessed by trying. */
const FEW = { max: 30, timeWindow: '1 minute' }
const NOTHING = { 204: Type.Null() }
const bySession = Type.Object({ sessionId: Id }, { additionalProperties: false })
const byPerson = Type.Object({ staffId: Id }, { additionalProperties: false })

/** One's own account, and those of others for whoever manages them. */
export function registerAccountRoutes(app: HttpApp, deps: { own: OwnAccount; people: People }): void {
  registerOwn(app, deps.own)
  registerPeople(app, deps.people)
}

function registerOwn(app: HttpApp, own: OwnAccount): void {
  app.get(
    '/api/staff/account',
    { config: { access: OWN }, schema: { response: { 200: AccountView } } },
    async (request) => own.view(request.staff as StaffIdentity),
  )
  app.post(
    '/api/staff/account/prove',
    { config: { access: OWN, rateLimit: FEW }, schema: { body: ProveRequest, response: NOTHING } },
    async (request, reply) => {
      await own.prove(request.staff as StaffIdentity, request.body)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/staff/account/password',
    { config: { access: OWN, rateLimit: FEW }, schema: { body: PasswordChange, response: NOTHING } },
    async (request, reply) => {
      await own.changePassword(request.staff as StaffIdentity, request.body)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/staff/account/second-factor/begin',
    {
      config: { access: OWN, rateLimit: FEW },
      schema: { body: SecondFactorBegin, response: { 200: SecondFactorSetup } },
    },
    async (request) => own.beginSecondFactor(request.staff as StaffIdentity, request.body.password),
  )
  app.post(
    '/api/staff/account/second-factor/confirm',
    {
      config: { access: OWN, rateLimit: FEW },
      schema: { body: SecondFactorConfirm, response: { 200: RecoveryCodes } },
    },
    async (request) => own.confirmSecondFactor(request.staff as StaffIdentity, request.body.code),
  )
  app.post(
    '/api/staff/account/second-factor/off',
    { config: { access: OWN, rateLimit: FEW }, schema: { body: SecondFactorOff, response: NOTHING } },
    async (request, reply) => {
      await own.dropSecondFactor(request.staff as StaffIdentity, request.body.code)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/staff/account/sessions/:sessionId/end',
    { config: { access: OWN }, schema: { params: bySession, response: NOTHING } },
    async (request, reply) => {
      await own.endSession(request.staff as StaffIdentity, request.params.sessionId)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/api/staff/account/end-others',
    { config: { access: OWN }, schema: { response: NOTHING } },
    async (request, reply) => {
      await own.endOthers(request.staff as StaffIdentity)
      return reply.code(204).send(null)
    },
  )
  app.put(
    '/api/staff/account/language',
    { config: { access: OWN }, schema: { body: LanguageChange, response: NOTHING } },
    async (request, reply) => {
      await own.setLanguage(request.staff as StaffIdentity, request.body.language)
      return reply.code(204).send(null)
    },
  )
}

function registerPeople(app: HttpApp, people: People): void {
  app.get(
    '/api/staff/people',
    { config: { access: MANAGED }, schema: { response: { 200: PeopleList } } },
    async (request) => people.list(request.staff as StaffIdentity),
  )
  app.post(
    '/api/staff/people',
    { config: { access: MANAGED_PROVED }, schema: { body: PersonCreate, response: { 200: PersonDone } } },
    async (request) => people.create(request.staff as StaffIdentity, request.body),
  )
  app.post(
    '/api/staff/people/:staffId/change',
    {
      config: { access: MANAGED_PROVED },
      schema: { params: byPerson, body: PersonChange, response: { 200: PersonDone } },
    },
    async (request) => people.change(request.staff as StaffIdentity, request.params.staffId, request.body),
  )
  for (const deed of PERSON_DEEDS) {
    app.post(
      `/api/staff/people/:staffId/${deed}`,
      {
        config: { access: MANAGED_PROVED },
        schema: { params: byPerson, body: PersonDeedRequest, response: { 200: PersonDone } },
      },
      async (request) =>
        people.do(request.staff as StaffIdentity, request.params.staffId, deed, request.body.reason),
    )
  }
}
