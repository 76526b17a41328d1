import type {
  ImprovementCreate,
  ImprovementEdit,
  ImprovementSource,
  ImprovementStep,
  ImprovementSubject,
} from '#protocol/api/improvements.ts'
import type { Bilingual } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { recordChange } from '#core/live/changes.ts'
import type { StaffIdentity } from '#core/platform/access.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { type CauseCase, decideRecurrence, subjectsOf } from './decide-recurrence.ts'
import { improvementMachine } from './machine.ts'
import {
  addCase,
  casesOf,
  findOpenItem,
  getItem,
  insertItem,
  type ItemRow,
  lastEndOf,
  type Person,
  saveItem,
} from './store.ts'
import { titleOf } from './title.ts'

const DAY_MS = 86_400_000
const KIND = 'improvement.due'
/** Short numbers that people read aloud begin here. */
const NUMBER_FIRST = 101

export interface NewItem {
  readonly source: ImprovementSource
  /** What opens it: opened again for the same thing, it is the same item. */
  readonly sourceId: string
  /** Without one it is called after its cause and subject. */
  readonly title?: Bilingual
  readonly rootCause?: string
  readonly subject?: ImprovementSubject
  readonly dueAtMs?: number
  readonly plan?: string
  readonly cases?: ReadonlyArray<{ kind: 'ticket' | 'anomaly'; caseId: string; atMs: number }>
  /** A person; a rule when nobody did. */
  readonly by?: Person
}

export interface Improvements {
  /**
   * For whoever finds that something must get better. When an item about the same cause and subject is open, its cases are
   * counted on that one: `isNew` is false.
   */
  open(tx: Tx, wish: NewItem): Promise<{ itemId: string; isNew: boolean }>
  /** A case whose cause is known. Counted once; opens an item when the cause recurs. */
  countCase(tx: Tx, one: CauseCase): Promise<void>
  /** A ticket was opened again: its cause is not known any more. */
  forgetCase(tx: Tx, kind: CauseCase['kind'], caseId: string): Promise<void>
  create(by: StaffIdentity, wish: ImprovementCreate): Promise<string>
  /** @throws conflict when somebody else worked on it */
  edit(by: StaffIdentity, itemId: string, edit: ImprovementEdit): Promise<void>
  /** @throws conflict when the step does not fit its state, bad_request when the plan is missing */
  step(
    by: StaffIdentity,
    itemId: string,
    step: ImprovementStep,
    wish: { version: number; note: string },
  ): Promise<void>
}

