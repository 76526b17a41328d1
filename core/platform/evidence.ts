import { createHash } from 'node:crypto'
import { createReadStream, type ReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { EvidenceView } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { EvidenceRef } from '#protocol/messages/session.ts'
import { type Database, nowOf, type Tx } from './database.ts'
import { prepared } from './prepared.ts'

/** One picture or trace is at most this large. */
export const EVIDENCE_BYTES_MOST = 5 * 1024 * 1024
/** One request carries at most this much of it. */
export const CHUNK_BYTES_MOST = 256 * 1024
/** What one cabinet may store in a day. */
const QUOTA_BYTES_A_DAY = 500 * 1024 * 1024
const DAY_MS = 24 * 3_600_000
const REMOVED_AT_ONCE = 500
const SHA256 = /^[0-9a-f]{64}$/
const MEDIA_TYPES = ['image/jpeg', 'application/json'] as const
export type MediaType = (typeof MEDIA_TYPES)[number]

/** Pictures and weight traces: files named by the SHA-256 of their bytes, and rows that say what they belong to. */
export interface EvidenceStore {
  /** The rows of a session, oldest first. */
  evidenceOf(sessionId: string): Promise<EvidenceView[]>
  /** @returns undefined while the file has not arrived */
  readEvidence(
    sha256: string,
  ): Promise<{ mediaType: string; byteCount: number; stream: ReadStream } | undefined>
  /** The whole file as text, for traces. @returns undefined while it has not arrived */
  readEvidenceText(sha256: string): Promise<string | undefined>
  /** In the transaction of the event that refers to the files; they may arrive before or after it. */
  registerEvidence(
    tx: Tx,
    session: { sessionId: string; cabinetId: string; startedAtMs: number },
    refs: readonly EvidenceRef[],
  ): Promise<void>
  /** Files and unfinished uploads from before `beforeMs` that no event refers to. @returns how many went */
  removeUnreferenced(beforeMs: number): Promise<number>
  /** How much of an upload has arrived. */
  progressOf(upload: UploadKey): Promise<{ receivedBytes: number; isComplete: boolean }>
  /** Takes one chunk; with the last one the hash is checked and the file appears under its name. */
  takeChunk(chunk: Chunk): Promise<{ receivedBytes: number; isComplete: boolean }>
}
export interface UploadKey {
  cabinetId: string
  sha256: string
}
export interface Chunk extends UploadKey {
  offset: number
  totalBytes: number
  mediaType: MediaType
  bytes: Uint8Array
}

/** @param dir  folder of the files, made when it is missing */
export function createEvidenceStore(deps: {
  db: Database
  dir: string
  clock: { now(): number }
  /** A file is complete: told in the transaction that says so, with everything that refers to it by then. */
  stored?: (tx: Tx, refs: ReadonlyArray<{ sessionId: string; cabinetId: string }>) => Promise<void>
}): EvidenceStore {
  const { db, dir, clock, stored } = deps
  const ofSession = prepared(db.read, (sessionId) =>
    db.read
      .selectFrom('evidence')
      .selectAll()
      .select((eb) =>
        eb
          .selectFrom('blob')
          .select('storedAtMs')
          .whereRef('blob.sha256', '=', 'evidence.sha256')
          .as('storedAtMs'),
      )
      .where('sessionId', '=', sessionId),
  )
  /** One write at a time for each upload: chunks of one file must not interleave. */
  const busy = new Set<string>()

  function fileOf(sha256: string): string {
    if (!SHA256.test(sha256))
      throw new CabinetError('bad_request', 'A hash is 64 lower-case hexadecimal digits.')
    return path.join(dir, sha256.slice(0, 2), sha256)
  }
  function partOf({ cabinetId, sha256 }: UploadKey): string {
    return path.join(dir, 'incoming', `${cabinetId}-${sha256}.part`)
  }
  async function findBlob(sha256: string) {
    return db.read.selectFrom('blob').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  }

  async function progressOf(upload: UploadKey): Promise<{ receivedBytes: number; isComplete: boolean }> {
    fileOf(upload.sha256)
    const blob = await findBlob(upload.sha256)
    if (blob !== undefined) return { receivedBytes: blob.byteCount, isComplete: true }
    return { receivedBytes: await sizeOf(partOf(upload)), isComplete: false }
  }

  async function takeChunk(chunk: Chunk): Promise<{ receivedBytes: number; isComplete: boolean }> {
    checkChunk(chunk)
    const part = partOf(chunk)
    if (busy.has(part)) throw new CabinetError('conflict', 'Another chunk of this file is being written.')
    busy.add(part)
    try {
      const progress = await progressOf(chunk)
      if (progress.isComplete) return progress
      if (progress.receivedBytes !== chunk.offset) return progress
      if (chunk.offset === 0) await checkQuota(chunk)
      await appendDurably(part, chunk)
      const receivedBytes = chunk.offset + chunk.bytes.length
      if (receivedBytes < chunk.totalBytes) return { receivedBytes, isComplete: false }
      await completeUpload(chunk, part)
      return { receivedBytes, isComplete: true }
    } finally {
      busy.delete(part)
    }
  }

  async function checkQuota({ cabinetId, totalBytes }: Chunk): Promise<void> {
    const used = await db.read
      .selectFrom('blob')
      .select((eb) => eb.fn.sum<number | null>('byteCount').as('bytes'))
      .where('cabinetId', '=', cabinetId)
      .where('storedAtMs', '>', clock.now() - DAY_MS)
      .executeTakeFirst()
    if ((used?.bytes ?? 0) + totalBytes > QUOTA_BYTES_A_DAY)
      throw new CabinetError('too_many_requests', `This cabinet has stored ${QUOTA_BYTES_A_DAY} bytes today.`)
  }

  async function appendDurably(part: string, { offset, bytes }: Chunk): Promise<void> {
    await mkdir(path.dirname(part), { recursive: true, mode: 0o700 })
    const file = await open(part, offset === 0 ? 'w' : 'r+', 0o600)
    try {
      await file.write(bytes, 0, bytes.length, offset)
      await file.truncate(offset + bytes.length)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async function completeUpload(chunk: Chunk, part: string): Promise<void> {
    const { sha256, firstBytes } = await inspect(part)
    if (sha256 !== chunk.sha256 || !looksLike(chunk.mediaType, firstBytes)) {
      await rm(part, { force: true })
      if (sha256 !== chunk.sha256) throw new CabinetError('evidence_hash_mismatch')
      throw new CabinetError('bad_request', `The bytes are not ${chunk.mediaType}.`)
    }
    const target = fileOf(chunk.sha256)
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    await rename(part, target)
    await syncFolder(path.dirname(target))
    await db.write('store evidence', async (tx) => {
      await tx
        .insertInto('blob')
        .values({
          sha256: chunk.sha256,
          cabinetId: chunk.cabinetId,
          mediaType: chunk.mediaType,
          byteCount: chunk.totalBytes,
          storedAtMs: nowOf(tx),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      await stored?.(
        tx,
        await tx
          .selectFrom('evidence')
          .select(['sessionId', 'cabinetId'])
          .where('sha256', '=', chunk.sha256)
          .execute(),
      )
    })
  }

  async function removeUnreferenced(beforeMs: number): Promise<number> {
    const rows = await db.read
      .selectFrom('blob')
      .leftJoin('evidence', 'evidence.sha256', 'blob.sha256')
      .select('blob.sha256 as sha256')
      .where('storedAtMs', '<', beforeMs)
      .where('evidence.sessionId', 'is', null)
      .limit(REMOVED_AT_ONCE)
      .execute()
    for (const { sha256 } of rows) {
      // The row first: a file without a row is only wasted room, a row without a file is a broken promise.
      await db.write('remove evidence', async (tx) => {
        await tx.deleteFrom('blob').where('sha256', '=', sha256).execute()
      })
      await rm(fileOf(sha256), { force: true })
    }
    return rows.length + (await removeStaleParts(beforeMs))
  }

  async function removeStaleParts(beforeMs: number): Promise<number> {
    const folder = path.join(dir, 'incoming')
    let removed = 0
    for (const name of await namesIn(folder)) {
      const file = path.join(folder, name)
      if (busy.has(file) || (await stat(file)).mtimeMs >= beforeMs) continue
      await rm(file, { force: true })
      removed++
    }
    return removed
  }

  return {
    progressOf,
    takeChunk,
    removeUnreferenced,
    async evidenceOf(sessionId) {
      const rows = (await ofSession(sessionId)).toSorted((a, b) => a.atMs - b.atMs)
      return rows.map((row) => ({
        sha256: row.sha256,
        kind: row.kind,
        mediaType: row.mediaType,
        atMs: row.atMs,
        moment: row.moment,
        ...(row.camera === null ? {} : { camera: row.camera }),
        isUploaded: row.storedAtMs !== null,
        url: `/api/evidence/${sessionId}/${row.sha256}`,
      }))
    },
    async readEvidence(sha256) {
      const blob = await findBlob(sha256)
      if (blob === undefined) return undefined
      return {
        mediaType: blob.mediaType,
        byteCount: blob.byteCount,
        stream: createReadStream(fileOf(sha256)),
      }
    },
    async readEvidenceText(sha256) {
      const blob = await findBlob(sha256)
      if (blob === undefined) return undefined
      const pieces: Buffer[] = []
      for await (const piece of createReadStream(fileOf(sha256))) pieces.push(piece as Buffer)
      return Buffer.concat(pieces).toString('utf8')
    },
    async registerEvidence(tx, session, refs) {
      for (const ref of refs) {
        await tx
          .insertInto('evidence')
          .values({
            sessionId: session.sessionId,
            cabinetId: session.cabinetId,
            sha256: ref.sha256,
            kind: ref.kind,
            mediaType: ref.mediaType,
            byteCount: ref.byteCount,
            atMs: session.startedAtMs + ref.tMs,
            moment: ref.moment,
            camera: ref.camera ?? null,
            registeredAtMs: nowOf(tx),
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
    },
  }
}

function checkChunk({ offset, totalBytes, bytes }: Chunk): void {
  if (totalBytes < 1 || totalBytes > EVIDENCE_BYTES_MOST)
    throw new CabinetError('payload_too_large', `A file has 1 to ${EVIDENCE_BYTES_MOST} bytes.`)
  if (bytes.length === 0 || bytes.length > CHUNK_BYTES_MOST)
    throw new CabinetError('payload_too_large', `A chunk has 1 to ${CHUNK_BYTES_MOST} bytes.`)
  if (offset + bytes.length > totalBytes)
    throw new CabinetError('bad_request', 'The chunk reaches beyond the announced total.')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function inspect(file: string): Promise<{ sha256: string; firstBytes: Buffer }> {
  const hash = createHash('sha256')
  let firstBytes: Buffer = Buffer.alloc(0)
  for await (const piece of createReadStream(file)) {
    if (firstBytes.length === 0) firstBytes = (piece as Buffer).subarray(0, 16)
    hash.update(piece as Buffer)
  }
  return { sha256: hash.digest('hex'), firstBytes }
}

/** Magic bytes: a picture is a JPEG, a trace is a JSON object or list. */
function looksLike(mediaType: MediaType, firstBytes: Buffer): boolean {
  if (mediaType === 'image/jpeg')
    return firstBytes[0] === 0xff && firstBytes[1] === 0xd8 && firstBytes[2] === 0xff
  return /^\s*[{[]/.test(firstBytes.toString('latin1'))
}

/** A rename is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
