import type { VisitSummary } from '#protocol/api/restock.ts'
import type { Tone } from '#protocol/words/states.ts'
import type { IconName } from '../icons.ts'

/** How the state of a visit looks, with its word. */
export const VISIT_LOOK: Record<VisitSummary['state'], { tone: Tone; icon: IconName }> = {
  opening: { tone: 'info', icon: 'clock' },
  open: { tone: 'warn', icon: 'door-open' },
  weighed: { tone: 'info', icon: 'scale' },
  confirmed: { tone: 'ok', icon: 'circle-check' },
  ended: { tone: 'neutral', icon: 'minus' },
}
