/** What a failing SQLite means for the process that holds it. */
export type StorageTrouble =
  /** Nothing can be written for the moment; what was asked for did not happen. Room may come back. */
  | 'full'
  /**
   * Reading, writing or syncing failed. After a failed sync nobody knows which pages are on the disk, and asking again
   * would be told that all is well; hence nothing is written by this process any more.
   */
  | 'broken'

/** @returns undefined for errors that are not about storage, such as a constraint */
export function storageTroubleOf(error: unknown): StorageTrouble | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth++) {
    const { code } = one as { code?: unknown }
    if (typeof code !== 'string') continue
    // The index of the write-ahead log is made larger by writing to it, so a full disk shows there as well.
    if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE' || code === 'ENOSPC' || code === 'EDQUOT')
      return 'full'
    if (/^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(code) || code === 'EIO') return 'broken'
  }
  return undefined
}
