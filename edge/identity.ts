import type { Ids } from '#protocol/base/ids.ts'
import type { EdgeDatabase } from './database.ts'

/** The life of this outbox and the number of this start. */
export interface Identity {
  /** New with the database, and when a person let a refused outbox go on; later ones sort after earlier ones. */
  readonly epoch: string
  /** Counts the starts of the agent on this database, from 1. */
  readonly boot: number
  /** The epoch before this one in the same database; sequence numbers go on, `seq` was the last that the core had in common. */
  readonly continues?: { readonly epoch: string; readonly seq: number }
}

/** Reads the epoch (made once, with the database) and counts this start. */
export function startIdentity(db: EdgeDatabase, ids: Ids): Identity {
  return db.transact(() => {
    const found = db.readDocument<Identity>('identity')
    const identity = { ...found, epoch: found?.epoch ?? ids.next('epoch'), boot: (found?.boot ?? 0) + 1 }
    db.saveDocument('identity', identity)
    return identity
  })
}

/** Inside a transaction: the outbox goes on under an epoch after its own and after the one that the core knows. */
export function renewIdentity(
  db: EdgeDatabase,
  identity: Identity,
  given: { candidate: string; after: string; seq: number },
): Identity {
  const renewed = {
    epoch: epochAfter(given.candidate, given.after > identity.epoch ? given.after : identity.epoch),
    boot: identity.boot,
    continues: { epoch: identity.epoch, seq: given.seq },
  }
  db.saveDocument('identity', renewed)
  return renewed
}

const EPOCH_CHARACTERS = '-0123456789abcdefghijklmnopqrstuvwxyz'
/** The kind and the time of an id stand in its first characters. */
const TIME_END = 11

/**
 * An epoch carries the time of its making, and this cabinet's clock may say 1970: when the candidate does not sort after
 * `before`, it takes over its beginning, raised by one.
 */
export function epochAfter(candidate: string, before: string): string {
  if (candidate > before) return candidate
  for (let at = Math.min(before.length, TIME_END) - 1; at >= 0; at--) {
    const raised = EPOCH_CHARACTERS[EPOCH_CHARACTERS.indexOf(before[at] as string) + 1]
    if (raised !== undefined) return before.slice(0, at) + raised + candidate.slice(at + 1)
  }
  // Only an epoch of nothing but z comes here; one character more still sorts after it.
  return `${before}${candidate}`.slice(0, 32)
}
