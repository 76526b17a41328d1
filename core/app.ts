import path from 'node:path'
import type { Logger } from 'pino'
import { Registry as MetricsRegistry } from 'prom-client'
import type { Clock } from '#protocol/base/clock.ts'
import { createDiskRoom, type DiskRoom } from '#protocol/base/disk-room.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { registerAuditRoutes } from '#core/audit/routes.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import { raiseAlarm } from '#core/cabinets/alarms.ts'
import { registerDeviceRoutes } from '#core/cabinets/device-routes.ts'
import { createDeviceAuthenticator } from '#core/cabinets/device-signature.ts'
import { operatorOf } from '#core/cabinets/registry.ts'
import { registerCredentialRoutes } from '#core/cabinets/credential-routes.ts'
import { registerColdRoutes } from '#core/cabinets/cold-routes.ts'
import { registerControlRoutes } from '#core/cabinets/control-routes.ts'
import { registerEmqxRoutes } from '#core/cabinets/emqx-routes.ts'
import { registerCabinetRoutes } from '#core/cabinets/routes.ts'
import { type Care, createCare } from '#core/care.ts'
import { registerCareRoutes } from '#core/care-routes.ts'
import type { CommercePorts } from '#core/commerce.ts'
import { type Settings, readPolicy, readSecret } from '#core/config.ts'
import { createDeviceAccess } from '#core/device-access.ts'
import { createEvidenceReaders } from '#core/evidence-readers.ts'
import { type BrokerLink, createBrokerLink } from '#core/ingest/broker-link.ts'
import { registerDeliveryRoutes } from '#core/ingest/routes.ts'
import { installKnowledge } from '#core/knowledge/install.ts'
import { createKnowledge } from '#core/knowledge/knowledge.ts'
import { registerKnowledgeRoutes } from '#core/knowledge/routes.ts'
import { recordChange } from '#core/live/changes.ts'
import { createLiveFeed } from '#core/live/live-feed.ts'
import { registerLiveRoutes } from '#core/live/routes.ts'
import { loadGateway } from '#core/notices/notices.ts'
import { loadMerchant } from '#core/payments/payscore/merchant.ts'
import { createPayScore } from '#core/payments/payscore/payscore.ts'
import { createSignedWire } from '#core/payments/payscore/signed-wire.ts'
import { registerConsoleFiles } from '#core/pages/console-files.ts'
import { pagesOf } from '#core/page-facts.ts'
import { registerPages } from '#core/pages/register.ts'
import type { Authenticators } from '#core/platform/access.ts'
import { openDatabase } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import { createEvidenceStore } from '#core/platform/evidence.ts'
import { registerEvidenceRoutes } from '#core/platform/evidence-routes.ts'
import { createCookies, createHttpApp, type HttpApp } from '#core/platform/http.ts'
import { loadOrCreateKey } from '#core/platform/keys.ts'
import { registerHealth } from '#core/platform/health.ts'
import { createHttpTransport } from '#core/platform/transport.ts'
import { createSeal } from '#core/privacy/seal.ts'
import { startUpkeep } from '#core/upkeep.ts'
import { createWorks, type Works } from '#core/works.ts'
import { createAccounts, createStaffAuthenticator } from '#core/staff/accounts.ts'
import { registerBatchBlockRoutes } from '#core/restock/batch-block-routes.ts'
import { registerRestockRoutes } from '#core/restock/routes.ts'
import { registerAccountRoutes } from '#core/staff/account-routes.ts'
import { TICKET_TYPES } from '#core/support/ticket-types.ts'
import { homeView } from '#core/staff/home.ts'
import { createOwnAccount } from '#core/staff/own-account.ts'
import { createPeople } from '#core/staff/people.ts'
import { registerStaffRoutes, STAFF_COOKIE } from '#core/staff/routes.ts'
import { homeZone } from '#core/cabinets/zones.ts'

const MIB = 1024 * 1024
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
  /** What cabinets reach over HTTPS. */
  deviceUrl: string
  /** PEM of the authority that vouches for the broker and the HTTPS listener. */
  caFile: string
}

/** Everything of a core, put together and not yet listening; tests stop here and use `http.inject`. */
export interface CoreApp extends Awaited<ReturnType<typeof createApp>> {}

