import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { messageOf } from '#protocol/base/errors.ts'
import { applySettings } from '#core/platform/connection.ts'
import { type PassCursor, type PassResult, runPass } from './pass.ts'

export interface PassOrder {
  readonly nowMs: number
  readonly since: PassCursor | undefined
}
export type PassAnswer = { readonly result: PassResult } | { readonly failure: string }

/** Looks at the database from a thread of its own, on a connection that cannot write, so that nothing waits for it. */
if (parentPort === null) throw new Error('assertion failed: check-worker.ts runs only as a worker thread')
const port = parentPort
const { file, auditKey } = workerData as { file: string; auditKey: Uint8Array }

port.on('message', (order: PassOrder) => {
  look(order).then(
    (result) => port.postMessage({ result } satisfies PassAnswer),
    (error: unknown) => port.postMessage({ failure: messageOf(error) } satisfies PassAnswer),
  )
})

async function look(order: PassOrder): Promise<PassResult> {
  const connection = new Sqlite(file, { readonly: true })
  try {
    applySettings(connection, true)
    return await runPass(connection, { auditKey, ...order })
  } finally {
    connection.close()
  }
}
