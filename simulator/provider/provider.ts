import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import fastify, { type FastifyInstance } from 'fastify'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '#protocol/base/clock.ts'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { addressOf } from './address.ts'
import { createAgenda } from './agenda.ts'
import { createBills } from './bills.ts'
import { openBooks, type Books } from './books.ts'
import { registerBooksPage } from './books-page.ts'
import { createCallbacks, createSignedPost } from './callbacks.ts'
import { createCollector } from './collection.ts'
import { createComplaints } from './complaints.ts'
import { registerControlApi } from './control-api.ts'
import { createFaults } from './faults.ts'
import { loadOrMakeKeys, merchantFilesIn, type MerchantFiles } from './keys.ts'
import { createHeldConnections, registerMerchantApi, type MerchantDesks } from './merchant-api.ts'
import { DEFAULT_BEHAVIOUR, type ProviderBehaviour, type StandInLog } from './options.ts'
import type { Parts } from './parts.ts'
import { createPermissions } from './permissions.ts'
import { registerPhonePages } from './phone-pages.ts'
import type { Person } from './records.ts'
import { createRefunds } from './refunds.ts'
import { createServiceOrders } from './service-orders.ts'

export interface ProviderStandInOptions {
  /** Keys and books; made when absent. */
  readonly dataDir: string
  /** 0 lets the operating system choose. */
  readonly port: number
  readonly host?: string
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly log?: StandInLog
  readonly behaviour?: Partial<ProviderBehaviour>
}

export interface ProviderStandIn {
  /** @throws CabinetError port_taken, data_folder_unusable */
  start(): Promise<{ url: string }>
  stop(): Promise<void>
  /** What the core is given by configuration; the files exist after `start`. */
  readonly merchantFiles: MerchantFiles
}

const SILENT: StandInLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Who has the provider's app at the first start. Openids are fixed, so that scenarios can name them. */
const FIRST_PEOPLE: ReadonlyArray<Omit<Person, 'createdAtMs'>> = [
  { openid: 'oSim0liwei', name: '李伟', balanceFen: 50_000, standing: 'good' },
  { openid: 'oSim0wangfang', name: '王芳', balanceFen: 30_000, standing: 'good' },
  { openid: 'oSim0anna', name: 'Anna', balanceFen: 40_000, standing: 'good' },
  { openid: 'oSim0zhaomin', name: '赵敏', balanceFen: 0, standing: 'good' },
  { openid: 'oSim0chengang', name: '陈刚', balanceFen: 20_000, standing: 'refused' },
]

function seedPeople(books: Books, clock: Clock): void {
  if (books.people.all().length > 0) return
  books.write(() => {
    for (const person of FIRST_PEOPLE) books.people.put({ ...person, createdAtMs: clock.now() })
  })
}

/**
 * A payment provider that speaks the WeChat Pay v3 PayScore wire: signed both ways, stateful, with scripted faults,
 * phone pages and books to compare with. It stands at the far end of the core's HTTP client and shares no code with it.
 * Contract and faults: docs/reference/provider-stand-in.md
 */
export function createProviderStandIn(options: ProviderStandInOptions): ProviderStandIn {
  const { dataDir, port, host = '127.0.0.1', clock, ids, random, log = SILENT } = options
  const behaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour }
  let running: { app: FastifyInstance; stop: () => Promise<void> } | undefined

  async function start(): Promise<{ url: string }> {
    const { keys, books } = open()
    const agenda = createAgenda(clock)
    const faults = createFaults(books, clock, ids)
    const post = createSignedPost({ keys, clock, random, faults, behaviour })
    const ladderScale = behaviour.callbackLadderScale
    const callbacks = createCallbacks({ books, keys, clock, random, agenda, faults, ladderScale, log, post })
    const parts: Parts = { clock, ids, random, books, keys, faults, agenda, callbacks, behaviour, log }
    const permissions = createPermissions(parts)
    const collector = createCollector(parts)
    const complaints = createComplaints(parts)
    const refunds = createRefunds(parts, (refund) => complaints.onRefundSettled(refund))
    const desks: MerchantDesks = {
      permissions,
      collector,
      refunds,
      complaints,
      orders: createServiceOrders(parts, permissions, collector),
      bills: createBills(parts),
    }
    const held = createHeldConnections(parts)
    const app = fastify({ forceCloseConnections: true, bodyLimit: 64 * 1024 })
    await app.register(cookie)
    await app.register(formbody)
    registerMerchantApi(app, parts, desks, held)
    registerControlApi(app, parts, desks)
    registerPhonePages(app, parts, desks)
    registerBooksPage(app, parts, desks)
    async function stop() {
      agenda.stop()
      held.cutAll()
      await app.close()
      await callbacks.stop()
      books.close()
    }
    try {
      await app.listen({ port, host })
    } catch (cause) {
      await stop()
      throw listenFault(cause, port)
    }
    const address = app.server.address()
    const actualPort = typeof address === 'object' && address !== null ? address.port : port
    const url = addressOf(host, actualPort)
    seedPeople(books, clock)
    keys.publish(url)
    collector.resume()
    refunds.resume()
    callbacks.resume()
    running = { app, stop }
    log.info({ url }, 'payment provider stand-in is ready')
    return { url }
  }

  function open() {
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      return {
        keys: loadOrMakeKeys(dataDir, random, () => clock.now()),
        books: openBooks(join(dataDir, 'books.sqlite')),
      }
    } catch (cause) {
      throw new CabinetError(
        'data_folder_unusable',
        `The folder ${dataDir} cannot be used by the payment provider stand-in: ${messageOf(cause)}.`,
        { cause },
      )
    }
  }

  return {
    start,
    async stop() {
      const current = running
      running = undefined
      await current?.stop()
    },
    merchantFiles: merchantFilesIn(dataDir),
  }
}

function listenFault(cause: unknown, port: number): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code !== 'EADDRINUSE') return cause
  return new CabinetError('port_taken', `Port ${port} of the payment provider stand-in is in use.`, { cause })
}
