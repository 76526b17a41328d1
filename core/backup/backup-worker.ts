import { createHmac } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { type BackupOrder, type BackupReport, takeBackup } from './take-backup.ts'

export type BackupAnswer = { readonly report: BackupReport } | { readonly failure: string }

/** Takes one backup in a thread of its own: HTTP, streams and money go on meanwhile. */
if (parentPort === null) throw new Error('assertion failed: backup-worker.ts runs only as a worker thread')
const port = parentPort
const { order, seed } = workerData as { order: BackupOrder; seed: Uint8Array }
takeBackup(order, derivedRandom(seed)).then(
  (report) => port.postMessage({ report } satisfies BackupAnswer),
  (error: unknown) => port.postMessage({ failure: messageOf(error) } satisfies BackupAnswer),
)

/** As unpredictable as the seed, which came from the real source of chance. */
function derivedRandom(key: Uint8Array): Pick<Random, 'bytes'> {
  let count = 0
  return {
    bytes(length) {
      const blocks: Buffer[] = []
      for (let at = 0; at < length; at += 32)
        blocks.push(createHmac('sha256', key).update(`nonce ${count++}`).digest())
      return new Uint8Array(Buffer.concat(blocks).subarray(0, length))
    },
  }
}
