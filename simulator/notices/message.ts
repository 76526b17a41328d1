import type { Static } from 'typebox'
import Type from 'typebox'
import { Compile } from 'typebox/compile'

/** What a merchant's server asks the gateway to deliver. Lengths in characters. */
export const NoticeRequest = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[0-9A-Za-z_-]+$',
      description: "the sender's id; the same id is delivered once",
    }),
    channel: Type.Union([Type.Literal('wechat'), Type.Literal('sms'), Type.Literal('email')]),
    to: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'openid, phone number or address, as the channel wants it',
    }),
    template: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'which text it is, for statistics of the gateway',
    }),
    language: Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$' }),
    title: Type.String({ minLength: 1, maxLength: 100 }),
    text: Type.String({ minLength: 1, maxLength: 2_000 }),
    url: Type.Optional(Type.String({ maxLength: 1_000, pattern: '^https?://' })),
  },
  { additionalProperties: false },
)
export type NoticeRequest = Static<typeof NoticeRequest>

const checker = Compile(NoticeRequest)

/** @returns the request, or the sentence that says which field is wrong */
export function parseNoticeRequest(value: unknown): { request: NoticeRequest } | { problem: string } {
  if (checker.Check(value)) return { request: value }
  const first = checker.Errors(value)[0]
  if (!first) return { problem: 'the body must be a JSON object' }
  const issue = first.message === 'schema is false' ? 'is not a field of a message' : first.message
  return { problem: `${first.instancePath || 'the body'} ${issue}` }
}

export interface Message extends NoticeRequest {
  readonly messageId: string
  readonly acceptedAtMs: number
}
