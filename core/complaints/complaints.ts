import { dayOf } from '#core/ledger/day.ts'
import { recordReply, saveCall } from '#core/payments/journal.ts'
import type { PaymentProvider, ProviderComplaint } from '#core/payments/provider.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueItem, DueWork } from '#core/platform/due.ts'
import {
  type ComplaintStep,
  decideComplaintStep,
  DONE_WITHIN_MS,
  type OwnSide,
  RESPOND_WITHIN_MS,
} from './decide.ts'

/** What others do with a complaint; wired in core/reactions.ts. */
export interface ComplaintReactions {
  /** Opens a ticket whose clocks end no later than the provider's. @returns its id */
  complaintFiled(
    tx: Tx,
    complaint: ProviderComplaint & { orderId: string | null; respondByMs: number; doneByMs: number },
  ): Promise<string>
}
export interface Complaints {
  /** Looks at the provider's list now; a callback says that there is something new. */
  schedule(tx: Tx): Promise<void>
  resume(): Promise<void>
}

/** The list may span 30 days at once. */
const SPAN_MS = 29 * 24 * 3_600_000
const PAGE = 50
const PAGES_MOST = 20
const SUBJECT = 'list'

/** Complaints filed with the provider become tickets; what staff answer and solve is told to the provider. */
export function createComplaints(
  deps: CoreDeps & { due: DueWork; provider: PaymentProvider; reactions: ComplaintReactions },
): Complaints {
  const { db, clock, ids, log, policy, due, provider, reactions } = deps
  due.on('complaint.import', (work) => importAll(work))

  async function importAll(work: DueItem): Promise<void> {
    const fromDay = dayOf(clock.now() - SPAN_MS)
    const toDay = dayOf(clock.now())
    for (let page = 0; page < PAGES_MOST; page++) {
      const reply = await provider.listComplaints({ fromDay, toDay, offset: page * PAGE, limit: PAGE })
      if (reply.kind !== 'value') {
        log.warn({ reply }, 'the list of complaints could not be had; it is looked at again')
        break
      }
      for (const complaint of reply.value) {
        await db.write('import a complaint', (tx) => take(tx, complaint))
        await tellProvider(complaint)
      }
      if (reply.value.length < PAGE) break
    }
    await db.write('look at complaints again', (tx) =>
      due.schedule(tx, {
        kind: 'complaint.import',
        subjectId: work.subjectId,
        dueAtMs: nowOf(tx) + policy.complaintLookMs,
      }),
    )
  }

  async function take(tx: Tx, complaint: ProviderComplaint): Promise<void> {
    const known = await tx
      .selectFrom('providerComplaint')
      .select('complaintId')
      .where('complaintId', '=', complaint.complaintId)
      .executeTakeFirst()
    if (known !== undefined) {
      await tx
        .updateTable('providerComplaint')
        .set({ state: complaint.state })
        .where('complaintId', '=', complaint.complaintId)
        .execute()
      return
    }
    const order =
      complaint.outOrderNo === null
        ? undefined
        : await tx
            .selectFrom('charge')
            .select('orderId')
            .where('outOrderNo', '=', complaint.outOrderNo)
            .executeTakeFirst()
    const about = {
      orderId: order?.orderId ?? null,
      respondByMs: complaint.filedAtMs + RESPOND_WITHIN_MS,
      doneByMs: complaint.filedAtMs + DONE_WITHIN_MS,
    }
    const ticketId =
      complaint.state === 'processed' ? null : await reactions.complaintFiled(tx, { ...complaint, ...about })
    await tx
      .insertInto('providerComplaint')
      .values({
        complaintId: complaint.complaintId,
        outOrderNo: complaint.outOrderNo,
        ...about,
        text: complaint.text,
        refundAskedFen: complaint.refundAskedFen,
        state: complaint.state,
        filedAtMs: complaint.filedAtMs,
        ticketId,
        importedAtMs: nowOf(tx),
        respondedAtMs: null,
        completedAtMs: null,
      })
      .execute()
    log.info({ complaintId: complaint.complaintId, orderId: about.orderId, ticketId }, 'complaint imported')
  }

  async function ownSideOf(complaintId: string): Promise<OwnSide | undefined> {
    const row = await db.read
      .selectFrom('providerComplaint as c')
      .innerJoin('ticket as t', 't.ticketId', 'c.ticketId')
      .select(['c.ticketId', 'c.respondedAtMs', 'c.completedAtMs', 't.state'])
      .where('c.complaintId', '=', complaintId)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const message = await db.read
      .selectFrom('ticketMessage')
      .select('text')
      .where('ticketId', '=', row.ticketId)
      .where('sender', '=', 'agent')
      .where('isInternal', '=', 0)
      .where('text', '<>', '')
      .orderBy('atMs', 'desc')
      .limit(1)
      .executeTakeFirst()
    return {
      reply: message?.text,
      isTicketDone: row.state === 'resolved' || row.state === 'closed',
      respondedAtMs: row.respondedAtMs,
      completedAtMs: row.completedAtMs,
    }
  }

  /** One step after the other until the provider knows what we know. */
  async function tellProvider(complaint: ProviderComplaint): Promise<void> {
    for (;;) {
      const own = await ownSideOf(complaint.complaintId)
      const step = own && decideComplaintStep(complaint, own)
      if (step === undefined || !(await tell(complaint, step))) return
    }
  }
  /** @returns whether the provider took it; what it did not is tried with the next look */
  async function tell({ complaintId }: ProviderComplaint, step: ComplaintStep): Promise<boolean> {
    const request =
      step.do === 'respond'
        ? provider.build.respondToComplaint({ complaintId, text: step.text })
        : provider.build.completeComplaint({ complaintId })
    const callId = await db.write('save an answer to a complaint', (tx) =>
      saveCall(tx, ids, { request, subjectId: complaintId, idempotencyKey: `${complaintId}/${step.do}` }),
    )
    const reply = await provider.send(request)
    return db.write('record an answer to a complaint', async (tx) => {
      await recordReply(tx, callId, reply)
      if (reply.kind !== 'value') {
        log.warn({ complaintId, step: step.do, reply }, 'the provider did not take an answer to a complaint')
        return false
      }
      await tx
        .updateTable('providerComplaint')
        .set(step.do === 'respond' ? { respondedAtMs: nowOf(tx) } : { completedAtMs: nowOf(tx) })
        .where('complaintId', '=', complaintId)
        .execute()
      return true
    })
  }

  async function schedule(tx: Tx): Promise<void> {
    await due.schedule(tx, { kind: 'complaint.import', subjectId: SUBJECT, dueAtMs: nowOf(tx) })
  }
  return {
    schedule,
    async resume() {
      const planned = await db.read
        .selectFrom('dueWork')
        .select('kind')
        .where('kind', '=', 'complaint.import')
        .executeTakeFirst()
      if (planned === undefined)
        await db.write('plan to look at complaints', (tx) =>
          due.schedule(tx, {
            kind: 'complaint.import',
            subjectId: SUBJECT,
            dueAtMs: nowOf(tx) + policy.complaintLookMs,
          }),
        )
    },
  }
}
