import type { OrderedUnlock } from '../world/cabinet-body.ts'
import type { EdgeNode } from '../world/edge-node.ts'
import type { World } from '../world/world.ts'

/** What a prepared token lives, and what relay and network need on top once the command has left. */
const TOKEN_LIFE_MS = 5000
const RELAY_MS = 300

/** Staff have a minute to pull the door; then it takes a moment to see that nobody did. */
const LOOSE_LONGEST_MS = 90_000
const LOOK_MS = 15_000

interface Sent {
  readonly atMs: number
  readonly cabinetId: string
}

/**
 * Each time a bolt is really drawn: by which command, had it been persisted before, is its session live and its money
 * granted, and is it still in time by true time (I5, I6, I7).
 */
export function watchDoors(world: World): void {
  const executed = new Map<string, Sent>()
  const moved = new Set<string>()
  world.network.onCommandSent = (cabinetId, { id, phase }) => {
    if (phase === 'execute' && !executed.has(id)) executed.set(id, { atMs: world.scheduler.nowMs, cabinetId })
  }
  for (const edge of world.edges) {
    edge.body.onUnlockOrdered = (door) => executing(edge, door)
    edge.body.onUnlocked = (atMs, door, ordered) => judge(edge, atMs, door, ordered)
    for (let door = 0; door < edge.body.doorCount; door++) watchBolt(world, edge, door)
  }

  function executing(edge: EdgeNode, door: number): OrderedUnlock | undefined {
    return edge.sql
      .prepare(
        "SELECT command_id, args FROM command WHERE status IN ('executing', 'unknown') AND name = 'door.unlock' AND coalesce(json_extract(args, '$.door'), 0) = ? ORDER BY received_at_ms DESC, rowid DESC LIMIT 1",
      )
      .get(door) as OrderedUnlock | undefined
  }
  function judge(edge: EdgeNode, atMs: number, door: number, ordered: OrderedUnlock | undefined): void {
    const { cabinetId } = edge
    if (ordered === undefined) {
      world.violate(
        'I5',
        `the bolt of door ${door} of ${cabinetId} was drawn at ${atMs} and its journal knows of no command being executed`,
      )
      return
    }
    const commandId = ordered.command_id
    const { sessionId, kind } = JSON.parse(ordered.args) as { sessionId: string; kind?: string }
    world.setHolder(cabinetId, door, sessionId)
    if (moved.has(commandId))
      world.violate('I5', `the command ${commandId} drew the bolt of ${cabinetId} a second time`)
    moved.add(commandId)
    const sent = executed.get(commandId)
    if (sent === undefined || sent.cabinetId !== cabinetId) {
      world.violate('I6', `the core never told ${cabinetId} to execute ${commandId}`)
      return
    }
    // What it was sent for went with the core's disk while it was under way.
    if (sent.atMs <= (world.core.wentBackAtMs ?? -1)) return
    if (atMs > sent.atMs + TOKEN_LIFE_MS + RELAY_MS)
      world.violate('I7', `${cabinetId} opened ${atMs - sent.atMs} ms after ${commandId} was sent`)
    if (kind === 'service' || kind === 'restock') judgeService(cabinetId, commandId)
    else judgeSale(cabinetId, commandId, sessionId)
  }
  /** Without money, but never without a person who asked for it. */
  function judgeService(cabinetId: string, commandId: string): void {
    const asked = world.core.sqlite
      .prepare("SELECT 1 FROM command WHERE commandId = ? AND cabinetId = ? AND by LIKE 'staff:%'")
      .get(commandId, cabinetId)
    if (asked === undefined)
      world.violate('I6', `${cabinetId} opened for staff and nobody asked for ${commandId}`)
  }
  function judgeSale(cabinetId: string, commandId: string, sessionId: string): void {
    const session = world.core.sqlite
      .prepare(
        'SELECT s.state, s.cabinetId, c.authorisation FROM session s JOIN charge c ON c.sessionId = s.sessionId WHERE s.sessionId = ? AND s.commandId = ?',
      )
      .get(sessionId, commandId) as { state: string; cabinetId: string; authorisation: string } | undefined
    if (session === undefined || session.cabinetId !== cabinetId)
      world.violate(
        'I6',
        `${cabinetId} opened for the session ${sessionId}, which is not a session of this command here`,
      )
    else if (session.authorisation !== 'granted')
      world.violate('I6', `${cabinetId} opened for ${sessionId}, whose money is ${session.authorisation}`)
    else if (!['unlocking', 'opened', 'closed', 'overdue'].includes(session.state))
      world.violate('I6', `${cabinetId} opened for ${sessionId}, which is ${session.state}`)
  }
}

/** A door that is shut is locked soon, whatever the disk, the lines or the core are like: lock and agent are enough. */
function watchBolt(world: World, edge: EdgeNode, door: number): void {
  const { body } = edge
  let looseMs = 0
  let boots = 0
  const look = () => {
    const isExcused =
      !edge.isUp ||
      edge.boots !== boots ||
      body.ailments.isBusDead ||
      body.ailments.isLockStuck ||
      body.isDoorOpen(door)
    boots = edge.boots
    looseMs = isExcused || !body.isUnlocked(door) ? 0 : looseMs + LOOK_MS
    if (looseMs > LOOSE_LONGEST_MS)
      world.violate('door', `${edge.cabinetId} is shut and has not been locked for ${looseMs} ms`)
    else world.scheduler.at(undefined, 'look at the bolt', LOOK_MS, look)
  }
  look()
}