/** The composition root: it wires and decides nothing. */
export async function createApp(settings: Settings, surroundings: Surroundings) {
  const { clock, ids, random, log } = surroundings
  const coreFolder = path.join(settings.data, 'core')
  const policy = readPolicy(settings)
  const auditKey = loadOrCreateKey(path.join(coreFolder, 'audit.key'), random)
  const room: DiskRoom = createDiskRoom({
    folder: coreFolder,
    reserveBytes: settings['disk-reserve-mib'] * MIB,
    clock,
    onChange: (isLow, freeBytes) => void care.noteDisk(isLow, freeBytes),
  })
  const db = openDatabase(path.join(coreFolder, 'core.sqlite'), {
    clock,
    auditKey,
    onFull: () => room.noteFull(),
  })
  const deps: CoreDeps = { db, clock, ids, random, log, policy }
  const addresses: CoreAddresses = {
    url: settings['public-url'] ?? `http://${settings.host}:${settings.port}`,
    mqttPort: settings['mqtt-port'],
    deviceUrl: '',
    caFile: path.resolve(coreFolder, 'authority', 'ca.pem'),
  }
  const metrics = new MetricsRegistry()
  const evidence = createEvidenceStore({
    db,
    dir: path.join(coreFolder, 'evidence'),
    clock,
    // Whoever looks at the case sees a picture come that was still at the cabinet.
    async stored(tx, refs) {
      for (const { sessionId, cabinetId } of refs)
        await recordChange(tx, { kind: 'session', subjectId: sessionId, cabinetId })
    },
  })
  const feed = createLiveFeed(deps)
  const seal = createSeal(
    {
      sealKey: loadOrCreateKey(path.join(coreFolder, 'seal.key'), random),
      indexKey: loadOrCreateKey(path.join(coreFolder, 'index.key'), random),
    },
    random,
  )
  const accounts = createAccounts({ ...deps, seal, secondFactor: settings['second-factor'] })
  const cookies = createCookies(addresses.url)
  const authenticators: Authenticators = {
    staff: createStaffAuthenticator(accounts, cookies.name(STAFF_COOKIE)),
    device: createDeviceAuthenticator(deps),
  }

  // The works, and the broker that connects them with their cabinets.
  const link: BrokerLink = createBrokerLink({
    clock,
    log,
    clientId: CORE_IDENTITY,
    partitionOf: (cabinetId) => works.registry.find(cabinetId)?.partition,
    onMessage: (message) => works.onMessage(message),
    onUp: () => onLinkUp(),
    onDown: () => undefined,
  })
  const works: Works = await createWorks(deps, {
    wire: link,
    evidence,
    commerce: commercePorts(),
    hasRoom: () => !room.isLow(),
    onLive: (cabinetId, live) =>
      feed.tell({ kind: 'live', subjectId: cabinetId, cabinetId, atMs: clock.now(), data: { ...live } }),
  })
  const { registry, presence, twins, commands, visits, commerce, due, ingest } = works
  const care: Care = createCare({ ...deps, auditKey, publicUrl: () => addresses.url, room }, settings, works)
  commerce?.emergencies.callOnDutyWith((tx, call) => care.onCall.call(tx, call))
  const access = await createDeviceAccess(settings, deps, registry)
  const { broker, credentials } = access
  if (commerce === undefined)
    log.warn(
      'no payment provider or message gateway is configured (--provider, --notices); nothing can be sold',
    )
  else authenticators.consumer = commerce.authenticate

  /** Without a provider and a gateway the core watches cabinets and sells nothing. */
  function commercePorts(): CommercePorts | undefined {
    const { provider: merchantFile, notices: gatewayFile } = settings
    if (merchantFile === undefined || gatewayFile === undefined) return undefined
    const transport = createHttpTransport(clock)
    const merchant = loadMerchant(merchantFile)
    const publicUrl = () => addresses.url
    return {
      provider: createPayScore({
        clock,
        merchant,
        wire: createSignedWire({
          clock,
          random,
          merchant,
          transport,
          answerWithinMs: policy.providerAnswerMs,
        }),
        notifyUrl: () => `${publicUrl()}/provider/callback`,
      }),
      gateway: loadGateway(gatewayFile),
      transport,
      seal,
      cookies,
      publicUrl,
    }
  }

  // HTTP.
  const http: HttpApp = await createHttpApp({ log, ids, publicUrl: () => addresses.url, authenticators })
  const neighbours = commerce?.support ?? {
    liveSessionOf: async () => null,
    openTicketsOf: async () => 0,
    recentSessionsOf: async () => [],
  }
  const knowledge = createKnowledge(deps)
  await commerce?.register(http, knowledge)
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
    homeZone: (staff) => homeZone(db.read, staff.operator ?? undefined),
    lastChangeId: () => feed.lastId,
    home: (staff) =>
      homeView(
        {
          db,
          presenceOf: (cabinetId) => presence.nowOf(cabinetId).presence,
          nowMs: clock.now(),
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
  registerAccountRoutes(http, {
    own: createOwnAccount({ ...deps, accounts, seal }),
    people: createPeople({ ...deps, accounts }),
  })
  registerCabinetRoutes(http, {
    ...deps,
    presence,
    twins,
    neighbours,
    evidence,
    shelving: works.shelving,
  })
  registerColdRoutes(http, { ...deps, presence })
  registerControlRoutes(http, { ...deps, presence, twins, commands, evidence })
  registerRestockRoutes(http, { ...deps, visits, evidence })
  registerBatchBlockRoutes(http, {
    batchBlocks: works.batchBlocks,
    async ticketOf(staff, ticketId) {
      if (commerce === undefined) throw new CabinetError('not_found')
      return commerce.support.seen(staff, ticketId)
    },
  })
  registerDeliveryRoutes(http, { db, letters: ingest.letters, desk: ingest.desk })
  registerCredentialRoutes(http, {
    ...deps,
    credentials,
    reconnect: async (cabinetId) => {
      const isQuiet = (await neighbours.liveSessionOf(cabinetId)) === null
      if (!isQuiet || presence.nowOf(cabinetId).presence !== 'online') return false
      broker.cut(cabinetId)
      return true
    },
  })
  if (settings['emqx-secret'] !== undefined)
    registerEmqxRoutes(http, {
      registry,
      clock,
      secret: readSecret('emqx-secret', settings['emqx-secret']),
      onProved: access.noteUse,
    })
  registerKnowledgeRoutes(http, {
    knowledge,
    ticketTypes: () => Object.entries(TICKET_TYPES).map(([key, { label }]) => ({ key, label })),
  })
  registerAuditRoutes(http, { db })
  registerCareRoutes(http, { ...deps, care })
  registerDeviceRoutes(http, {
    credentials,
    authority: access.authority,
    evidence,
    clock,
    mqtt: access.mqttEndpoint,
  })
  registerEvidenceRoutes(http, {
    evidence,
    authorise: createEvidenceReaders({ db, clock }),
  })
  const live = registerLiveRoutes(http, {
    feed,
    clock,
    mayHear: async (staff, cabinetId) => staff.operator === (await operatorOf(db.read, cabinetId)),
    isStillSignedIn: (staff) => accounts.isLive(staff.tokenSha256),
    onSessionEnd: (listener) => accounts.onSessionEnd(listener),
  })
  registerConsoleFiles(http, CONSOLE_DIST)
  await registerPages(
    http,
    pagesOf(deps, commerce, {
      distFolder: CONSOLE_DIST,
      publicUrl: () => addresses.url,
      workshopUrl: settings['workshop-url'],
    }),
  )

  // Life.
  let upkeep: ReturnType<typeof startUpkeep> | undefined
  let onLinkUp: () => void = () => undefined

  async function start(): Promise<CoreAddresses> {
    await installKnowledge(deps)
    await feed.start()
    await care.start()
    await works.start()
    upkeep = startUpkeep({ ...deps, evidence, auditKey })
    addresses.mqttPort = await openBroker()
    await listen()
    const devicePort = await access.listenForDevices(http)
    addresses.deviceUrl = `https://${urlHost(access.mqttEndpoint('certificate').host)}:${devicePort}`
    return addresses
  }

  /** Devices may come only after the core hears everything; again after each restart of the broker. */
  function openBroker(): Promise<number> {
    return new Promise((resolve, reject) => {
      onLinkUp = () => {
        // Behind a broker that went on running the cabinets never noticed that we were away.
        ingest.askAllToGreet(registry.all().map(({ cabinetId }) => cabinetId))
        broker.open().then(resolve, (error: unknown) => {
          log.error({ err: error }, 'the broker did not open for devices')
          reject(error)
        })
      }
      access.startBroker({
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
    upkeep?.stop()
    await care.stop()
    live.closeAll()
    await access.stop()
    await http.close()
    await works.stop()
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
    access,
    credentials,
    accounts,
    presence,
    commands,
    twins,
    evidence,
    due,
    care,
    ingest,
    broker,
    feed,
    metrics,
    addresses,
    start,
    stop,
  }
}

/** An IPv6 address stands in brackets inside a URL. */
function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
