import { sql } from 'kysely'
import Type from 'typebox'
import { AuditList } from '#protocol/api/staff/desk.ts'
import type { Database } from '#core/platform/database.ts'
import type { HttpApp } from '#core/platform/http.ts'

const ENTRIES_SHOWN = 200

/** GET /api/staff/audit?query= : newest first, by actor, action or subject. */
export function registerAuditRoutes(app: HttpApp, deps: { db: Database }): void {
  app.get(
    '/api/staff/audit',
    {
      config: { access: { kind: 'staff', permission: 'audit.read' } },
      schema: {
        querystring: Type.Object(
          { query: Type.Optional(Type.String({ maxLength: 100 })) },
          { additionalProperties: false },
        ),
        response: { 200: AuditList },
      },
    },
    async (request) => {
      let select = deps.db.read
        .selectFrom('audit')
        .select(['seq', 'atMs', 'actor', 'action', 'subject', 'detail'])
        .orderBy('seq', 'desc')
        .limit(ENTRIES_SHOWN)
      const { query } = request.query
      if (query !== undefined && query !== '') {
        const pattern = `%${query.replace(/[\\%_]/g, '\\$&')}%`
        select = select.where((eb) =>
          eb.or([
            ...(['actor', 'action', 'subject'] as const).map((column) => eb(column, 'like', pattern)),
            // People are looked for by their name.
            eb(
              'actor',
              'in',
              eb
                .selectFrom('staff')
                .select(sql<string>`'staff:' || staffId`.as('actor'))
                .where((staff) =>
                  staff.or([staff('displayName', 'like', pattern), staff('name', 'like', pattern)]),
                ),
            ),
          ]),
        )
      }
      const rows = await select.execute()
      const people = await deps.db.read.selectFrom('staff').select(['staffId', 'displayName']).execute()
      const names = new Map(people.map(({ staffId, displayName }) => [`staff:${staffId}`, displayName]))
      return {
        entries: rows.map((row) => ({
          ...row,
          actorName: names.get(row.actor) ?? null,
          detail: JSON.parse(row.detail) as Record<string, unknown>,
        })),
      }
    },
  )
}
