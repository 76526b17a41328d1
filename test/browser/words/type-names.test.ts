// Type-checked with the console: its words need a document.
import { describe, expect, it } from 'vitest'
import { word, wordOr } from '#console/words/staff.ts'
import { ENTRY_TYPE_NAMES } from '#console/data/ticket-entry.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'

describe('a type of ticket', () => {
  it('has one name, in the entry form and everywhere else', () => {
    for (const [type, { label }] of Object.entries(TICKET_TYPES))
      expect([type, wordOr(`ticketType.${type}`, '?')]).toEqual([type, label.en])
  })
  it('that a person may enter stands in the form, and no other', () => {
    const entered = Object.entries(TICKET_TYPES).flatMap(([type, row]) => (row.isEntered ? [type] : []))
    expect(new Set(ENTRY_TYPE_NAMES)).toEqual(new Set(entered))
  })
  it('can be closed only in ways that the desk has words for', () => {
    for (const { outcomes, rootCauses } of Object.values(TICKET_TYPES)) {
      for (const outcome of outcomes) expect(word(`outcome.${outcome}`)).not.toContain('.')
      for (const cause of rootCauses) expect(word(`rootCause.${cause}`)).not.toContain('.')
    }
  })
})
