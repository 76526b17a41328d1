import { describe, expect, it } from 'vitest'
import { createGapAnswers } from '#core/ingest/gap-answers.ts'

describe('a cabinet that sends beyond what the core has', () => {
  const start = () => {
    let nowMs = 5000
    const answers = createGapAnswers({ monoMs: () => nowMs })
    const ask = (cabinetId: string, lastSeq: number, epoch = 'ep-1') => {
      const isDue = answers.isDue(cabinetId, epoch, lastSeq)
      if (isDue) answers.answered(cabinetId, epoch, lastSeq)
      return isDue
    }
    return { ask, pass: (ms: number) => (nowMs += ms) }
  }
  it('is answered once, however many frames come', () => {
    const { ask } = start()
    expect(Array.from({ length: 500 }, () => ask('cab-1', 10)).filter(Boolean)).toHaveLength(1)
  })
  it('is answered again when it did not hear the answer', () => {
    const { ask, pass } = start()
    ask('cab-1', 10)
    pass(1000)
    expect(ask('cab-1', 10)).toBe(true)
  })
  it('is answered at once when the stream stands elsewhere, and keeps no other cabinet waiting', () => {
    const { ask } = start()
    ask('cab-1', 10)
    expect(ask('cab-1', 12)).toBe(true)
    expect(ask('cab-1', 12, 'ep-2')).toBe(true)
    expect(ask('cab-2', 12, 'ep-2')).toBe(true)
  })
  it('is remembered with ten thousand others, not with all who ever came', () => {
    const { ask } = start()
    for (let number = 0; number <= 10_000; number++) ask(`cab-${number}`, 1)
    expect(ask('cab-10000', 1)).toBe(false)
    expect(ask('cab-0', 1)).toBe(true)
  })
})
