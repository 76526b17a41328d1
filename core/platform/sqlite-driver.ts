import type Sqlite from 'better-sqlite3'
import {
  type BinaryOperationNode,
  ColumnNode,
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  type LimitNode,
  type OperationNode,
  PrimitiveValueListNode,
  type QueryResult,
  ReferenceNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  ValueNode,
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

/**
 * The columns whose values partial indexes speak of. They hold words of this program and few different ones, so the word
 * stands in the text: each of them is a statement of its own, with the plan that fits it.
 */
export const COLUMNS_OF_WORDS: ReadonlySet<string> = new Set(['state', 'status', 'type'])
const WORD = /^[a-z][a-z_.]*$/

/**
 * For a `?` in a comparison or a limit SQLite wants to see the value, and so it compiles the statement again each time that
 * it runs, which costs many times what most of them do. It does not look behind `+?`; what the plan should know (a limit, a
 * state) stands in the text instead.
 */
class PlannedOnceCompiler extends SqliteQueryCompiler {
  #isWord = false

  protected override getCurrentParameterPlaceholder(): string {
    return '+?'
  }
  protected override appendValue(parameter: unknown): void {
    if (this.#isWord && typeof parameter === 'string' && WORD.test(parameter))
      this.appendImmediateValue(parameter)
    else super.appendValue(parameter)
  }
  protected override visitLimit(node: LimitNode): void {
    const { limit } = node
    if (!ValueNode.is(limit) || typeof limit.value !== 'number') {
      super.visitLimit(node)
      return
    }
    this.append('limit ')
    this.appendImmediateValue(limit.value)
  }
  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const { leftOperand, operator, rightOperand } = node
    if (
      !isColumnOfWords(leftOperand) ||
      !(ValueNode.is(rightOperand) || PrimitiveValueListNode.is(rightOperand))
    ) {
      super.visitBinaryOperation(node)
      return
    }
    this.visitNode(leftOperand)
    this.append(' ')
    this.visitNode(operator)
    this.append(' ')
    this.#isWord = true
    this.visitNode(rightOperand)
    this.#isWord = false
  }
}

function isColumnOfWords(node: OperationNode): boolean {
  return ReferenceNode.is(node) && ColumnNode.is(node.column) && COLUMNS_OF_WORDS.has(node.column.column.name)
}

/** One for all: it holds nothing between two queries, and building one costs more than compiling one with it. */
const compiler = new PlannedOnceCompiler()
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
