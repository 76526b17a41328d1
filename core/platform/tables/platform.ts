import type { Generated } from 'kysely'

/** Rows that any part of the core uses. */
export interface PlatformTables {
  /** Facts about this database: `identity` names it for twins and backups. */
  fact: { name: string; value: string }
  dueWork: {
    kind: string
    subjectId: string
    dueAtMs: number
    payload: string
    attempts: number
    /** Set while somebody runs it; after this time somebody else may. */
    claimedUntilMs: number | null
    lastError: string | null
  }
  /** How often the facts of a view changed: `subject` is an order, or `product` or `cabinet` for what all views share. */
  viewVersion: { subject: string; version: number }
  /** Something that a person must look at: a failed work, a poisoned event, a broken promise of the machine. */
  incident: {
    incidentId: string
    kind: string
    subject: string
    message: string
    count: number
    raisedAtMs: number
    lastAtMs: number
    resolvedAtMs: number | null
  }
  evidence: {
    sessionId: string
    sha256: string
    cabinetId: string
    kind: 'weight-trace' | 'snapshot'
    mediaType: string
    byteCount: number
    atMs: number
    moment: string
    camera: string | null
    registeredAtMs: number
  }
  /** Files that arrived, whether or not anything refers to them yet. */
  blob: { sha256: string; cabinetId: string; mediaType: string; byteCount: number; storedAtMs: number }
  /** What pages are told; read by every live stream. */
  change: {
    id: Generated<number>
    atMs: number
    kind: string
    subjectId: string
    cabinetId: string | null
    data: string | null
  }
  audit: {
    seq: number
    atMs: number
    actor: string
    action: string
    subject: string
    detail: string
    previousMac: string
    mac: string
  }
  /** HMAC over a row about money, written by temporary triggers with it. */
  rowSeal: { tableName: string; rowId: string; mac: string }
  /** Which columns the seals of a table cover, as JSON. */
  sealCover: { tableName: string; columns: string }
}
