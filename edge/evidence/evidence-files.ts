import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'

/** Blobs by their SHA-256. A port, so that a simulation can keep them in memory. */
export interface EvidenceFiles {
  /** Durable when it returns. */
  put(sha256: string, bytes: Uint8Array): void
  /** @throws when the file is gone */
  read(sha256: string, offset: number, length: number): Uint8Array
  delete(sha256: string): void
}

/** Content-addressed files below `folder`, in 256 subfolders. */
export function createEvidenceFiles(folder: string): EvidenceFiles {
  const fileOf = (sha256: string) => path.join(folder, sha256.slice(0, 2), sha256)
  return {
    put(sha256, bytes) {
      const file = fileOf(sha256)
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      const partial = `${file}.partial`
      const handle = openSync(partial, 'w', 0o600)
      try {
        writeSync(handle, bytes)
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
      renameSync(partial, file)
    },
    read(sha256, offset, length) {
      const handle = openSync(fileOf(sha256), 'r')
      try {
        const buffer = Buffer.alloc(length)
        return buffer.subarray(0, readSync(handle, buffer, 0, length, offset))
      } finally {
        closeSync(handle)
      }
    },
    delete(sha256) {
      rmSync(fileOf(sha256), { force: true })
    },
  }
}
