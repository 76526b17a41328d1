import { writeSync } from 'node:fs'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { openDatabase } from '#core/platform/database.ts'

/** Writes rows for ever and reports each one after its write resolved. */
const [file = '', round = ''] = process.argv.slice(2)
const db = openDatabase(file, { clock: createSystemClock(), auditKey: new Uint8Array(32) })
async function writeFor(worker: number): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `${round}-${worker}-${i}`
    await db.write('fact', async (tx) => {
      await tx.insertInto('fact').values({ name, value: 'x' }).execute()
    })
    writeSync(1, `${name}\n`)
  }
}
await Promise.all([0, 1, 2, 3].map(writeFor))
