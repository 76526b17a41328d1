import type { Kysely } from 'kysely'
import type { HolidaySave, HolidayView, HolidayYear } from '#protocol/api/team.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { raiseIncident } from '#core/platform/incidents.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { forgetSpans } from '#core/support/clocks/calendar.ts'
import { enterHolidays, SHIPPED_HOLIDAYS } from '#core/support/clocks/holidays.ts'
import { missingYear, problemIn } from './decide-holidays.ts'
import { preparedFor } from '#core/platform/prepared.ts'

const savedYears = preparedFor((db) =>
  db
    .selectFrom('holidayYear as h')
    .innerJoin('staff as s', 's.staffId', 'h.savedBy')
    .select(['h.year', 'h.version', 'h.days', 'h.savedAtMs', 's.displayName as savedBy'])
    .orderBy('h.version'),
)

const KIND = 'holidays.look'
const HOUR_MS = 3_600_000
const SUBJECT = 'calendar'

export interface Holidays {
  /** Takes in what was entered, and looks every hour whether the coming year is there. */
  start(): Promise<void>
  view(staff: StaffIdentity): Promise<HolidayView>
  /** @throws bad_request that says what to mend, conflict */
  save(by: StaffIdentity, year: number, wish: HolidaySave): Promise<void>
}

export function createHolidays(deps: CoreDeps & { due: DueWork }): Holidays {
  const { db, clock, ids, log, due } = deps
  due.on(KIND, () => look())

  async function takeIn(): Promise<void> {
    for (const [year, { days }] of await heldYears(db.read)) enterHolidays(year, days)
    forgetSpans()
  }
  async function look(): Promise<void> {
    await takeIn()
    await db.write('look whether the calendar has the coming year', async (tx) => {
      const missing = missingYear([...(await heldYears(tx)).keys()], nowOf(tx))
      if (missing?.isUrgent === true) {
        const message = `The holidays of ${missing.year} are not known: they count as working days, and deadlines in office hours come too early. Enter the arrangement of the State Council under Schedule, Holidays.`
        log.warn({ year: missing.year }, message)
        await raiseIncident(tx, ids, { kind: 'holidays_missing', subject: SUBJECT, message })
      } else await settled(tx)
      await due.schedule(tx, { kind: KIND, subjectId: SUBJECT, dueAtMs: nowOf(tx) + HOUR_MS })
    })
  }
  async function settled(tx: Kysely<Tables>): Promise<void> {
    await tx
      .updateTable('incident')
      .set({ resolvedAtMs: clock.now() })
      .where('kind', '=', 'holidays_missing')
      .where('resolvedAtMs', 'is', null)
      .execute()
  }

  return {
    async start() {
      await takeIn()
      await db.write('look at the calendar', (tx) =>
        due.schedule(tx, { kind: KIND, subjectId: SUBJECT, dueAtMs: nowOf(tx) }),
      )
    },
    async view(staff) {
      const held = await heldYears(db.read)
      return {
        years: [...held].map(([year, one]) => ({ year, ...one })).toSorted((a, b) => b.year - a.year),
        missingYear: missingYear([...held.keys()], clock.now())?.year ?? null,
        mayChange: staff.permissions.has('calendar.change'),
      }
    },
    async save(by, year, wish) {
      const problem = problemIn(year, wish.days)
      if (problem !== undefined) throw new CabinetError('bad_request', problem)
      await db.write('save the holidays of a year', async (tx) => {
        const before = (await heldYears(tx)).get(year)
        const version = before?.version ?? 0
        if (version !== wish.baseVersion)
          throw new CabinetError('conflict', 'Somebody else has changed this year meanwhile.', {
            context: { version },
          })
        await tx
          .insertInto('holidayYear')
          .values({
            year,
            version: version + 1,
            days: JSON.stringify(wish.days),
            savedBy: by.staffId,
            savedAtMs: nowOf(tx),
            reason: wish.reason,
          })
          .execute()
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'holidays.changed',
          subject: `holidays:${year}`,
          detail: { reason: wish.reason, before: before?.days ?? null, after: wish.days },
        })
        await recordChange(tx, { kind: 'team', subjectId: 'holidays' })
      })
      await look()
    },
  }
}

type Held = { days: HolidayYear; version: number; savedBy: string | null; savedAtMs: number | null }
async function heldYears(db: Kysely<Tables>): Promise<Map<number, Held>> {
  const held = new Map<number, Held>(
    Object.entries(SHIPPED_HOLIDAYS).map(([year, days]) => [
      Number(year),
      { days, version: 0, savedBy: null, savedAtMs: null },
    ]),
  )
  const rows = await savedYears(db)
  for (const { year, days, ...row } of rows) held.set(year, { ...row, days: JSON.parse(days) as HolidayYear })
  return held
}
