import path from 'node:path'
import Database from 'better-sqlite3'
import type { RunningSystem } from '#scripts/system.ts'

/** What the databases of a running system say, read beside it. Only for checks: nothing is written. */
export interface Records {
  sessions: Array<{
    sessionId: string
    cabinetId: string
    state: string
    requestedAtMs: number
    commandId: string
  }>
  orders: Array<{
    orderId: string
    sessionId: string
    state: string
    totalFen: number
    paidFen: number
    refundedFen: number
    heldReason: string | null
    /** On what the lines stand: `exact`, `one_class` of goods, `cheapest` of the mixes that fit; null before there are lines. */
    basis: string | null
    /** A person had to look, and decided as the shelves recognised it. */
    isDecidedByPerson: 0 | 1
  }>
  lines: Array<{ orderId: string; sku: string; quantity: number }>
  charges: Array<{
    chargeId: string
    sessionId: string
    state: string
    outOrderNo: string
    amountFen: number
  }>
  refunds: Array<{ refundId: string; orderId: string; state: string; amountFen: number }>
  /** Unlocks that were asked of a cabinet. */
  unlocks: Array<{ commandId: string; cabinetId: string; state: string; createdAtMs: number }>
  openAnomalies: Array<{ anomalyId: string; orderId: string }>
  deadLetters: Array<{ kind: string; reason: string }>
  received: Map<string, { epoch: string; lastSeq: number }>
}

function open(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: 5000 })
}

export function readRecords(system: RunningSystem): Records {
  const db = open(path.join(system.dataDir, 'core', 'core.sqlite'))
  // One transaction: a picture of one moment.
  try {
    return db.transaction((): Records => {
      const all = <T>(sql: string) => db.prepare<[], T>(sql).all()
      return {
        sessions: all('SELECT sessionId, cabinetId, state, requestedAtMs, commandId FROM session'),
        orders: all(
          `SELECT orderId, sessionId, state, totalFen, paidFen, refundedFen, heldReason,
             json_extract(decision, '$.basis') AS basis,
             EXISTS (SELECT 1 FROM anomaly WHERE anomaly.orderId = "order".orderId AND decidedBy IN (SELECT staffId FROM staff))
               AS isDecidedByPerson
           FROM "order"`,
        ),
        lines: all('SELECT orderId, sku, quantity FROM orderLine WHERE quantity <> 0'),
        charges: all('SELECT chargeId, sessionId, state, outOrderNo, amountFen FROM charge'),
        refunds: all('SELECT refundId, orderId, state, amountFen FROM refund'),
        unlocks: all(
          "SELECT commandId, cabinetId, state, createdAtMs FROM command WHERE name = 'door.unlock'",
        ),
        openAnomalies: all(
          "SELECT anomalyId, orderId FROM anomaly WHERE state IN ('detected', 'in_review') AND orderId IS NOT NULL",
        ),
        deadLetters: all('SELECT kind, reason FROM deadLetter'),
        received: new Map(
          all<{ cabinetId: string; epoch: string; lastSeq: number }>(
            'SELECT cabinetId, epoch, lastSeq FROM receiver',
          ).map(({ cabinetId, ...rest }) => [cabinetId, rest]),
        ),
      }
    })()
  } finally {
    db.close()
  }
}

export interface SentEvent {
  readonly seq: number
  readonly type: string
  readonly data: string
}

/** Everything that an edge has written for the core and still keeps, oldest first; the rewind window is days. */
export function readOutbox(edgeDataDir: string, fromSeq = 0): SentEvent[] {
  const db = open(path.join(edgeDataDir, 'edge', 'edge.sqlite'))
  try {
    return db
      .prepare<[number], SentEvent>('SELECT seq, type, data FROM outbox WHERE seq > ? ORDER BY seq')
      .all(fromSeq)
  } finally {
    db.close()
  }
}

/** What the core has of one cabinet, oldest first. */
export function readInbox(
  system: RunningSystem,
  cabinetId: string,
  fromSeq = 0,
): Array<SentEvent & { epoch: string; status: string }> {
  const db = open(path.join(system.dataDir, 'core', 'core.sqlite'))
  try {
    return db
      .prepare<[string, number], SentEvent & { epoch: string; status: string }>(
        'SELECT seq, type, data, epoch, status FROM inbox WHERE cabinetId = ? AND seq > ? ORDER BY epoch, seq',
      )
      .all(cabinetId, fromSeq)
  } finally {
    db.close()
  }
}
