import { describe, expect, it } from 'vitest'
import { decideKeptUntil, type RetentionFacts } from '#core/privacy/retention.ts'

const DAY = 24 * 3_600_000
const policy = { routinePictureDays: 14, weightTraceDays: 365, disputedEvidenceDays: 180 }
const picture = (change: Partial<RetentionFacts> = {}): RetentionFacts => ({
  kind: 'snapshot',
  takenAtMs: 0,
  settledAtMs: null,
  isMoneyOpen: false,
  hasOpenTicket: false,
  ticketClosedAtMs: null,
  ...change,
})

describe('how long evidence is kept', () => {
  const cases: Array<[string, RetentionFacts, number | null]> = [
    ['a routine picture: 14 days', picture(), 14 * DAY],
    ['from the final charge, not from the picture', picture({ settledAtMs: 3 * DAY }), 17 * DAY],
    ['a weight trace: through the refund window', picture({ kind: 'weight-trace' }), 365 * DAY],
    ['while a ticket is open: no end', picture({ hasOpenTicket: true }), null],
    ['while the order is held or unpaid: no end', picture({ isMoneyOpen: true }), null],
    ['after a dispute: 180 days from its end', picture({ ticketClosedAtMs: 20 * DAY }), 200 * DAY],
    [
      'a trace of a quick dispute keeps its own longer time',
      picture({ kind: 'weight-trace', ticketClosedAtMs: DAY }),
      365 * DAY,
    ],
  ]
  it.for(cases)('%s', ([, facts, until]) => {
    expect(decideKeptUntil(facts, policy)).toBe(until)
  })
})
