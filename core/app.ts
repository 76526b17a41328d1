import path from 'node:path'
import type { Logger } from 'pino'
import { Registry as MetricsRegistry } from 'prom-client'
import { type Clock, every, type Timer } from '#protocol/base/clock.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { parseFrame } from '#protocol/messages/index.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { registerAuditRoutes } from '#core/audit/routes.ts'
import { type BrokerSupervisor, createBrokerSupervisor } from '#core/broker/supervisor.ts'
import { raiseAlarm } from '#core/cabinets/alarms.ts'
import { watchAbsence } from '#core/cabinets/absence.ts'
import { createCommands } from '#core/cabinets/commands.ts'
import { registerDeviceRoutes } from '#core/cabinets/device-routes.ts'
import { createDeviceAuthenticator } from '#core/cabinets/device-signature.ts'
import { createPresence } from '#core/cabinets/presence.ts'
import { createProjections, createStreamObserver } from '#core/cabinets/projections.ts'
import { createRegistry, operatorOf } from '#core/cabinets/registry.ts'
import { registerCabinetRoutes } from '#core/cabinets/routes.ts'
import { createTwins } from '#core/cabinets/twins.ts'
import { createCommerce } from '#core/commerce.ts'
import { type Settings, readPolicy } from '#core/config.ts'
import { type BrokerLink, createBrokerLink, type UpMessage } from '#core/ingest/broker-link.ts'
import { combineHandlers } from '#core/ingest/handlers.ts'
import { createIngest } from '#core/ingest/ingest.ts'
import { createLiveFeed } from '#core/live/live-feed.ts'
import { registerLiveRoutes } from '#core/live/routes.ts'
import { registerConsoleFiles } from '#core/pages/console-files.ts'
import { registerPages } from '#core/pages/register.ts'
import type { Authenticators } from '#core/platform/access.ts'
import { openDatabase } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { createDueWork } from '#core/platform/due.ts'
import { createEvidenceStore } from '#core/platform/evidence.ts'
import { registerEvidenceRoutes } from '#core/platform/evidence-routes.ts'
import { createCookies, createHttpApp, type HttpApp } from '#core/platform/http.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'
import { registerHealth } from '#core/platform/health.ts'
import { startUpkeep } from '#core/upkeep.ts'
import { createAccounts, createStaffAuthenticator } from '#core/staff/accounts.ts'
import { homeView } from '#core/staff/home.ts'
import { registerStaffRoutes, STAFF_COOKIE } from '#core/staff/routes.ts'

const PRESENCE_SWEEP_MS = 500
const CONSOLE_DIST = path.resolve(import.meta.dirname, '../console/dist')

export interface Surroundings {
  clock: Clock
  ids: Ids
  random: Random
  log: Logger
}
export interface CoreAddresses {
  url: string
  mqttPort: number
}

/** Everything of a core, put together and not yet listening; tests stop here and use `http.inject`. */
export interface CoreApp extends Awaited<ReturnType<typeof createApp>> {}

