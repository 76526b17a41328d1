import type { Refusal } from './consumer-api.ts'
import type { PageContext } from './context.ts'
import { isWordKey } from './words/words.ts'

export interface RefusalWords {
  readonly text: string
  readonly action?: { href: string; label: string }
}

/** A refusal as a consumer reads it at the cabinet: what it means here, and the one thing to do. */
export function refusalWords(page: PageContext, refusal: Pick<Refusal, 'code' | 'details'>): RefusalWords {
  const own = `refusal.${refusal.code}`
  const text = page.t(isWordKey(own) ? own : 'refusal.other', { contact: page.contact })
  const action = actionFor(page, refusal)
  return action === undefined ? { text } : { text, action }
}

function actionFor(page: PageContext, refusal: Pick<Refusal, 'code' | 'details'>): RefusalWords['action'] {
  const { t } = page
  const orderId = refusal.details['orderId']
  const orderHref = typeof orderId === 'string' ? `/o/${encodeURIComponent(orderId)}` : '/orders'
  switch (refusal.code) {
    case 'consumer_in_arrears':
      return { href: orderHref, label: t('refusal.consumer_in_arrears.action') }
    case 'consumer_blocked':
      return { href: '/restriction', label: t('refusal.consumer_blocked.action') }
    case 'charge_unresolved':
      return { href: orderHref, label: t('refusal.charge_unresolved.action') }
    default:
      return undefined
  }
}
