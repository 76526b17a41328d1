import { describe, expect, it } from 'vitest'
import { QUESTION_KINDS, type QuestionRequest } from '#protocol/api/questions.ts'
import { decideQuestion, type QuestionFacts } from '#core/support/questions/decide-question.ts'
import { QUESTION_KIND_ROWS } from '#core/support/questions/kinds.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'

const AT_MS = 1_790_000_000_000
const standing: QuestionFacts = { cabinetId: 'cab-001', status: 'open', visit: undefined }
const ask = (request: Omit<QuestionRequest, 'requestId'>, facts: Partial<QuestionFacts> = {}) =>
  decideQuestion({ requestId: 'request-1', ...request }, { ...standing, ...facts })
const keysOf = (decided: ReturnType<typeof decideQuestion>) => decided.answers.map(({ key }) => key)

describe('a tap on the help page of a cabinet', () => {
  it.each(QUESTION_KINDS)(
    '“%s” becomes a type that people enter, with nothing that the type does not ask',
    (kind) => {
      const decided = ask({ kind })
      const type = TICKET_TYPES[decided.type]
      const asked = new Set(type?.fields.map(({ key }) => key))
      expect(type?.isEntered).toBe(true)
      expect(Object.keys(decided.intake).filter((key) => !asked.has(key))).toEqual([])
      for (const field of type?.fields ?? [])
        if (field.kind === 'choice' && decided.intake[field.key] !== undefined)
          expect(field.choices.map(({ key }) => key)).toContain(decided.intake[field.key])
    },
  )
  it('knows the cabinet without being told, and when something was bought there', () => {
    expect(ask({ kind: 'door_shut' }).intake).toEqual({ trouble: 'door_shut', cabinetId: 'cab-001' })
    const visit = { atMs: AT_MS, state: 'settled', hasOrder: true }
    expect(ask({ kind: 'charged' }, { visit }).intake).toEqual({ cabinetId: 'cab-001', boughtAtMs: AT_MS })
  })
  it('comes before everything else when somebody is in danger or unwell, with the clocks of an emergency', () => {
    for (const decided of [ask({ kind: 'danger' }), ask({ kind: 'food', isHarmed: true })])
      expect(decided).toMatchObject({ priority: 'urgent', severity: 1, sla: 'emergency' })
    expect(ask({ kind: 'food' })).toMatchObject({ priority: 'high', severity: 2, sla: 'standard' })
    expect(ask({ kind: 'charged' })).toMatchObject({ priority: 'normal', severity: 3 })
  })
})

describe('what our own record answers at once', () => {
  const refused = { atMs: AT_MS, state: 'denied', hasOrder: false }
  it('is that a door which did not open costs nothing, and why it stays shut', () => {
    const decided = ask({ kind: 'door_shut' }, { status: 'offline', visit: refused })
    expect(decided.answers).toEqual([
      { key: 'message.visit_not_opened', atMs: AT_MS },
      { key: 'message.cabinet_offline' },
    ])
  })
  it('is that the record of a visit is on its way', () => {
    const visit = { atMs: AT_MS, state: 'overdue', hasOrder: false }
    expect(keysOf(ask({ kind: 'charged' }, { visit }))).toEqual(['message.visit_waiting'])
  })
  it('says nothing about a visit that has its order, or about the door to somebody who asks for prices', () => {
    const visit = { ...refused, hasOrder: true, state: 'settled' }
    expect(keysOf(ask({ kind: 'page' }, { visit }))).toEqual([])
    expect(keysOf(ask({ kind: 'prices' }, { status: 'offline', visit: refused }))).toEqual([])
    expect(keysOf(ask({ kind: 'danger' }, { visit: refused }))).toEqual([])
  })
  it('looks for articles by words, except where nobody knows what it is about', () => {
    for (const kind of QUESTION_KINDS)
      expect(QUESTION_KIND_ROWS[kind].words === '', kind).toBe(kind === 'other')
  })
})
