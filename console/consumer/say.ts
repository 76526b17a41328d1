/** A short line at the lower edge, read aloud once. Without text it goes away. */
export function say(text: string | undefined): void {
  const toast = document.querySelector<HTMLElement>('.toast')
  if (toast === null) return
  toast.hidden = text === undefined
  toast.textContent = text ?? ''
}
export function sayNoConnection(): void {
  say(document.body.dataset['noConnection'])
}
