import type { SessionView } from '#protocol/api/consumer.ts'
import type { ErrorBody } from '#protocol/api/common.ts'
import { askWithPictures, hasPictures } from './question.ts'
import { sayNoConnection } from './say.ts'

/** A second tap is the same request: the button says that it works, and the form keeps its request id. */
export function guardForms(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement)) return
    if (form.dataset['sent'] !== undefined) {
      event.preventDefault()
      return
    }
    form.dataset['sent'] = ''
    const button = event.submitter ?? form.querySelector('button')
    setBusy(form, button, true)
    const byScript =
      form.dataset['open'] !== undefined
        ? open(form, form.dataset['open'], button)
        : hasPictures(form)
          ? askWithPictures(form)
          : undefined
    if (byScript === undefined) return
    event.preventDefault()
    void byScript.then((isDone) => {
      if (isDone) return
      delete form.dataset['sent']
      setBusy(form, button, false)
    })
  })
  // Back from the provider's page or from the order: the browser may show the page as it was left.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}

function setBusy(form: HTMLFormElement, button: Element | null, isBusy: boolean): void {
  const label = button?.querySelector('span') ?? undefined
  if (button === null || label === undefined || form.dataset['busy'] === undefined) return
  label.dataset['idle'] ??= label.textContent
  label.textContent = isBusy ? form.dataset['busy'] : (label.dataset['idle'] ?? '')
  button.setAttribute('aria-disabled', String(isBusy))
}

/** The button says which door, where a cabinet has several. */
function doorOf(button: Element | null): { door?: number } {
  return button instanceof HTMLButtonElement && button.name === 'door' ? { door: Number(button.value) } : {}
}

/**
 * Opens without leaving the page, so that a lost connection can be told from a refusal and tapped again with the same id.
 * @returns true when the page is about to change
 */
async function open(form: HTMLFormElement, cabinetId: string, button: Element | null): Promise<boolean> {
  const requestId = new FormData(form).get('requestId')
  let response: Response
  try {
    response = await fetch('/api/consumer/sessions', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ requestId, cabinetId, ...doorOf(button) }),
    })
  } catch (error) {
    console.info('the cabinet could not be asked to open', error)
    sayNoConnection()
    return false
  }
  const answer = (await response.json()) as SessionView | ErrorBody
  if (!('code' in answer)) {
    location.assign(location.pathname)
    return true
  }
  const consentUrl = answer.details?.['consentUrl']
  if (answer.code === 'consent_required' && typeof consentUrl === 'string') {
    location.assign(consentUrl)
    return true
  }
  // The words of a refusal, with what to do, are the server's.
  const query = new URLSearchParams({ refused: answer.code })
  const orderId = answer.details?.['orderId']
  if (typeof orderId === 'string') query.set('order', orderId)
  location.assign(`${location.pathname}?${query.toString()}`)
  return true
}
