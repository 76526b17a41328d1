import type { Logger } from 'pino'
import { messageOf } from '#protocol/base/errors.ts'
import { storageTroubleOf } from '#protocol/base/storage-errors.ts'

/** For repeated work that must go on when one round fails, a full disk for example: logs, and the next round tries again. */
export function patiently(log: Logger, what: string, run: () => void): () => void {
  return () => {
    try {
      run()
    } catch (error) {
      // A disk that failed is not asked again: the process ends, and its next start reads what is there.
      if (storageTroubleOf(error) === 'broken') throw error
      log.error({ err: error }, `${what} failed: ${messageOf(error)}; it is tried again`)
    }
  }
}
