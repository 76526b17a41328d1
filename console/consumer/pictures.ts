import { refresh } from './fresh.ts'

/** What a lid or a date can be read from; the core makes it no larger. */
const EDGE_PIXELS_MOST = 1600
const QUALITY = 0.82
/** A tunnel, a lift: tried again before anybody is asked to. */
const TRIES = 3
const PAUSE_MS = 1500

type Words = Readonly<Record<string, string>>
interface Waiting {
  readonly file: File
  /** Made once: the same picture sent again is the same picture. */
  readonly requestId: string
}

/** Sends pictures of a question, smaller than they were taken, one after the other. */
export function sendPictures(): void {
  // What needs this script is shown because it runs.
  document.documentElement.dataset['script'] = ''
  document.addEventListener('change', (event) => {
    const input = event.target
    if (!(input instanceof HTMLInputElement) || input.type !== 'file') return
    const box = input.closest<HTMLElement>('[data-pictures]')
    if (box === null || input.files === null || input.files.length === 0) return
    const waiting = [...input.files].map((file) => ({ file, requestId: crypto.randomUUID() }))
    input.value = ''
    void send(box, waiting)
  })
}

async function send(box: HTMLElement, waiting: readonly Waiting[]): Promise<void> {
  const words = JSON.parse(box.dataset['words'] ?? '{}') as Words
  const [status, progress, again] = [
    box.querySelector<HTMLElement>('[role=status]'),
    box.querySelector('progress'),
    box.querySelector('button'),
  ]
  if (status === null || progress === null || again === null) return
  again.hidden = true
  for (const [index, { file, requestId }] of waiting.entries()) {
    progress.hidden = false
    const problem = await sendOne(box.dataset['pictures'] ?? '', requestId, await shrink(file), (share) => {
      progress.value = (index + share) / waiting.length
      status.textContent = (words['sending'] ?? '').replace(
        '{percent}',
        String(Math.round(progress.value * 100)),
      )
    })
    if (problem !== undefined) {
      progress.hidden = true
      status.textContent = words[problem] ?? words['failed'] ?? ''
      if (words[problem] === undefined) {
        again.hidden = false
        again.onclick = () => void send(box, waiting.slice(index))
        return
      }
    }
    await refresh().catch((error: unknown) => console.info('the page could not be refreshed', error))
    if (problem !== undefined) return
  }
  progress.hidden = true
  status.textContent = words['sent'] ?? ''
}

/** Upright and of at most 1,600 pixels; what this browser cannot read is sent as it is, and the core says what it thinks. */
export async function shrink(file: File): Promise<Blob> {
  try {
    const bitmap = await createImageBitmap(file)
    const scale = Math.min(1, EDGE_PIXELS_MOST / Math.max(bitmap.width, bitmap.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(bitmap.width * scale)
    canvas.height = Math.round(bitmap.height * scale)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    bitmap.close()
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
    return made ?? file
  } catch (error) {
    console.info('the picture could not be made smaller', error)
    return file
  }
}

/** @returns undefined when it arrived, else the code of the refusal, or `lost` */
export async function sendOne(
  address: string,
  requestId: string,
  picture: Blob,
  onShare: (share: number) => void,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await post(`${address}?requestId=${requestId}`, picture, onShare)
    if (answer !== 'lost' || attempt === TRIES) return answer
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt))
  }
}

function post(url: string, picture: Blob, onShare: (share: number) => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    // fetch does not say how much of a body has gone.
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.setRequestHeader('content-type', picture.type === '' ? 'application/octet-stream' : picture.type)
    request.setRequestHeader('accept', 'application/json')
    request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 0 : loaded / total)
    request.onerror = () => resolve('lost')
    request.ontimeout = () => resolve('lost')
    request.onload = () => {
      if (request.status === 201) resolve(undefined)
      else if (request.status >= 500 || request.status === 429) resolve('lost')
      else resolve(codeOf(request.responseText))
    }
    request.timeout = 60_000
    request.send(picture)
  })
}

function codeOf(text: string): string {
  const code = /"code":"([a-z_]+)"/.exec(text)?.[1]
  return code ?? 'lost'
}
