import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'

/** What the kernel says of a process. */
export interface ProcessMoment {
  /** All that it holds in memory, shared pages included, MiB. */
  readonly rssMiB: number
  /** Its own part: pages that it shares with others are divided among them, MiB. */
  readonly pssMiB: number
  /** Processor time since it started, user and system, ms. */
  readonly cpuMs: number
}

/** /proc counts processor time in ticks of this length. */
const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

export function lookAt(processId: number): ProcessMoment {
  const memory = readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8')
  // The name of the process stands in brackets and may hold anything; the numbers follow it.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return {
    rssMiB: kibibytesOf(memory, 'Rss') / 1024,
    pssMiB: kibibytesOf(memory, 'Pss') / 1024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  }
}

function kibibytesOf(memory: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1]
  if (found === undefined) throw new Error(`/proc says no ${name} of the process`)
  return Number(found)
}

/** A process over some time: the most memory that was seen, and its share of one processor core. */
export interface ProcessFigures {
  rssMiB: number
  pssMiB: number
  coreShare: number
}

/** Looks at a process again and again. */
export class Watch {
  readonly #processId: number
  readonly #first: ProcessMoment
  readonly #startedMs: number
  #most: ProcessMoment

  constructor(processId: number) {
    this.#processId = processId
    this.#first = lookAt(processId)
    this.#most = this.#first
    this.#startedMs = performance.now()
  }

  look(): void {
    const now = lookAt(this.#processId)
    if (now.rssMiB > this.#most.rssMiB) this.#most = now
  }

  figures(): ProcessFigures {
    this.look()
    const spentMs = lookAt(this.#processId).cpuMs - this.#first.cpuMs
    return {
      rssMiB: this.#most.rssMiB,
      pssMiB: this.#most.pssMiB,
      coreShare: spentMs / (performance.now() - this.#startedMs),
    }
  }
}
