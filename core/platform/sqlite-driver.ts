import type Sqlite from 'better-sqlite3'
import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Tables } from './tables/index.ts'

/** Prepared statements that are kept; more than this and the oldest goes. */
const STATEMENTS_KEPT = 500

/** Statements are compiled once by SQLite and kept by their text. */
export function createPreparer(connection: Sqlite.Database): (text: string) => Sqlite.Statement {
  const statements = new Map<string, Sqlite.Statement>()
  return (text) => {
    let statement = statements.get(text)
    if (!statement) {
      statement = connection.prepare(text)
      statements.set(text, statement)
      if (statements.size > STATEMENTS_KEPT) statements.delete(statements.keys().next().value as string)
    }
    return statement
  }
}

/** Runs compiled queries on one better-sqlite3 connection. Everything is synchronous below the promise. */
export function createRunner(connection: Sqlite.Database): (query: CompiledQuery) => QueryResult<unknown> {
  const prepare = createPreparer(connection)
  return (query) => {
    const statement = prepare(query.sql)
    if (statement.reader) return { rows: statement.all(...query.parameters) }
    const { changes, lastInsertRowid } = statement.run(...query.parameters)
    return {
      rows: [],
      numAffectedRows: BigInt(changes),
      insertId: BigInt(lastInsertRowid),
    }
  }
}

/** One for all: it holds nothing between two queries, and building one costs more than compiling one with it. */
const compiler = new SqliteQueryCompiler()
const adapter = new SqliteAdapter()

/** Without the ways through a pool of connections: there is one, and it is always free. */
class DirectExecutor extends DefaultQueryExecutor {
  readonly #connection: DatabaseConnection

  constructor(connection: DatabaseConnection) {
    super(compiler, adapter, { provideConnection: (consumer) => consumer(connection) })
    this.#connection = connection
  }
  override executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#connection.executeQuery<R>(query)
  }
}

async function refuse(): Promise<void> {
  throw new Error('transactions are opened by database.write only')
}

/** A Kysely over one runner. Transactions are the business of the database door, so its own are refused. */
export function createKysely(
  run: (query: CompiledQuery) => QueryResult<unknown> | Promise<QueryResult<unknown>>,
): Kysely<Tables> {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => run(query) as QueryResult<R> | Promise<QueryResult<R>>,
    streamQuery: () => {
      throw new Error('streaming is not offered; read in pages')
    },
  }
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  }
  const dialect: Dialect = {
    createAdapter: () => adapter,
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => compiler,
  }
  return new Kysely<Tables>({
    config: { dialect },
    dialect,
    driver,
    executor: new DirectExecutor(connection),
  })
}
