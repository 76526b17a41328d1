import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Kysely, Selectable } from 'kysely'
import Type from 'typebox'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { noticeText } from '#protocol/words/story.ts'
import type { Values } from '#protocol/words/words.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import type { HttpTransport } from '#core/platform/transport.ts'

export type NoticeRow = Selectable<Tables['notice']>
/** What may be told; the texts are in protocol/words/story.ts under `notice.<template>`. */
export type NoticeTemplate =
  | 'double_charge'
  | 'late_charge'
  | 'refund_started'
  | 'refund_arrived'
  | 'held_charged'
  | 'held_free'
  | 'answered'
  | 'unpaid'
  | 'unpaid_again'
  | 'unpaid_settled'
  | 'written_off'
  | 'charge_lowered'
  | 'compensation_coupon'
  | 'compensation_points'
  | 'returned_refunded'
  | 'returned_look'
  | 'restricted'
  | 'limited'
  | 'restriction_ended'
  | 'emergency'
  | 'caller_code'

/** Tells consumers outside our pages. "Told" means that the gateway accepted the message. */
export interface Notices {
  /** In the transaction of what it is about; the same template and subject again is the same notice. */
  tell(
    tx: Tx,
    notice: {
      consumerId: string
      template: NoticeTemplate
      subjectId: string
      values: Values
      path?: string
    },
  ): Promise<string>
  /** What a notice carried is not good any more: its text goes, and it is not sent any later. */
  clear(tx: Tx, noticeId: string): Promise<void>
  find(db: Kysely<Tables>, noticeId: string): Promise<NoticeRow | undefined>
  findAbout(db: Kysely<Tables>, template: NoticeTemplate, subjectId: string): Promise<NoticeRow | undefined>
}

const SettingsFile = Type.Object({
  baseUrl: Type.String({ pattern: '^https?://' }),
  keyFile: Type.String({ minLength: 1 }),
})
export interface Gateway {
  readonly baseUrl: string
  readonly key: string
}

/** @throws CabinetError `config_invalid` that names what to correct */
export function loadGateway(file: string): Gateway {
  try {
    const parsed = parseValue(SettingsFile, JSON.parse(readFileSync(file, 'utf8')))
    if (!parsed.ok) throw new CabinetError('config_invalid', `${file}: ${parsed.reason}.`)
    const key = readFileSync(path.resolve(path.dirname(file), parsed.value.keyFile), 'utf8').trim()
    return { baseUrl: parsed.value.baseUrl.replace(/\/+$/, ''), key }
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError(
      'config_invalid',
      `The notice gateway file ${file} cannot be used: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

const ANSWER_WITHIN_MS = 5000
const ANSWER_BYTES_MOST = 64 * 1024
/** After this many tries nobody waits for the gateway any more. */
const TRIES_MOST = 12

export function createNotices(
  deps: CoreDeps & {
    due: DueWork
    gateway: Gateway
    transport: HttpTransport
    publicUrl: () => string
    openidOf: (db: Kysely<Tables>, consumerId: string) => Promise<string>
  },
): Notices {
  const { db, ids, log, due, gateway, transport } = deps
  due.on('notice.send', (work) => send(work.subjectId, work.attempts))

  async function send(noticeId: string, tries: number): Promise<void> {
    const notice = await db.read
      .selectFrom('notice')
      .selectAll()
      .where('noticeId', '=', noticeId)
      .executeTakeFirst()
    if (notice?.state !== 'waiting') return
    const to = await deps.openidOf(db.read, notice.consumerId)
    const outcome = await post(notice, to)
    if (outcome.kind === 'failed' && tries + 1 < TRIES_MOST) {
      await db.write('note a failed notice', async (tx) => {
        await tx
          .updateTable('notice')
          .set({ attempts: tries + 1, lastError: outcome.reason })
          .where('noticeId', '=', noticeId)
          .execute()
      })
      throw new CabinetError('internal', `The message gateway did not take the notice: ${outcome.reason}.`)
    }
    await db.write('settle a notice', async (tx) => {
      await tx
        .updateTable('notice')
        .set({
          state: outcome.kind === 'failed' ? 'given_up' : outcome.kind,
          attempts: tries + 1,
          acceptedAtMs: outcome.kind === 'accepted' ? outcome.acceptedAtMs : null,
          lastError: outcome.kind === 'accepted' ? null : outcome.reason,
        })
        .where('noticeId', '=', noticeId)
        .execute()
    })
    log.info({ noticeId, template: notice.template, outcome: outcome.kind }, 'notice settled')
  }

  async function post(
    notice: NoticeRow,
    to: string,
  ): Promise<{ kind: 'accepted'; acceptedAtMs: number } | { kind: 'refused' | 'failed'; reason: string }> {
    try {
      const answer = await transport({
        method: 'POST',
        url: `${gateway.baseUrl}/v1/messages`,
        headers: {
          authorization: `Bearer ${gateway.key}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify({
          id: notice.noticeId,
          channel: 'wechat',
          to,
          template: notice.template,
          language: notice.language,
          title: notice.title,
          text: notice.text,
          ...(notice.path === null ? {} : { url: `${deps.publicUrl()}${notice.path}` }),
        }),
        withinMs: ANSWER_WITHIN_MS,
        bytesMost: ANSWER_BYTES_MOST,
      })
      if (answer.status === 202) {
        const { acceptedAtMs } = JSON.parse(answer.body) as { acceptedAtMs?: number }
        return { kind: 'accepted', acceptedAtMs: acceptedAtMs ?? deps.clock.now() }
      }
      const reason = `HTTP ${answer.status} ${answer.body.slice(0, 200)}`
      return { kind: answer.status === 422 || answer.status === 409 ? 'refused' : 'failed', reason }
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error) }
    }
  }

  return {
    async tell(tx, { consumerId, template, subjectId, values, path: page }) {
      const before = await tx
        .selectFrom('notice')
        .select('noticeId')
        .where('template', '=', template)
        .where('subjectId', '=', subjectId)
        .executeTakeFirst()
      if (before !== undefined) return before.noticeId
      const consumer = await tx
        .selectFrom('consumer')
        .select('language')
        .where('consumerId', '=', consumerId)
        .executeTakeFirstOrThrow()
      const noticeId = ids.next('notice')
      const { title, text } = noticeText(consumer.language, template, values)
      await tx
        .insertInto('notice')
        .values({
          noticeId,
          consumerId,
          template,
          language: consumer.language,
          title,
          text,
          path: page ?? null,
          subjectId,
          state: 'waiting',
          attempts: 0,
          createdAtMs: nowOf(tx),
          acceptedAtMs: null,
          lastError: null,
        })
        .execute()
      await due.schedule(tx, { kind: 'notice.send', subjectId: noticeId, dueAtMs: nowOf(tx) })
      return noticeId
    },
    async clear(tx, noticeId) {
      await tx.updateTable('notice').set({ text: '' }).where('noticeId', '=', noticeId).execute()
      await tx
        .updateTable('notice')
        .set({ state: 'given_up', lastError: 'not good any more' })
        .where('noticeId', '=', noticeId)
        .where('state', '=', 'waiting')
        .execute()
      await due.cancel(tx, 'notice.send', noticeId)
    },
    find: (reader, noticeId) =>
      reader.selectFrom('notice').selectAll().where('noticeId', '=', noticeId).executeTakeFirst(),
    findAbout: (reader, template, subjectId) =>
      reader
        .selectFrom('notice')
        .selectAll()
        .where('template', '=', template)
        .where('subjectId', '=', subjectId)
        .executeTakeFirst(),
  }
}