export function createImprovements(deps: CoreDeps & { due: DueWork }): Improvements {
  const { db, ids, log, policy, due } = deps
  due.on(KIND, (work) => look(work.subjectId))

  /** Its time has come: late work and a check that can be made now are told to whoever owns it. */
  async function look(itemId: string): Promise<void> {
    await db.write('look at an improvement item', async (tx) => {
      const item = await getItem(tx, itemId)
      if (item.endedAtMs !== null) return
      const checkAtMs = checkableAtMs(item)
      if (item.state === 'check' && checkAtMs !== undefined && nowOf(tx) >= checkAtMs)
        await saveItem(tx, item, {}, { what: 'checkDue' })
      else if (nowOf(tx) >= item.dueAtMs) await saveItem(tx, item, {}, { what: 'late' })
    })
  }
  async function plan(tx: Tx, item: ItemRow): Promise<void> {
    const atMs = item.state === 'check' ? checkableAtMs(item) : item.dueAtMs
    if (item.endedAtMs !== null || atMs === undefined || atMs <= nowOf(tx)) {
      await due.cancel(tx, KIND, item.itemId)
      return
    }
    await due.schedule(tx, { kind: KIND, subjectId: item.itemId, dueAtMs: atMs })
  }

  async function open(tx: Tx, wish: NewItem): Promise<{ itemId: string; isNew: boolean }> {
    const { source, sourceId, rootCause, subject, cases = [] } = wish
    const before =
      (await tx
        .selectFrom('improvementItem')
        .selectAll()
        .where('source', '=', source)
        .where('sourceId', '=', sourceId)
        .executeTakeFirst()) ??
      (rootCause === undefined || subject === undefined
        ? undefined
        : await findOpenItem(tx, rootCause, subject))
    if (before !== undefined) {
      await count(tx, before, cases, wish.by)
      return { itemId: before.itemId, isNew: false }
    }
    const last = await tx
      .selectFrom('improvementItem')
      .select((eb) => eb.fn.max('number').as('number'))
      .executeTakeFirst()
    const title = wish.title ?? (await titleOf(tx, rootCause, subject))
    const item: ItemRow = {
      itemId: ids.next('improvement'),
      number: (last?.number ?? NUMBER_FIRST - 1) + 1,
      source,
      sourceId,
      state: improvementMachine.initial,
      titleZh: title.zh,
      titleEn: title.en,
      rootCause: rootCause ?? null,
      subjectKind: subject?.kind ?? null,
      subjectId: subject?.id ?? null,
      operator: subject?.kind === 'cabinet' ? await operatorOf(tx, subject.id) : null,
      ownerId: null,
      dueAtMs: wish.dueAtMs ?? nowOf(tx) + policy.improvementDueDays * DAY_MS,
      windowDays: policy.recurrenceWindowDays,
      round: 1,
      plan: wish.plan ?? '',
      action: '',
      checkNote: '',
      standardNote: '',
      openedBy: wish.by === undefined ? `rule:${source}` : `staff:${wish.by.staffId}`,
      openedAtMs: nowOf(tx),
      doneAtMs: null,
      endedAtMs: null,
      version: 1,
    }
    await insertItem(tx, item, {
      what: 'opened',
      ...(wish.by === undefined ? {} : { by: wish.by }),
      values: { source, cases: cases.length },
    })
    for (const one of cases) await addCase(tx, item.itemId, one)
    await plan(tx, item)
    await appendAudit(tx, {
      actor: wish.by === undefined ? 'system' : `staff:${wish.by.staffId}`,
      action: 'improvement.opened',
      subject: `improvement:${item.itemId}`,
      detail: { source, rootCause: item.rootCause, subjectId: item.subjectId, cases: cases.length },
    })
    log.info({ itemId: item.itemId, source, rootCause, subjectId: item.subjectId }, 'improvement item opened')
    return { itemId: item.itemId, isNew: true }
  }

  async function count(
    tx: Tx,
    item: ItemRow,
    cases: NonNullable<NewItem['cases']>,
    by?: Person,
  ): Promise<void> {
    let added = 0
    for (const one of cases) if (await addCase(tx, item.itemId, one)) added += 1
    if (added === 0 || item.endedAtMs !== null) return
    await saveItem(
      tx,
      item,
      {},
      { what: 'counted', ...(by === undefined ? {} : { by }), values: { cases: added } },
    )
  }

  async function unchanged(tx: Tx, itemId: string, by: StaffIdentity, version: number): Promise<ItemRow> {
    const item = await getItem(tx, itemId)
    if (by.operator !== null && item.operator !== by.operator) throw new CabinetError('not_found')
    if (item.version !== version)
      throw new CabinetError('conflict', 'Somebody else worked on this item meanwhile.', {
        context: { version: item.version },
      })
    return item
  }

  return {
    open,
    async countCase(tx, one) {
      const subjects = subjectsOf(one)
      await tx.deleteFrom('causeCase').where('kind', '=', one.kind).where('caseId', '=', one.caseId).execute()
      if (subjects.length === 0) return
      const operator = one.cabinetId === null ? null : await operatorOf(tx, one.cabinetId)
      const { kind, caseId, rootCause, cabinetId, atMs } = one
      for (const subject of subjects)
        await tx
          .insertInto('causeCase')
          .values({
            kind,
            caseId,
            subjectKind: subject.kind,
            subjectId: subject.id,
            rootCause,
            cabinetId,
            operator,
            atMs,
          })
          .execute()
      const rule = { cases: policy.recurrenceCases, days: policy.recurrenceWindowDays }
      for (const subject of subjects) {
        const openItem = await findOpenItem(tx, rootCause, subject)
        const fromMs = Math.max(atMs - rule.days * DAY_MS, await lastEndOf(tx, rootCause, subject))
        const cases = await casesOf(tx, rootCause, subject, fromMs, atMs)
        const decision = decideRecurrence(rule, {
          hasOpenItem: openItem !== undefined,
          casesInWindow: cases.length,
        })
        if (decision === 'count' && openItem !== undefined)
          await count(tx, openItem, [{ kind, caseId, atMs }])
        if (decision === 'open')
          await open(tx, {
            source: 'recurrence',
            sourceId: `${rootCause}/${subject.kind}/${subject.id}/${caseId}`,
            rootCause,
            subject,
            cases,
          })
      }
    },
    async forgetCase(tx, kind, caseId) {
      await tx.deleteFrom('causeCase').where('kind', '=', kind).where('caseId', '=', caseId).execute()
    },
    async create(by, wish) {
      return db.write('open an improvement item', async (tx) => {
        const { subject, rootCause, title, dueAtMs } = wish
        const sourceId = `${by.staffId}/${wish.requestId}`
        if (dueAtMs !== undefined) checkDue(tx, dueAtMs)
        if (subject !== undefined) await checkSubject(tx, by, subject)
        else if (by.operator !== null)
          throw new CabinetError('bad_request', 'Name the cabinet that the item is about.')
        const { itemId, isNew } = await open(tx, {
          source: 'person',
          sourceId,
          title: { zh: title, en: title },
          by,
          ...(rootCause === undefined ? {} : { rootCause }),
          ...(subject === undefined ? {} : { subject }),
          ...(dueAtMs === undefined ? {} : { dueAtMs }),
          ...(wish.plan === undefined ? {} : { plan: wish.plan }),
        })
        const item = await getItem(tx, itemId)
        if (!isNew && item.sourceId !== sourceId)
          throw new CabinetError(
            'exists_with_different_contents',
            `Item ${item.number} about this cause is open already; work on that one.`,
            { context: { itemId, number: item.number } },
          )
        return itemId
      })
    },
    async edit(by, itemId, { version, ownerId, dueAtMs, plan: planned, action }) {
      await db.write('edit an improvement item', async (tx) => {
        const item = await unchanged(tx, itemId, by, version)
        if (item.endedAtMs !== null) throw new CabinetError('conflict', 'This item has ended.')
        const owner = ownerId === null ? undefined : await ownerNamed(tx, ownerId)
        if (dueAtMs !== item.dueAtMs) checkDue(tx, dueAtMs)
        const saved = await saveItem(
          tx,
          item,
          { ownerId, dueAtMs, plan: planned, action },
          { what: 'edited', by, values: { owner: owner?.displayName ?? '', dueAtMs } },
        )
        await plan(tx, saved)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: 'improvement.edited',
          subject: `improvement:${itemId}`,
          detail: {
            before: { ownerId: item.ownerId, dueAtMs: item.dueAtMs, plan: item.plan, action: item.action },
            after: { ownerId, dueAtMs, plan: planned, action },
          },
        })
      })
    },
    async step(by, itemId, step, { version, note }) {
      await db.write(`improvement: ${step}`, async (tx) => {
        const item = await unchanged(tx, itemId, by, version)
        const state = improvementMachine.next(item.state, step)
        if (state === undefined)
          throw new CabinetError('conflict', `An item in state ${item.state} does not take this step.`)
        const change: Partial<ItemRow> = { state, ...CHANGES[step](item, note, nowOf(tx)) }
        if (item.ownerId === null) change.ownerId = by.staffId
        const saved = await saveItem(tx, item, change, { what: step, by, values: { note } })
        await plan(tx, saved)
        await appendAudit(tx, {
          actor: `staff:${by.staffId}`,
          action: `improvement.${STEP_DONE[step]}`,
          subject: `improvement:${itemId}`,
          detail: { from: item.state, to: state, note },
        })
        await recordChange(tx, { kind: 'improvement', subjectId: itemId })
      })
    },
  }
}

