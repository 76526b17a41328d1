import { DISPUTE_REASONS, type DisputeReason } from '#protocol/api/common.ts'
import type { DisputeRequest, OpenRequest } from '#protocol/api/consumer.ts'
import { FOOD_PROBLEMS, QUESTION_KINDS, type QuestionRequest } from '#protocol/api/questions.ts'
import type { Language } from '#protocol/words/words.ts'

/** From what a plain `<form>` sends to what the consumer interface takes. The interface checks the rest. */
type Fields = Readonly<Record<string, unknown>>

function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? (body as Fields) : {}
}
function one(fields: Fields, name: string): string {
  const value = fields[name]
  return typeof value === 'string'
    ? value
    : Array.isArray(value) && typeof value[0] === 'string'
      ? value[0]
      : ''
}
function many(fields: Fields, name: string): string[] {
  const value = fields[name]
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item): item is string => typeof item === 'string' && item !== '')
}

export function readOpenForm(body: unknown, cabinetId: string): OpenRequest {
  const fields = fieldsOf(body)
  const door = one(fields, 'door')
  return { requestId: one(fields, 'requestId'), cabinetId, ...(door === '' ? {} : { door: Number(door) }) }
}

/** Charged twice or late is about the payment: goods that were ticked before the reason changed do not count. */
const ABOUT_THE_PAYMENT: ReadonlySet<DisputeReason> = new Set(['charged_twice', 'charged_late'])

/** @returns nothing when no reason was chosen */
export function readDisputeForm(body: unknown, language: Language): DisputeRequest | undefined {
  const fields = fieldsOf(body)
  const chosen = one(fields, 'reason')
  const reason = DISPUTE_REASONS.find((known) => known === chosen)
  if (reason === undefined) return undefined
  const note = one(fields, 'note').trim()
  const lines = ABOUT_THE_PAYMENT.has(reason)
    ? []
    : many(fields, 'line').map((lineId) => ({
        lineId,
        quantity: Number(one(fields, `quantity.${lineId}`)) || 1,
      }))
  return { requestId: one(fields, 'requestId'), reason, lines, language, ...(note === '' ? {} : { note }) }
}

/** What may be filled in for another kind before the reader changed their mind does not count. @returns nothing when no kind was chosen */
export function readQuestionForm(body: unknown, language: Language): QuestionRequest | undefined {
  const fields = fieldsOf(body)
  const chosen = one(fields, 'kind')
  const kind = QUESTION_KINDS.find((known) => known === chosen)
  if (kind === undefined) return undefined
  const isFood = kind === 'food'
  const [text, orderId, sku] = [
    one(fields, 'text').trim(),
    one(fields, 'order'),
    isFood ? one(fields, 'sku') : '',
  ]
  const problem = isFood ? FOOD_PROBLEMS.find((known) => known === one(fields, 'problem')) : undefined
  return {
    requestId: one(fields, 'requestId'),
    kind,
    language,
    ...(text === '' ? {} : { text }),
    ...(isFood && orderId !== '' ? { orderId } : {}),
    ...(sku === '' ? {} : { sku }),
    ...(problem === undefined ? {} : { problem }),
    ...(isFood && one(fields, 'isHarmed') !== '' ? { isHarmed: true } : {}),
  }
}

export function readMessageForm(body: unknown): { requestId: string; text: string } {
  const fields = fieldsOf(body)
  return { requestId: one(fields, 'requestId'), text: one(fields, 'text').trim() }
}
export function readReopenForm(body: unknown): { requestId: string; text?: string } {
  const { requestId, text } = readMessageForm(body)
  return text === '' ? { requestId } : { requestId, text }
}
export function readRatingForm(body: unknown): { score: number; tags?: string[] } {
  const fields = fieldsOf(body)
  const tags = many(fields, 'tags')
  return { score: Number(one(fields, 'score')), ...(tags.length === 0 ? {} : { tags }) }
}
export function readRecommendationForm(body: unknown): { score: number } {
  return { score: Number(one(fieldsOf(body), 'score')) }
}
