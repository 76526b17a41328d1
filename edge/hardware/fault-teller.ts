import type { Clock } from '#protocol/base/clock.ts'
import type { HardwareListener } from './ports.ts'

/** Scales may still answer: a board that is silent for this long is trouble of its own. */
export const BOARD_SILENT_AFTER_MS = 5000

/**
 * Tells one trouble of the line at a time: nobody answers, or everybody but the board that has the lock. Without the
 * second, a cabinet whose board died beside living scales would be closed for ever and nobody would hear of it.
 */
export function createFaultTeller(
  clock: Clock,
  tell: HardwareListener['onBusFault'],
): {
  onLost(reason: string, detail: string): void
  onRestored(): void
  onBoard(hasAnswered: boolean): void
} {
  let told: 'bus' | 'board' | undefined
  let silentSinceMonoMs: number | undefined
  return {
    onLost(reason, detail) {
      if (told === undefined) tell({ phase: 'began', reason, detail })
      told = 'bus'
    },
    onRestored() {
      if (told === 'bus') tell({ phase: 'ended', reason: 'answered' })
      told = undefined
      silentSinceMonoMs = undefined
    },
    onBoard(hasAnswered) {
      if (hasAnswered) {
        silentSinceMonoMs = undefined
        if (told !== 'board') return
        told = undefined
        tell({ phase: 'ended', reason: 'answered' })
        return
      }
      silentSinceMonoMs ??= clock.monoMs()
      if (told !== undefined || clock.monoMs() - silentSinceMonoMs < BOARD_SILENT_AFTER_MS) return
      told = 'board'
      tell({ phase: 'began', reason: 'board_silent', detail: 'the board with lock and door does not answer' })
    },
  }
}
