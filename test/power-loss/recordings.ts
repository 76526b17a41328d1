import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Recording, readRecording } from './images.ts'
import { runRecorded } from './recorder.ts'

async function recordOf(
  program: string,
  database: string,
  args: (folder: string) => string[],
): Promise<Recording> {
  const folder = mkdtempSync(path.join(tmpdir(), 'recorded-'))
  try {
    const record = path.join(folder, 'record')
    const { code, stderr } = await runRecorded(program, args(folder), {
      RECORD_MATCH: database,
      RECORD_TO: record,
    })
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`)
    return readRecording(record)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the agent does to its disk in so many rounds. */
export const recordEdge = (rounds: number): Promise<Recording> =>
  recordOf('edge-workload.ts', 'edge.sqlite', (folder) => [folder, String(rounds)])
/** What the core does to its disk while it sells, charges and refunds so often. */
export const recordCore = (rounds: number): Promise<Recording> =>
  recordOf('core-workload.ts', 'core.sqlite', (folder) => [
    path.join(folder, 'core.sqlite.acks'),
    String(rounds),
  ])
