import { openSync, writeSync } from 'node:fs'

/** Where a workload writes what it has promised; the recorder puts each line in order among the writes to the database. */
export function openAcks(file: string): (promise: object) => void {
  const descriptor = openSync(file, 'a', 0o600)
  return (promise) => {
    writeSync(descriptor, `${JSON.stringify(promise)}\n`)
  }
}
