import type { CoreDeps } from '#core/platform/deps.ts'
import type { DueWork } from '#core/platform/due.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { HttpTransport } from '#core/platform/transport.ts'

/** What a person is called for; one call a kind and subject, whatever happens again before somebody has answered. */
export interface Call {
  readonly kind: string
  readonly subject: string
  readonly message: string
}
export interface OnCall {
  /** In the transaction of the cause; delivered until the far end accepts it. */
  call(tx: Tx, call: Call): Promise<void>
}

const KIND = 'oncall.call'
const ANSWER_WITHIN_MS = 10_000

/**
 * Calls the person on duty: a POST of JSON to an address of the operator's choice (a pager, a chat robot). The row of the
 * call is in the database before it is sent, and stays until an answer below 300 came.
 */
export function createOnCall(
  deps: CoreDeps & {
    due: DueWork
    transport: HttpTransport
    url: string | undefined
    consoleUrl: () => string
  },
): OnCall {
  const { due, log, transport, url, consoleUrl } = deps
  due.on(KIND, async ({ payload }) => {
    if (url === undefined) return
    const reply = await transport({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...payload, console: `${consoleUrl()}/staff/system` }),
      withinMs: ANSWER_WITHIN_MS,
      bytesMost: 64 * 1024,
    })
    if (reply.status >= 300) throw new Error(`the address of the person on duty answered ${reply.status}`)
  })
  return {
    async call(tx, call) {
      log.error(
        { ...call },
        url === undefined ? 'a person is needed; nobody is called without --on-call' : 'a person is called',
      )
      if (url === undefined) return
      const atMs = nowOf(tx)
      await due.schedule(tx, {
        kind: KIND,
        subjectId: `${call.kind}/${call.subject}`.slice(0, 200),
        dueAtMs: atMs,
        payload: { ...call, atMs },
      })
    },
  }
}
