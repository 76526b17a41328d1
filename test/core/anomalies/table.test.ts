import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ANOMALY_KINDS } from '#protocol/api/common.ts'
import { isStoryKey, STORY_KEYS, storyText } from '#protocol/words/story.ts'
import { DOOR_RULE } from '#core/anomalies/door-trouble.ts'
import { QUALITY_RULE } from '#core/anomalies/quality.ts'
import { ruleOf, RULES } from '#core/anomalies/rules.ts'
import { ANOMALY_CASES } from '#core/anomalies/table.ts'
import { PERMISSIONS } from '#console/staff/doors.ts'
import { SCENARIOS } from '#test/scenarios/index.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
/** These have no limits that anybody could change; what they saw is stored with the anomaly. */
const WITHOUT_LIMITS = new Set([QUALITY_RULE, DOOR_RULE])

describe('the table of anomalies', () => {
  it('has every kind that can be stored', () => {
    const kinds = new Set(ANOMALY_CASES.flatMap((one) => one.kinds))
    expect([...kinds].toSorted()).toEqual([...ANOMALY_KINDS].toSorted())
  })
  it('names every rule that decides, and explains every sentence that staff can read', () => {
    const named = new Set(ANOMALY_CASES.flatMap((one) => one.decided.rules))
    expect(RULES.filter(({ rule }) => !named.has(rule))).toEqual([])
    const told = new Set(ANOMALY_CASES.flatMap((one) => one.reasons))
    expect(STORY_KEYS.filter((key) => key.startsWith('anomaly.') && !told.has(key))).toEqual([])
  })

  describe.each(ANOMALY_CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    it('is noticed and decided in files that exist, by rules that exist', () => {
      for (const file of [one.detected.file, one.decided.file, ...one.tests])
        expect(existsSync(path.join(ROOT, file)), file).toBe(true)
      for (const rule of one.decided.rules)
        expect(WITHOUT_LIMITS.has(rule) || ruleOf(rule) !== undefined, rule).toBe(true)
      if (one.decided.limits !== undefined)
        expect(one.decided.rules.some((rule) => ruleOf(rule)?.policy === one.decided.limits)).toBe(true)
    })
    it('is explained to staff and to the consumer in both languages', () => {
      for (const key of [...one.reasons, ...one.consumer]) {
        if (!isStoryKey(key)) throw new Error(`there is no sentence ${key}`)
        expect(storyText('zh', key), key).toMatch(/[\u4e00-\u9fff]/)
        expect(storyText('en', key), key).toMatch(/[a-z]/)
      }
      expect(one.reasons.length).toBeGreaterThan(0)
      expect(one.consumer.length).toBeGreaterThan(0)
    })
    it('has a screen for the agent, and a test that speaks of it', () => {
      for (const screen of one.screens) expect(Object.keys(PERMISSIONS), screen).toContain(screen)
      for (const name of one.scenarios) expect(SCENARIOS.map((story) => story.name)).toContain(name)
      expect(one.tests.length).toBeGreaterThan(0)
      for (const test of one.tests) expect(readFileSync(path.join(ROOT, test), 'utf8')).toContain('describe(')
    })
  })
})
