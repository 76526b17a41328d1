import type { World } from '../world/world.ts'

/** When everything outside has been well for a while nothing is under way without a reason that somebody can see (I20). */
export function checkSettled(world: World): void {
  const { sqlite } = world.core
  const find = (what: string, sql: string) => {
    for (const row of sqlite.prepare(sql).all() as Array<{ id: string; state: string }>)
      world.violate('I20', `${what} ${row.id} is still ${row.state}`)
  }
  find(
    'session',
    `SELECT sessionId AS id, state FROM session WHERE state IN ('requested','authorised','unlocking','opened','closed','overdue')`,
  )
  find(
    'session',
    `SELECT s.sessionId AS id, s.state || ' with its order ' || o.state AS state FROM session s JOIN "order" o ON o.sessionId = s.sessionId
     WHERE s.state = 'reconciled' AND o.state NOT IN ('held','charging','arrears')`,
  )
  find(
    'charge',
    `SELECT c.chargeId AS id, c.state FROM charge c JOIN "order" o ON o.orderId = c.orderId
     WHERE c.state IN ('submitted','unknown') OR (c.state = 'prepared' AND o.state NOT IN ('held','open','void'))
        OR (c.state = 'prepared' AND o.state = 'void')`,
  )
  find(
    'refund',
    `SELECT refundId AS id, state || ', asked ' || polls || ' times' AS state FROM refund
     WHERE state IN ('requested','submitted','unknown','processing')`,
  )
  find(
    'command',
    `SELECT commandId AS id, state FROM command WHERE state IN ('created','sent','accepted','executing')`,
  )
  find(
    'visit of staff',
    `SELECT visitId AS id, state || ', its command ' || coalesce((SELECT c.state FROM command c WHERE c.commandId = staffVisit.commandId), 'never asked') AS state FROM staffVisit WHERE state IN ('opening', 'open')`,
  )
  find('order', `SELECT orderId AS id, state FROM "order" WHERE state = 'priced'`)
  find(
    'order',
    `SELECT o.orderId AS id, 'held and with nobody' AS state FROM "order" o WHERE o.state = 'held'
     AND NOT EXISTS (SELECT 1 FROM anomaly a WHERE a.orderId = o.orderId AND a.state = 'in_review')`,
  )
  find(
    'anomaly',
    `SELECT anomalyId AS id, state FROM anomaly WHERE state IN ('detected','decided_by_policy','decided')`,
  )
  find(
    'due work',
    `SELECT kind || '/' || subjectId AS id, 'failing: ' || lastError AS state FROM dueWork WHERE attempts >= 3`,
  )
  for (const edge of world.edges) {
    if (!edge.isUp) world.violate('I20', `${edge.cabinetId} does not run`)
    const open = edge.sql
      .prepare('SELECT session_id AS id FROM session WHERE is_finished = 0')
      .all() as Array<{ id: string }>
    for (const { id } of open) world.violate('I20', `${edge.cabinetId} still has the session ${id}`)
    for (let door = 0; door < edge.body.doorCount; door++)
      if (edge.body.isUnlocked(door)) world.violate('I20', `door ${door} of ${edge.cabinetId} is not locked`)
  }
  checkTwins(world)
  checkPresence(world)
  // What is deferred to a commit is not asked there (`world/nested-commits.ts`).
  for (const { table, rowid, parent } of sqlite.pragma('foreign_key_check(ledgerLine)') as Array<{
    table: string
    rowid: number
    parent: string
  }>)
    world.violate('crash', `the row ${rowid} of ${table} speaks of nothing in ${parent}`)
}

/** What the console shows as applied is what the thermostat really does. */
function checkTwins(world: World): void {
  const rows = world.core.sqlite
    .prepare('SELECT cabinetId, version, answeredVersion, answeredStatus, setpointDeciCelsius FROM twin')
    .all() as Array<{
    cabinetId: string
    version: number
    answeredVersion: number
    answeredStatus: string | null
    setpointDeciCelsius: number
  }>
  for (const row of rows) {
    const { body } = world.edge(row.cabinetId)
    if (row.answeredVersion < row.version)
      world.violate('I20', `${row.cabinetId} has not answered version ${row.version} of its document`)
    else if (row.answeredStatus === 'applied' && body.setpointDeciCelsius !== row.setpointDeciCelsius)
      world.violate(
        'twin',
        `${row.cabinetId} is said to keep ${row.setpointDeciCelsius}, its thermostat is set to ${body.setpointDeciCelsius}`,
      )
  }
}

function checkPresence(world: World): void {
  for (const { cabinetId } of world.edges) {
    const now = world.core.works?.presence.nowOf(cabinetId)
    if (now?.presence !== 'online')
      world.violate('I20', `${cabinetId} is shown as ${now?.presence ?? 'unknown'}`)
  }
}
