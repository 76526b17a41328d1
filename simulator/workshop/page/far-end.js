/** The page's line to the simulator: state by server-sent events, acts by POST. */

/**
 * Follows the state. The browser reconnects by itself.
 * @param {(state: object) => void} onState
 * @param {(isConnected: boolean) => void} onLine
 */
export function follow(onState, onLine) {
  const source = new EventSource('/control/stream')
  source.onmessage = (event) => onState(JSON.parse(event.data))
  source.onopen = () => onLine(true)
  source.onerror = () => onLine(false)
}

/**
 * @param {string} path below /control
 * @param {object} [body]
 * @returns {Promise<object>} the answer
 * @throws {Error} with the simulator's sentence; its cause is a reason that the page may know in both languages
 */
export async function act(path, body = {}) {
  const answer = await fetch(`/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const contents = await answer.json()
  if (!answer.ok) throw new Error(contents.message, { cause: contents.details?.reason })
  return contents
}

export async function load(path) {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}
