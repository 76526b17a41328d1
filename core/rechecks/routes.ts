import Type from 'typebox'
import { closed, Id, oneOf } from '#protocol/api/common.ts'
import {
  RECHECK_VIEWS,
  RecheckDecision,
  RecheckDetail,
  RecheckList,
  RecheckObjection,
  RecheckScore,
  ScorecardSave,
  ScorecardView,
} from '#protocol/api/rechecks.ts'
import type { Access, StaffIdentity } from '#core/platform/access.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { listRechecks, recheckFor } from './queries.ts'
import type { Rechecks } from './rechecks.ts'
import { cardView, saveCard } from './scorecard.ts'

const allow = (permission: 'recheck.own' | 'recheck.work' | 'scorecard.change') => ({
  config: { access: { kind: 'staff', permission } satisfies Access },
})
const Params = Type.Object({ recheckId: Id }, closed)

/** `protocol/api/rechecks.ts`. */
export function registerRecheckRoutes(app: HttpApp, deps: CoreDeps & { rechecks: Rechecks }): void {
  const { db, clock, rechecks } = deps
  const me = (request: { staff: StaffIdentity | null }) => request.staff as StaffIdentity

  app.get(
    '/api/staff/rechecks',
    {
      ...allow('recheck.own'),
      schema: {
        querystring: Type.Object({ view: Type.Optional(oneOf(RECHECK_VIEWS)) }, closed),
        response: { 200: RecheckList },
      },
    },
    (request) => listRechecks(db.read, me(request), request.query.view ?? 'waiting', clock.now()),
  )
  app.get(
    '/api/staff/rechecks/scorecard',
    { ...allow('recheck.own'), schema: { response: { 200: ScorecardView } } },
    (request) => cardView(db.read, me(request)),
  )
  app.put(
    '/api/staff/rechecks/scorecard',
    { ...allow('scorecard.change'), schema: { body: ScorecardSave, response: { 200: ScorecardView } } },
    async (request) => {
      await saveCard(db, me(request), request.body)
      return cardView(db.read, me(request))
    },
  )
  const answer = { params: Params, response: { 200: RecheckDetail } }
  const shown = (request: { staff: StaffIdentity | null; params: { recheckId: string } }) =>
    recheckFor(db.read, me(request), request.params.recheckId, clock.now())
  app.get('/api/staff/rechecks/:recheckId', { ...allow('recheck.own'), schema: answer }, shown)
  app.post(
    '/api/staff/rechecks/:recheckId/score',
    { ...allow('recheck.work'), schema: { ...answer, body: RecheckScore } },
    async (request) => {
      await rechecks.score(me(request), request.params.recheckId, request.body)
      return shown(request)
    },
  )
  app.post(
    '/api/staff/rechecks/:recheckId/object',
    { ...allow('recheck.own'), schema: { ...answer, body: RecheckObjection } },
    async (request) => {
      await rechecks.object(me(request), request.params.recheckId, request.body)
      return shown(request)
    },
  )
  app.post(
    '/api/staff/rechecks/:recheckId/decide',
    { ...allow('recheck.work'), schema: { ...answer, body: RecheckDecision } },
    async (request) => {
      await rechecks.decide(me(request), request.params.recheckId, request.body)
      return shown(request)
    },
  )
}
