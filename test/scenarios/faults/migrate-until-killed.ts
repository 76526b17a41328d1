import Database from 'better-sqlite3'
import { migrate as migrateCore } from '#core/platform/migrate.ts'
import { MIGRATIONS } from '#core/platform/migrations/index.ts'
import { migrate as migrateEdge } from '#edge/database.ts'
import { statementsOf } from './statements.ts'

/** Upgrades a database and ends itself with SIGKILL before its n-th statement. Prints how many there were when it got that far. */
const [which = '', file = '', before = ''] = process.argv.slice(2)
const sql = new Database(file)
sql.pragma('journal_mode = WAL')
sql.pragma('synchronous = FULL')
let done = 0
function step(): void {
  if (++done === Number(before)) process.kill(process.pid, 'SIGKILL')
}
const exec = sql.exec.bind(sql)
sql.exec = (text) => {
  for (const statement of statementsOf(text)) {
    step()
    exec(statement)
  }
  return sql
}
const prepare = sql.prepare.bind(sql)
sql.prepare = ((text: string) => {
  step()
  return prepare(text)
}) as typeof sql.prepare
if (which === 'core') migrateCore(sql, MIGRATIONS, 0)
else migrateEdge(sql)
// Committed, and never closed: as if the power went right after it.
process.stdout.write(String(done))
process.kill(process.pid, 'SIGKILL')