/** The composition root: it wires and decides nothing. */
export async function createApp(settings: Settings, surroundings: Surroundings) {
  const { clock, ids, random, log } = surroundings
  const coreFolder = path.join(settings.data, 'core')
  const policy = readPolicy(settings)
  const auditKey = loadOrCreateKey(path.join(coreFolder, 'audit.key'), random)
  const db = openDatabase(path.join(coreFolder, 'core.sqlite'), { clock, auditKey })
  const deps: CoreDeps = { db, clock, ids, random, log, policy }
  const addresses: CoreAddresses = {
    url: settings['public-url'] ?? `http://${settings.host}:${settings.port}`,
    mqttPort: settings['mqtt-port'],
  }
  const metrics = new MetricsRegistry()
  const due = createDueWork(deps)
  const evidence = createEvidenceStore({ db, dir: path.join(coreFolder, 'evidence'), clock })
  const feed = createLiveFeed(deps)
  const accounts = createAccounts(deps)
  const cookies = createCookies(addresses.url)
  const authenticators: Authenticators = {
    staff: createStaffAuthenticator(accounts, cookies.name(STAFF_COOKIE)),
    device: createDeviceAuthenticator(deps),
  }

  // Cabinets and their wire.
  const registry = createRegistry(deps)
  await registry.load()
  const presence = createPresence(deps)
  const link: BrokerLink = createBrokerLink({
    clock,
    log,
    clientId: 'core',
    partitionOf: (cabinetId) => registry.find(cabinetId)?.partition,
    onMessage,
    onUp: () => onLinkUp(),
    onDown: () => undefined,
  })
  const twins = createTwins({ ...deps, wire: link, presence, identity: await databaseIdentity(deps) })
  const commands = createCommands({ ...deps, wire: link, presence })
  const broker: BrokerSupervisor = createBrokerSupervisor({
    clock,
    random,
    log,
    host: settings.host,
    port: settings['mqtt-port'],
    devices: async () => registry.all().flatMap(deviceOf),
  })
  registry.onChange((cabinet) => {
    const [device] = deviceOf(cabinet)
    if (device === undefined) broker.revoke(cabinet.cabinetId)
    else broker.admit(device)
  })
  const absence = watchAbsence({ ...deps, presence, due })

  // Everything from the scan to the refund; without a provider and a gateway the core watches cabinets and sells nothing.
  const { provider: merchantFile, notices: gatewayFile } = settings
  const commerce =
    merchantFile === undefined || gatewayFile === undefined
      ? undefined
      : createCommerce({
          ...deps,
          due,
          commands,
          presence,
          evidence,
          cookies,
          publicUrl: () => addresses.url,
          merchantFile,
          gatewayFile,
          keys: {
            sealKey: loadOrCreateKey(path.join(coreFolder, 'seal.key'), random),
            indexKey: loadOrCreateKey(path.join(coreFolder, 'index.key'), random),
          },
        })
  if (commerce === undefined)
    log.warn(
      'no payment provider or message gateway is configured (--provider, --notices); nothing can be sold',
    )
  else authenticators.consumer = commerce.authenticate

  const ingest = createIngest({
    ...deps,
    wire: link,
    handlers: combineHandlers(
      createProjections({ ids, commands, twins }),
      ...(commerce === undefined ? [] : [commerce.handlers]),
    ),
    observer: createStreamObserver({ ids, commands }),
    linkIdOf: (cabinetId) => presence.nowOf(cabinetId).linkId,
    onGreeted: (cabinetId, hello) => {
      presence.greeted(cabinetId, hello.linkId)
      twins.onHello(cabinetId, hello)
    },
  })

  /** Called in the parser of the connection: everything here only queues or remembers. */
  function onMessage(message: UpMessage): void {
    const { cabinetId, channel, payload, isRetained } = message
    if (registry.find(cabinetId)?.partition !== message.partition) {
      log.warn({ cabinetId, topic: message.topic }, 'a message of an unknown cabinet was ignored')
      return
    }
    if (channel === 'hello' || channel === 'ev') {
      presence.heard(cabinetId)
      ingest.accept(message)
      return
    }
    const parsed = parseFrame(channel, payload)
    if (!parsed.ok) {
      log.warn({ cabinetId, channel, reason: parsed.reason }, 'a frame that cannot be read was ignored')
      return
    }
    if (channel === 'cmdr') {
      presence.heard(cabinetId)
      commands.onReply(cabinetId, parsed.value as Parameters<typeof commands.onReply>[1])
    } else if (channel === 'live') {
      const live = parsed.value as Parameters<typeof presence.saw>[1]
      presence.saw(cabinetId, live)
      feed.tell({ kind: 'live', subjectId: cabinetId, cabinetId, atMs: clock.now(), data: { ...live } })
    } else if (!isRetained) presence.stateHeard(cabinetId, parsed.value as { on: boolean; linkId: string })
  }

  // HTTP.
  const http: HttpApp = await createHttpApp({ log, ids, publicUrl: () => addresses.url, authenticators })
  const neighbours = commerce?.support ?? {
    liveSessionOf: async () => null,
    openTicketsOf: async () => 0,
    recentSessionsOf: async () => [],
  }
  await commerce?.register(http)
  registerHealth(http, {
    metrics,
    isBrokerUp: () => link.isUp,
    counters: () => ingest.counters,
    brokerRestarts: () => broker.restarts,
  })
  registerStaffRoutes(http, {
    accounts,
    cookies,
    policy,
    home: (staff) =>
      homeView(
        {
          db,
          presenceOf: (cabinetId) => presence.nowOf(cabinetId).presence,
          supportCounts: async (who) =>
            (await commerce?.support.counts(who)) ?? {
              openTickets: 0,
              myTickets: 0,
              breachingTickets: 0,
              approvals: 0,
              today: { orders: 0, paidFen: 0, refundedFen: 0, settledWithoutPerson: 0, disputes: 0 },
              satisfaction: null,
            },
        },
        staff,
      ),
  })
  registerCabinetRoutes(http, { ...deps, registry, presence, twins, commands, neighbours })
  registerAuditRoutes(http, { db })
  registerDeviceRoutes(http, {
    registry,
    evidence,
    clock,
    mqtt: () => ({ host: new URL(addresses.url).hostname, port: addresses.mqttPort }),
  })
  registerEvidenceRoutes(http, {
    evidence,
    authorise: async (request, sessionId, sha256) => {
      const session = await db.read
        .selectFrom('session')
        .select(['consumerId', 'cabinetId'])
        .where('sessionId', '=', sessionId)
        .executeTakeFirst()
      if (session !== undefined && request.consumer?.consumerId === session.consumerId) return
      const { staff } = request
      const isTheirs =
        staff?.operator === null ||
        staff?.operator === (session && (await operatorOf(db.read, session.cabinetId)))
      if (staff === null || !staff.permissions.has('evidence.read') || !isTheirs)
        throw new CabinetError('not_found')
      await db.write('audit a view of evidence', (tx) =>
        appendAudit(tx, {
          actor: `staff:${staff.staffId}`,
          action: 'evidence.viewed',
          subject: `session:${sessionId}`,
          detail: { sha256 },
        }),
      )
    },
  })
  const live = registerLiveRoutes(http, {
    feed,
    clock,
    mayHear: async (staff, cabinetId) => staff.operator === (await operatorOf(db.read, cabinetId)),
    isStillSignedIn: (staff) => accounts.isLive(staff.tokenSha256),
    onSessionEnd: (listener) => accounts.onSessionEnd(listener),
  })
  registerConsoleFiles(http, CONSOLE_DIST)
  await registerPages(http, {
    clock,
    ids,
    distFolder: CONSOLE_DIST,
    publicUrl: () => addresses.url,
    workshopUrl: settings['workshop-url'],
    contact: () => contactOf(deps),
    timeZone: 'Asia/Shanghai',
    retention: () => ({
      pictureDays: policy.routinePictureDays,
      traceDays: policy.weightTraceDays,
      disputeDays: policy.disputedEvidenceDays,
      moneyYears: 3,
    }),
    cabinets: async () => {
      const rows = await db.read
        .selectFrom('cabinet')
        .select(['cabinetId', 'nameZh', 'nameEn', 'siteZh', 'siteEn'])
        .limit(50)
        .execute()
      return rows.map((row) => ({
        cabinetId: row.cabinetId,
        name: { zh: row.nameZh, en: row.nameEn },
        site: { zh: row.siteZh, en: row.siteEn },
      }))
    },
  })

  // Life.
  const timers: Timer[] = []
  let upkeep: ReturnType<typeof startUpkeep> | undefined
  let onLinkUp: () => void = () => undefined

  async function start(): Promise<CoreAddresses> {
    await feed.start()
    await absence.start()
    await commands.resume()
    await commerce?.resume()
    due.start()
    upkeep = startUpkeep({ ...deps, evidence, auditKey })
    timers.push(every(clock, 'presence', PRESENCE_SWEEP_MS, () => presence.sweep()))
    addresses.mqttPort = await openBroker()
    await listen()
    return addresses
  }

  /** Devices may come only after the core hears everything; again after each restart of the broker. */
  function openBroker(): Promise<number> {
    return new Promise((resolve, reject) => {
      onLinkUp = () => {
        broker.open().then(resolve, (error: unknown) => {
          log.error({ err: error }, 'the broker did not open for devices')
          reject(error)
        })
      }
      broker.start({
        onReady: (address) => link.connect(address),
        onTakeover: (cabinetId) => {
          db.write('takeover', (tx) => raiseAlarm(tx, ids, { cabinetId, kind: 'takeover' })).catch(
            (error: unknown) => log.error({ err: error, cabinetId }, 'a takeover could not be recorded'),
          )
        },
      })
    })
  }

  async function listen(): Promise<void> {
    try {
      const url = await http.listen({ host: settings.host, port: settings.port })
      if (settings['public-url'] === undefined) addresses.url = url
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      throw new CabinetError('port_taken', `The HTTP port ${settings.port} is in use (--port).`, {
        cause: error,
      })
    }
  }

  async function stop(): Promise<void> {
    for (const timer of timers) timer.cancel()
    upkeep?.stop()
    live.closeAll()
    await http.close()
    await due.stop()
    twins.stop()
    commands.stop()
    feed.stop()
    await link.stop()
    await broker.stop()
    await ingest.drained()
    await db.close()
  }

  return {
    http,
    deps,
    commerce,
    db,
    registry,
    accounts,
    presence,
    commands,
    twins,
    evidence,
    due,
    ingest,
    broker,
    feed,
    metrics,
    addresses,
    start,
    stop,
  }
}

function deviceOf({
  cabinetId,
  partition,
  passwordSha256,
}: {
  cabinetId: string
  partition: number
  passwordSha256: string | null
}) {
  return passwordSha256 === null ? [] : [{ cabinetId, partition, passwordSha256 }]
}

/** Names this database: twins count their versions inside it, so that a restored core is not ignored. */
async function databaseIdentity({ db, ids }: CoreDeps): Promise<string> {
  return db.write('identity', async (tx) => {
    const row = await tx.selectFrom('fact').select('value').where('name', '=', 'identity').executeTakeFirst()
    if (row !== undefined) return row.value
    const value = ids.next('epoch')
    await tx.insertInto('fact').values({ name: 'identity', value }).execute()
    return value
  })
}

async function contactOf({ db }: CoreDeps): Promise<string> {
  const row = await db.read.selectFrom('cabinet').select('contact').limit(1).executeTakeFirst()
  return row?.contact ?? ''
}
