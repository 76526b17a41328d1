import { describe, expect, it } from 'vitest'
import { publicRiskIn } from '#core/support/public-risk.ts'

describe('what somebody writes', () => {
  it.each([
    ['再不处理我就打12315了', 'authority'],
    ['我要找律师起诉你们', 'lawyer'],
    ['我会联系记者曝光', 'press'],
    ['孩子吃了以后呕吐，正在急诊', 'injury'],
    ['I will go to the press with this.', 'press'],
    ['My lawyer will write to you.', 'lawyer'],
    ['I have called the police', 'authority'],
    ['My son had an allergic reaction and is in hospital; I will sue.', 'injury'],
  ] as const)('“%s” speaks of going further: %s', (text, risk) => {
    expect(publicRiskIn(text)).toBe(risk)
  })
  it.each([
    '可乐扣了两次钱，请退一次',
    'I pressed the button and it expressed nothing.',
    'The issue is small, thank you.',
    'Please pursue this.',
    '',
  ])('“%s” does not', (text) => {
    expect(publicRiskIn(text)).toBeUndefined()
  })
})
