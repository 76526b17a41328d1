import { readFileSync } from 'node:fs'
import path from 'node:path'
import { integerBelow, type Random } from '#protocol/base/random.ts'

/** What a disk writes at once: after a power cut each of these is there or not. */
const SECTOR_BYTES = 512

interface FileOp {
  readonly kind: 'write' | 'truncate' | 'sync' | 'unlink'
  readonly file: number
  /** Where it is written, or the new length. */
  readonly offset: number
  readonly bytes: Buffer
}
interface Acknowledgement {
  readonly kind: 'ack'
  /** Lines that the process wrote, each about something that it had promised by then. */
  readonly lines: readonly string[]
}
export type RecordedOp = FileOp | Acknowledgement
export interface Recording {
  /** Names of the files without their folder, by number. */
  readonly files: readonly string[]
  readonly ops: readonly RecordedOp[]
}

const HEAD_BYTES = 14
const KINDS: Readonly<Record<string, FileOp['kind']>> = { W: 'write', T: 'truncate', S: 'sync', U: 'unlink' }

/** Reads what recorder.c wrote. */
export function readRecording(file: string): Recording {
  const bytes = readFileSync(file)
  const files: string[] = []
  const ops: RecordedOp[] = []
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const kind = String.fromCharCode(bytes[at] as number)
    const number = bytes[at + 1] as number
    const offset = Number(bytes.readBigUInt64LE(at + 2))
    const length = bytes.readUInt32LE(at + 10)
    // The process was killed while this was written down.
    if (at + HEAD_BYTES + length > bytes.length) break
    const body = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    at += HEAD_BYTES + length
    if (kind === 'O') files[number] = path.basename(body.toString())
    else if (kind === 'A') ops.push({ kind: 'ack', lines: body.toString().split('\n').filter(Boolean) })
    else ops.push({ kind: KINDS[kind] as FileOp['kind'], file: number, offset, bytes: body })
  }
  return { files, ops }
}

/** What is on the disk after a power cut, and what had been promised before it. */
export interface PowerCut {
  /** After this many operations. */
  readonly at: number
  readonly files: ReadonlyMap<string, Buffer>
  readonly promised: readonly string[]
  /** Writes that were not synced, and how many sectors of them were lost. */
  readonly unsynced: number
  readonly lostSectors: number
}

/** A file as the disk surely has it, and what was done to it since the last sync. */
class DiskFile {
  durable: Buffer
  length: number
  pending: FileOp[] = []

  /** @param begin  what is in it already, for good */
  constructor(begin: Buffer = Buffer.alloc(0)) {
    this.durable = Buffer.from(begin)
    this.length = begin.length
  }

  apply(op: FileOp): void {
    if (op.kind === 'sync') {
      for (const one of this.pending) this.#settle(one)
      this.pending = []
    } else if (op.kind === 'unlink') {
      this.durable = Buffer.alloc(0)
      this.length = 0
      this.pending = []
    } else this.pending.push(op)
  }

  #settle(op: FileOp): void {
    if (op.kind === 'truncate') {
      this.#reach(op.offset)
      if (op.offset < this.length) this.durable.fill(0, op.offset, this.length)
      this.length = op.offset
      return
    }
    this.#reach(op.offset + op.bytes.length)
    op.bytes.copy(this.durable, op.offset)
    this.length = Math.max(this.length, op.offset + op.bytes.length)
  }
  #reach(length: number): void {
    if (length <= this.durable.length) return
    const larger = Buffer.alloc(Math.max(length, this.durable.length * 2, 4096))
    this.durable.copy(larger, 0, 0, this.length)
    this.durable = larger
  }

  /** Any subset of what was not synced, in whole sectors, in order. `keep` in 0 … 1 is the chance of each to have arrived. */
  image(random: Random, keep: number): { bytes: Buffer; lostSectors: number } {
    const image = new DiskFile(this.durable.subarray(0, this.length))
    let lostSectors = 0
    const arrives = () => integerBelow(random, 1000) < keep * 1000
    for (const op of this.pending) {
      if (op.kind === 'truncate') {
        if (arrives()) image.#settle(op)
        continue
      }
      for (let from = 0; from < op.bytes.length; ) {
        const start = op.offset + from
        const piece = Math.min(op.bytes.length - from, SECTOR_BYTES - (start % SECTOR_BYTES))
        if (arrives()) image.#settle({ ...op, offset: start, bytes: op.bytes.subarray(from, from + piece) })
        else lostSectors++
        from += piece
      }
    }
    return { bytes: image.durable.subarray(0, image.length), lostSectors }
  }
}

/** How likely a write that was not synced has arrived. Extremes first: they are the prefix alone, and everything. */
const CHANCES = [0, 1, 0.5, 0.9, 0.1]

/** The content of files by their names without folders. */
export type DiskContents = ReadonlyMap<string, Buffer>

/** All files of a recording. */
class Disk {
  readonly #files = new Map<string, DiskFile>()
  readonly #names: readonly string[]

  constructor(names: readonly string[], begin: DiskContents) {
    this.#names = names
    for (const name of new Set([...begin.keys(), ...names]))
      this.#files.set(name, new DiskFile(begin.get(name)))
  }
  apply(op: FileOp): void {
    this.#files.get(this.#names[op.file] as string)?.apply(op)
  }
  cut(random: Random, keep: number): Pick<PowerCut, 'files' | 'unsynced' | 'lostSectors'> {
    const files = new Map<string, Buffer>()
    let unsynced = 0
    let lostSectors = 0
    for (const [name, file] of this.#files) {
      // The index of the write-ahead log is memory: it is made anew after a power cut.
      if (name.endsWith('-shm') || name.endsWith('.acks')) continue
      const image = file.image(random, keep)
      unsynced += file.pending.length
      lostSectors += image.lostSectors
      files.set(name, image.bytes)
    }
    return { files, unsynced, lostSectors }
  }
}

const NOTHING: DiskContents = new Map()

/**
 * Power cuts spread over a recording, in its order.
 * @param begin    what was on the disk before
 * @param syncsOf  whether a sync of this file counts; a disk that lies, or a setting that syncs less, counts fewer
 */
export function* powerCuts(
  recording: Recording,
  options: {
    count: number
    random: Random
    begin?: DiskContents
    syncsOf?: (file: string) => boolean
  },
): Generator<PowerCut> {
  const { count, random, begin = NOTHING, syncsOf = () => true } = options
  const { files, ops } = recording
  if (ops.length === 0) return
  const disk = new Disk(files, begin)
  const promised: string[] = []
  const cuts = Array.from({ length: count }, () => 1 + integerBelow(random, ops.length)).toSorted(
    (a, b) => a - b,
  )
  let next = 0
  for (const [index, op] of ops.entries()) {
    if (op.kind === 'ack') promised.push(...op.lines)
    else if (op.kind !== 'sync' || syncsOf(files[op.file] as string)) disk.apply(op)
    for (; cuts[next] === index + 1; next++) {
      const keep = CHANCES[next % CHANCES.length] as number
      yield { at: index + 1, promised: promised.slice(), ...disk.cut(random, keep) }
    }
  }
}

/** A power cut after the last operation of a recording, which of the writes that were not synced arrived decided by chance. */
export function cutAtEnd(recording: Recording, begin: DiskContents, random: Random): PowerCut {
  const disk = new Disk(recording.files, begin)
  for (const op of recording.ops) if (op.kind !== 'ack') disk.apply(op)
  const keep = CHANCES[integerBelow(random, CHANCES.length)] as number
  return { at: recording.ops.length, promised: [], ...disk.cut(random, keep) }
}
