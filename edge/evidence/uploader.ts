import type { Logger } from 'pino'
import type { Clock, Timer } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import { backoffMs } from '../delivery/backoff.ts'
import type { DeviceApi, UploadTarget } from '../enrolment/device-api.ts'
import type { EvidenceFiles } from './evidence-files.ts'
import { TIME_UNKNOWN } from '../row-times.ts'
import type { EvidenceQueue, EvidenceRow } from './evidence-queue.ts'

export interface UploaderOptions {
  queue: EvidenceQueue
  files: EvidenceFiles
  api: DeviceApi
  clock: Clock
  random: Random
  log: Logger
  /** What the core has of our events. */
  ackedSeq: () => number
  isReachable: () => boolean
  /** True time, as the core tells it; undefined while it is unknown. */
  knownNowMs: () => number | undefined
  settings: {
    chunkBytes: number
    evidenceAttemptsMost: number
    evidenceRetryShortestMs: number
    evidenceRetryLongestMs: number
  }
}

/** Brings evidence to the core, one file after the other, each after the event that names it and from where it broke off. */
export interface EvidenceUploader {
  /** Something may be ready: an event was confirmed, or the core can be reached again. */
  nudge(): void
  start(): void
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 30_000

export function createEvidenceUploader(options: UploaderOptions): EvidenceUploader {
  const { queue, files, api, clock, random, log, settings } = options
  let timer: Timer | undefined
  let running: Promise<void> | undefined
  let failures = 0
  let notBeforeMonoMs = 0
  let isStopped = true

  function wake(afterMs: number): void {
    timer?.cancel()
    if (isStopped) return
    timer = clock.setTimer('upload evidence', afterMs, run)
  }
  function run(): void {
    if (isStopped || running) return
    running = uploadAll()
      .catch((error: unknown) => log.error({ err: error }, 'the evidence queue failed'))
      .finally(() => {
        running = undefined
        // A pause that is over while the core cannot be reached is no reason to look again and again: it nudges.
        const pauseMs = notBeforeMonoMs - clock.monoMs()
        wake(pauseMs > 0 ? pauseMs : LOOK_EVERY_MS)
      })
  }

  async function uploadAll(): Promise<void> {
    while (!isStopped && options.isReachable() && clock.monoMs() >= notBeforeMonoMs) {
      const row = queue.next(options.ackedSeq())
      if (row === undefined) return
      try {
        await upload(row)
        queue.accepted(row, options.knownNowMs() ?? TIME_UNKNOWN)
        failures = 0
        log.info({ sessionId: row.session_id, sha256: row.sha256, kind: row.kind }, 'evidence accepted')
      } catch (error) {
        failures++
        // A file that is gone or differs from its name will not get better; others wait behind it.
        const isHopeless = error instanceof CabinetError && error.code === 'evidence_hash_mismatch'
        queue.failed(row, isHopeless ? row.attempts + 1 : settings.evidenceAttemptsMost, clock.now())
        const pauseMs = backoffMs(
          failures,
          settings.evidenceRetryShortestMs,
          settings.evidenceRetryLongestMs,
          random.next(),
          settings.evidenceRetryShortestMs / 2,
        )
        notBeforeMonoMs = clock.monoMs() + pauseMs
        log.warn(
          { sessionId: row.session_id, sha256: row.sha256, attempts: row.attempts + 1 },
          `evidence not uploaded: ${messageOf(error)}`,
        )
        return
      }
    }
  }

  async function upload(row: EvidenceRow): Promise<void> {
    const target: UploadTarget = {
      sessionId: row.session_id,
      sha256: row.sha256,
      kind: row.kind,
      mediaType: row.media_type,
      total: row.byte_count,
    }
    let offset = await api.uploadOffset(target)
    // Each answer must move on; a core that answers the same place for ever would keep us here.
    const roundsMost = Math.ceil(row.byte_count / settings.chunkBytes) * 2 + 4
    for (let round = 0; offset < row.byte_count; round++) {
      if (round >= roundsMost)
        throw new CabinetError('internal', 'The core does not take the rest of a file.')
      const chunk = readChunk(row, offset)
      const answer = await api.uploadChunk(target, offset, chunk)
      if (answer.done) return
      offset = answer.offset
    }
  }

  function readChunk(row: EvidenceRow, offset: number): Uint8Array {
    const length = Math.min(settings.chunkBytes, row.byte_count - offset)
    let chunk: Uint8Array
    try {
      chunk = files.read(row.sha256, offset, length)
    } catch (error) {
      throw new CabinetError('evidence_hash_mismatch', `The file of ${row.sha256} is gone.`, { cause: error })
    }
    if (chunk.byteLength !== length)
      throw new CabinetError('evidence_hash_mismatch', `The file of ${row.sha256} is shorter than it was.`)
    return chunk
  }

  return {
    nudge() {
      if (!isStopped && !running) wake(Math.max(0, notBeforeMonoMs - clock.monoMs()))
    },
    start() {
      isStopped = false
      wake(0)
    },
    async stop() {
      isStopped = true
      timer?.cancel()
      await running
    },
  }
}
