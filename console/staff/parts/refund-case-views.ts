import type { RefundCaseDetail, RefundCaseRow } from '#protocol/api/refund-cases.ts'
import { goodWord as word } from '../../words/making-good.ts'
import { badge } from '../views.ts'

const CASE_LOOK = {
  awaiting_approval: { tone: 'warn', icon: 'shield-check' },
  running: { tone: 'info', icon: 'hourglass' },
  stopped: { tone: 'warn', icon: 'triangle-alert' },
  done: { tone: 'ok', icon: 'circle-check' },
  refused: { tone: 'neutral', icon: 'x' },
} as const
export function caseBadge(state: RefundCaseRow['state']) {
  return badge(CASE_LOOK[state].tone, CASE_LOOK[state].icon, word(`caseState.${state}`))
}

const ITEM_LOOK = {
  waiting: { tone: 'neutral', icon: 'clock' },
  asked: { tone: 'info', icon: 'hourglass' },
  arrived: { tone: 'ok', icon: 'circle-check' },
  skipped: { tone: 'neutral', icon: 'minus' },
  failed: { tone: 'bad', icon: 'circle-alert' },
} as const
export function itemBadge(state: RefundCaseDetail['items'][number]['state']) {
  return badge(ITEM_LOOK[state].tone, ITEM_LOOK[state].icon, word(`itemState.${state}`))
}
