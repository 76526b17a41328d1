import { messageOf } from '#protocol/base/errors.ts'
import type { RunningCabinet } from '#scripts/system.ts'

/** A moment at which a bolt was drawn back, seen at the lock itself. */
export interface Unlocking {
  readonly cabinetId: string
  readonly atMs: number
}

export interface DoorWitness {
  readonly unlockings: readonly Unlocking[]
  /** Why it could not go on watching; a witness that looked away proves nothing. */
  readonly problem: string | undefined
  stop(): void
}

/** Watches the bolt of a simulated cabinet five times a second, by the stream that the workshop page uses. */
export function watchDoor({ cabinetId, simulator }: RunningCabinet): DoorWitness {
  const unlockings: Unlocking[] = []
  const ending = new AbortController()
  let problem: string | undefined
  let wasUnlocked: boolean | undefined

  async function read(): Promise<void> {
    const answer = await fetch(`${simulator.controlUrl}/stream`, { signal: ending.signal })
    if (answer.body === null) throw new Error('the stream of the workshop has no body')
    let text = ''
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const parts = (text + chunk).split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) onState(JSON.parse(part.slice('data: '.length)) as State)
    }
  }
  function onState({ atMs, lock }: State): void {
    if (lock.isUnlocked && wasUnlocked === false) unlockings.push({ cabinetId, atMs })
    wasUnlocked = lock.isUnlocked
  }
  read().then(
    () => {
      if (!ending.signal.aborted) problem = 'the stream of the workshop ended'
    },
    (error: unknown) => {
      if (!ending.signal.aborted) problem = messageOf(error)
    },
  )
  return {
    unlockings,
    get problem() {
      return problem
    },
    stop: () => ending.abort(),
  }
}

interface State {
  atMs: number
  lock: { isUnlocked: boolean }
}
