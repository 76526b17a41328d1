import type { World } from '../world/world.ts'

/** Between the journals of the edges and the inbox of the core (I8, I9, I10). */
export function watchStreams(world: World): void {
  const { sqlite } = world.core
  const position = sqlite.prepare<[string], { epoch: string; lastSeq: number }>(
    'SELECT epoch, lastSeq FROM receiver WHERE cabinetId = ?',
  )
  // The moment at which an acknowledgement leaves is the moment at which it must be true.
  world.network.onPublished = (channel, cabinetId, frame) => {
    if (sqlite.inTransaction && !(channel === 'ack' && world.core.isBatchCommitted)) {
      world.violate('I11', `${channel} left for ${cabinetId} while the unit that caused it was not committed`)
      return
    }
    if (channel !== 'ack') return
    const { epoch, ack, error } = frame as { epoch: string; ack: number; error?: string }
    if (error !== undefined && world.cardTroubles.has(cabinetId)) return
    if (error !== undefined) {
      world.violate('I8', `the core refused the stream of ${cabinetId}: ${error}`)
      return
    }
    const row = position.get(cabinetId)
    if (ack > (row?.epoch === epoch ? row.lastSeq : 0))
      world.violate(
        'I10',
        `${cabinetId} was told that ${ack} is safe, but only ${row?.lastSeq ?? 0} is committed`,
      )
  }
}

/** A will says something about its own connection only, and a document that comes late replaces no newer one. */
export function watchDeliveries(world: World): void {
  const newest = new Map<string, number>()
  /** Connections whose will was heard. */
  const gone = new Set<string>()
  world.network.onDelivered = (direction, channel, cabinetId, payload) => {
    if (direction === 'up' && channel === 'state') afterState(cabinetId, payload)
    else if (direction === 'dn' && channel === 'twin') afterTwin(cabinetId)
  }

  function afterState(cabinetId: string, payload: Uint8Array): void {
    const works = world.core.works
    if (works === undefined) return
    const { on, linkId } = JSON.parse(Buffer.from(payload).toString()) as { on: boolean; linkId: string }
    const before = works.presence.nowOf(cabinetId)
    if (!on) gone.add(linkId)
    if (on || before.presence === 'offline' || before.linkId === linkId) return
    world.scheduler.at(undefined, 'after a will', 0, () => {
      if (works !== world.core.works) return
      // Its own may have come in the same moment.
      if (before.linkId !== undefined && gone.has(before.linkId)) return
      if (works.presence.nowOf(cabinetId).presence === 'offline')
        world.violate(
          'presence',
          `the will of ${linkId} took ${cabinetId} off, which had greeted as ${before.linkId}`,
        )
    })
  }
  /** A core that lost what it knew goes on from what cabinets hold, so a version never goes back. */
  function afterTwin(cabinetId: string): void {
    world.scheduler.at(undefined, 'after a document', 0, () => {
      const edge = world.edge(cabinetId)
      if (!edge.isUp) return
      const version = documentOf<{ version: number }>(edge.sql, 'twin')?.version ?? 0
      // A card that was changed knows what it knows.
      const card = `${cabinetId}/${world.cardTroubles.get(cabinetId) ?? 0}`
      const before = newest.get(card) ?? 0
      if (version < before)
        world.violate('twin', `${cabinetId} went back from version ${before} of its document to ${version}`)
      newest.set(card, Math.max(version, before))
    })
  }
}

interface Kept {
  seq: number
  type: string
  data: string
}

/** What the core has of each cabinet is what the cabinet wrote, each once, without a hole. */
export function checkStreams(world: World, isAtRest: boolean): void {
  const { sqlite } = world.core
  for (const { cabinetId, sql } of world.edges) {
    const identity = documentOf<{ epoch: string }>(sql, 'identity')
    const outbox = documentOf<{ lastSeq: number; ackedSeq: number }>(sql, 'outbox')
    if (identity === undefined) continue
    const inbox = sqlite
      .prepare('SELECT seq, type, data FROM inbox WHERE cabinetId = ? AND epoch = ? ORDER BY seq')
      .all(cabinetId, identity.epoch) as Kept[]
    // Under an epoch that continues another one stands what the other one did not bring.
    const before = world.cardTroubles.has(cabinetId) ? (inbox[0]?.seq ?? (outbox?.lastSeq ?? 0) + 1) - 1 : 0
    for (const [index, row] of inbox.entries())
      if (row.seq !== before + index + 1) {
        world.violate('I8', `the inbox of ${cabinetId} has ${row.seq} where ${before + index + 1} belongs`)
        break
      }
    const receivedSeq = before + inbox.length
    const kept = sql.prepare('SELECT seq, type, data FROM outbox ORDER BY seq').all() as Kept[]
    const lastSeq = Math.max(outbox?.lastSeq ?? 0, kept.at(-1)?.seq ?? 0)
    // A copy that ran elsewhere told events of its own under this epoch; then the real one is refused until somebody decides.
    if (receivedSeq > lastSeq && !world.cardTroubles.has(cabinetId))
      world.violate('I8', `the core has ${receivedSeq} events of ${cabinetId}, which wrote ${lastSeq}`)
    // A cabinet that is not heard yet does not know that the core lost what it had said to have.
    if ((outbox?.ackedSeq ?? 0) > receivedSeq && (isAtRest || world.core.wentBackAtMs === undefined))
      world.violate(
        'I10',
        `${cabinetId} believes ${outbox?.ackedSeq} to be safe, the core has ${receivedSeq}`,
      )
    for (const own of kept) {
      const theirs = inbox[own.seq - 1 - before]
      if (
        theirs !== undefined &&
        (isAtRest || !world.cardTroubles.has(cabinetId)) &&
        (theirs.type !== own.type || theirs.data !== own.data)
      ) {
        world.violate('I8', `event ${own.seq} of ${cabinetId} is ${own.type} there and ${theirs.type} here`)
        break
      }
    }
    const firstSeq = kept[0]?.seq ?? lastSeq + 1
    if (firstSeq > receivedSeq + 1)
      world.violate('I10', `${cabinetId} forgot everything before ${firstSeq}, the core has ${receivedSeq}`)
    if (isAtRest && receivedSeq < lastSeq)
      world.violate('I20', `${lastSeq - receivedSeq} events of ${cabinetId} never arrived`)
  }
  for (const { kind, subject, message } of sqlite
    .prepare(
      "SELECT kind, subject, message FROM incident WHERE kind IN ('events_lost','session_unknown') OR kind LIKE 'dead_letter%'",
    )
    .all() as Array<{ kind: string; subject: string; message: string }>)
    if (world.cardTroubles.size === 0 && world.core.wentBackAtMs === undefined)
      world.violate('I9', `${kind} of ${subject}: ${message}`)
}

function documentOf<T>(sql: World['edges'][number]['sql'], name: string): T | undefined {
  const row = sql.prepare('SELECT body FROM document WHERE name = ?').get(name) as
    | { body: string }
    | undefined
  return row === undefined ? undefined : (JSON.parse(row.body) as T)
}
