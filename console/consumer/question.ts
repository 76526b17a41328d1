import { shrink, sendOne } from './pictures.ts'
import { sayNoConnection } from './say.ts'

type Words = Readonly<Record<string, string>>

/** Says how many pictures wait to go with a question, and that more than its number are too many. */
export function attachPictures(): void {
  document.addEventListener('change', (event) => {
    const input = event.target
    if (!(input instanceof HTMLInputElement) || input.dataset['attach'] === undefined) return
    const count = input.files?.length ?? 0
    const words = wordsOf(input.form)
    const isTooMany = count > Number(input.dataset['attach'])
    if (isTooMany) input.value = ''
    tell(
      input.form,
      isTooMany ? words['many'] : count === 0 ? '' : words['chosen']?.replace('{count}', String(count)),
    )
  })
}

/** Whether this form asks something with pictures; without them it is sent as any form. */
export function hasPictures(form: HTMLFormElement): boolean {
  return form.dataset['question'] !== undefined && filesOf(form).length > 0
}

/**
 * Files the question first and sends its pictures after it, then goes to its page. What the server answers instead of a
 * question, such as the way to the payment app, is left to the form itself: the same request is the same question.
 * @returns true when the page is about to change
 */
export async function askWithPictures(form: HTMLFormElement): Promise<boolean> {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value)
  let answer: Response
  try {
    answer = await fetch(form.action, { method: 'POST', body: fields, credentials: 'same-origin' })
  } catch (error) {
    console.info('the question could not be sent', error)
    sayNoConnection()
    return false
  }
  const id = /^\/d\/([a-z0-9-]+)$/.exec(new URL(answer.url).pathname)?.[1]
  if (!answer.ok || id === undefined) {
    form.submit()
    return true
  }
  const files = filesOf(form)
  const words = wordsOf(form)
  for (const [index, file] of files.entries()) {
    const problem = await sendOne(
      `/api/consumer/disputes/${id}/pictures`,
      crypto.randomUUID(),
      await shrink(file),
      (share) => {
        const percent = Math.round(((index + share) / files.length) * 100)
        tell(form, words['sending']?.replace('{percent}', String(percent)))
      },
    )
    // The question is there; what is missing is added on its page, which opens where that is done.
    if (problem !== undefined) {
      location.assign(`${answer.url}#add-picture`)
      return true
    }
  }
  location.assign(answer.url)
  return true
}

function filesOf(form: HTMLFormElement): readonly File[] {
  return [...(form.querySelector<HTMLInputElement>('[data-attach]')?.files ?? [])]
}
function wordsOf(form: HTMLFormElement | null): Words {
  return JSON.parse(form?.dataset['words'] ?? '{}') as Words
}
function tell(form: HTMLFormElement | null, text: string | undefined): void {
  const status = form?.querySelector<HTMLElement>('[role=status]')
  if (status !== null && status !== undefined) status.textContent = text ?? ''
}