/** What the note of a step becomes, and what else changes with it. */
const CHANGES: Record<ImprovementStep, (item: ItemRow, note: string, nowMs: number) => Partial<ItemRow>> = {
  begin: (_, note) => ({ plan: note }),
  finish: (_, note, nowMs) => ({ action: note, doneAtMs: nowMs }),
  effective: (_, note) => ({ checkNote: note }),
  again: (item, note) => ({ checkNote: note, round: item.round + 1, doneAtMs: null, action: '' }),
  close: (_, note, nowMs) => ({ standardNote: note, endedAtMs: nowMs }),
  drop: (_, note, nowMs) => ({ checkNote: note, endedAtMs: nowMs }),
}
/** What goes before the audit's reader. */
const STEP_DONE = {
  begin: 'begun',
  finish: 'done',
  effective: 'proved',
  again: 'planned_again',
  close: 'closed',
  drop: 'dropped',
} as const satisfies Record<ImprovementStep, string>

/** When as much time has passed after the change as was counted before it. */
export function checkableAtMs(item: Pick<ItemRow, 'doneAtMs' | 'windowDays'>): number | undefined {
  return item.doneAtMs === null ? undefined : item.doneAtMs + item.windowDays * DAY_MS
}
function checkDue(tx: Tx, dueAtMs: number): void {
  if (dueAtMs <= nowOf(tx) || dueAtMs > nowOf(tx) + 366 * DAY_MS)
    throw new CabinetError('bad_request', 'An item is due within the next year.')
}
async function operatorOf(tx: Tx, cabinetId: string): Promise<string | null> {
  const cabinet = await tx
    .selectFrom('cabinet')
    .select('operator')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  return cabinet?.operator ?? null
}
async function checkSubject(tx: Tx, by: StaffIdentity, subject: ImprovementSubject): Promise<void> {
  if (subject.kind === 'product') {
    const known = await tx
      .selectFrom('product')
      .select('sku')
      .where('sku', '=', subject.id)
      .executeTakeFirst()
    if (known === undefined) throw new CabinetError('not_found', `There is no product ${subject.id}.`)
    if (by.operator !== null)
      throw new CabinetError('not_allowed', 'A product is sold by others too; name your cabinet.')
    return
  }
  const cabinet = await tx
    .selectFrom('cabinet')
    .select('operator')
    .where('cabinetId', '=', subject.id)
    .executeTakeFirst()
  if (cabinet === undefined || (by.operator !== null && cabinet.operator !== by.operator))
    throw new CabinetError('not_found', `There is no cabinet ${subject.id}.`)
}
async function ownerNamed(tx: Tx, staffId: string): Promise<Person> {
  const owner = await tx
    .selectFrom('staff')
    .select(['staffId', 'displayName'])
    .where('staffId', '=', staffId)
    .where('isActive', '=', 1)
    .executeTakeFirst()
  if (owner === undefined) throw new CabinetError('not_found', 'This person has no account that works.')
  return owner
}
