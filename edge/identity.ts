import type { Ids } from '#protocol/base/ids.ts'
import type { EdgeDatabase } from './database.ts'

/** The life of this database and the number of this start. */
export interface Identity {
  /** New with the database; later ones sort after earlier ones. */
  readonly epoch: string
  /** Counts the starts of the agent on this database, from 1. */
  readonly boot: number
}

/** Reads the epoch (made once, with the database) and counts this start. */
export function startIdentity(db: EdgeDatabase, ids: Ids): Identity {
  return db.transact(() => {
    const found = db.readDocument<{ epoch: string; boot: number }>('identity')
    const identity = { epoch: found?.epoch ?? ids.next('epoch'), boot: (found?.boot ?? 0) + 1 }
    db.saveDocument('identity', identity)
    return identity
  })
}
