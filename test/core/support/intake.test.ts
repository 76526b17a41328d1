import { describe, expect, it } from 'vitest'
import { decideIntake, phoneDigits } from '#core/support/intake.ts'
import { CHECKLISTS } from '#core/support/checklists.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const problemsOf = (type: string, values: Record<string, string | number | boolean>) => {
  try {
    decideIntake(type, values, NOW)
    return []
  } catch (error) {
    return (error as { context: { fields: unknown[] } }).context.fields
  }
}
const spoiled = { sku: 'milk', boughtAtMs: NOW - 3_600_000, problem: 'spoiled', isHarmed: false }

describe('what is typed while somebody is on the telephone', () => {
  it('is asked for by the type, and every field that is wrong is named at once', () => {
    expect(problemsOf('quality', { sku: 'milk', boughtAtMs: NOW + 86_400_000, colour: 'red' })).toEqual([
      { key: 'colour', problem: 'unknown' },
      { key: 'boughtAtMs', problem: 'wrong' },
      { key: 'problem', problem: 'missing' },
      { key: 'isHarmed', problem: 'missing' },
    ])
  })
  it('sets the priority by rule: somebody who is unwell comes before everybody else', () => {
    expect(decideIntake('quality', spoiled, NOW)).toMatchObject({ priority: 'high', severity: 2 })
    expect(decideIntake('quality', { ...spoiled, isHarmed: true }, NOW)).toMatchObject({
      priority: 'urgent',
      severity: 1,
    })
  })
  it('cannot be a type that only rules make', () => {
    expect(problemsOf('double_charge', {})).toEqual([{ key: 'type', problem: 'unknown' }])
  })
  it('holds a telephone number or says that it is none', () => {
    expect(phoneDigits('+86 138-0013-8000')).toBe('8613800138000')
    expect(() => phoneDigits('call me')).toThrow(/intake_invalid/)
  })
})

describe('every type', () => {
  it('can be closed in at least one way, says what to look at and what usually settles it, in both languages', () => {
    for (const [name, type] of Object.entries(TICKET_TYPES)) {
      expect([name, type.outcomes.length > 0, type.rootCauses.length > 0, type.evidence.length > 0]).toEqual([
        name,
        true,
        true,
        true,
      ])
      for (const text of [type.label, type.suggestion, ...type.fields.map(({ label }) => label)])
        expect([text.zh.length > 0, text.en.length > 0]).toEqual([true, true])
    }
  })
  it('of an emergency has a list that ends with the cabinet back in service', () => {
    const kinds = TICKET_TYPES['emergency']?.fields.find(({ key }) => key === 'kind')?.choices ?? []
    expect(kinds.map(({ key }) => CHECKLISTS[key]?.at(-1)?.needs)).toEqual(kinds.map(() => 'in_service'))
  })
})
