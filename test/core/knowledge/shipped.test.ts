import { describe, expect, it } from 'vitest'
import { parseValue } from '#protocol/messages/index.ts'
import { KnowledgeContent } from '#protocol/api/knowledge.ts'
import { checkContent } from '#core/knowledge/check-content.ts'
import { SHIPPED } from '#core/knowledge/shipped/index.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'

const paragraphs = (text: string) => text.split('\n').filter((line) => line.trim() !== '').length
const listItems = (text: string) => text.split('\n').filter((line) => /^(- |\d+\. )/.test(line)).length

describe('what comes with the product', () => {
  it.each(SHIPPED.map((one) => [`${one.kind} ${one.key}`, one] as const))(
    '%s can be published as it is',
    (_, one) => {
      expect(() => checkContent(one.kind, one.content)).not.toThrow()
      expect(parseValue(KnowledgeContent, one.content)).toMatchObject({ ok: true })
      expect(one.content.types.filter((type) => TICKET_TYPES[type] === undefined)).toEqual([])
    },
  )
  it.each(
    SHIPPED.filter(({ kind }) => kind === 'article').map((one) => [one.key, one.content.body] as const),
  )('the article %s says the same in both languages: as many steps and paragraphs', (_, { zh, en }) => {
    expect([listItems(zh), paragraphs(zh)]).toEqual([listItems(en), paragraphs(en)])
  })
  it('has an article for every type of ticket that people bring', () => {
    const covered = new Set(SHIPPED.flatMap(({ kind, content }) => (kind === 'article' ? content.types : [])))
    expect(Object.keys(TICKET_TYPES).filter((type) => !covered.has(type))).toEqual([])
  })
  it('names in macros only replies that there are, and outcomes and causes of their types', () => {
    const replies = new Set(SHIPPED.filter(({ kind }) => kind === 'template').map(({ key }) => key))
    const macros = SHIPPED.filter(({ kind }) => kind === 'macro')
    for (const { content } of macros) {
      for (const step of content.steps) {
        if (step.kind === 'reply') expect(replies).toContain(step.template)
        if (step.kind !== 'resolve') continue
        for (const type of content.types) {
          expect(TICKET_TYPES[type]?.outcomes, type).toContain(step.outcome)
          expect(TICKET_TYPES[type]?.rootCauses, type).toContain(step.rootCause)
        }
      }
    }
    expect(macros.length).toBeGreaterThan(3)
  })
})
