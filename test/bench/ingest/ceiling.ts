import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import { createBrokerSupervisor } from '#core/broker/supervisor.ts'
import { createBrokerLink, type UpMessage } from '#core/ingest/broker-link.ts'
import { benchCabinet, sha256Of } from './cabinets.ts'

/**
 * The ceiling: the same broker and connection, the same frames at the same QoS, the same acknowledgements after a commit
 * with synchronous=FULL, and one row an event. No validation, no hash, no order, no domain: what is left is the price of
 * the wire and the disk. Runs as a process of its own.
 */
interface Frame {
  epoch: string
  firstSeq: number
  monoMs: number
  events: Array<{ type: string; atMs: number; data: object }>
}

const [file = '', cabinetCount = '0'] = process.argv.slice(2)
const clock = createSystemClock()
const log = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }))
const db = new Sqlite(file)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.pragma('wal_autocheckpoint = 8000')
db.pragma('cache_size = -65536')
db.exec(`CREATE TABLE event (id INTEGER PRIMARY KEY, cabinetId TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  type TEXT NOT NULL, atMs INTEGER NOT NULL, receivedAtMs INTEGER NOT NULL, data TEXT NOT NULL) STRICT`)
const insert = db.prepare(
  'INSERT INTO event (cabinetId, epoch, seq, type, atMs, receivedAtMs, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
)
const begin = db.prepare('BEGIN IMMEDIATE')
const commit = db.prepare('COMMIT')
const cabinets = Array.from({ length: Number(cabinetCount) }, (_, index) => benchCabinet(index))
const partitions = new Map(cabinets.map(({ cabinetId, partition }) => [cabinetId, partition]))
const known = cabinets.map(({ cabinetId, partition, password }) => ({
  cabinetId,
  partition,
  credentials: [
    {
      credentialId: `cr-${cabinetId}`,
      kind: 'password' as const,
      sha256: sha256Of(password),
      endsAtMs: null,
    },
  ],
}))

let queue: UpMessage[] = []
let isScheduled = false
function accept(message: UpMessage): void {
  if (message.channel !== 'ev' && message.channel !== 'hello') return
  queue.push(message)
  if (isScheduled) return
  isScheduled = true
  setImmediate(drain)
}
function drain(): void {
  isScheduled = false
  const batch = queue
  queue = []
  const acks = new Map<string, object>()
  const receivedAtMs = clock.now()
  begin.run()
  for (const { cabinetId, channel, payload } of batch) {
    const frame = JSON.parse(
      Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString(),
    ) as Frame
    let seq = 0
    if (channel === 'ev') {
      seq = frame.firstSeq
      for (const event of frame.events)
        insert.run(
          cabinetId,
          frame.epoch,
          seq++,
          event.type,
          event.atMs,
          receivedAtMs,
          JSON.stringify(event.data),
        )
      seq--
    }
    acks.set(cabinetId, {
      v: 1,
      epoch: frame.epoch,
      ack: seq,
      window: 500,
      nowMs: receivedAtMs,
      echoMonoMs: frame.monoMs,
    })
  }
  commit.run()
  for (const [cabinetId, ack] of acks) link.publish(cabinetId, 'ack', ack)
}

const link = createBrokerLink({
  clock,
  log,
  clientId: CORE_IDENTITY,
  partitionOf: (cabinetId) => partitions.get(cabinetId),
  onMessage: accept,
  onUp: () => {
    broker.open().then(
      (port) => process.send?.({ ready: true, port, brokerPid: broker.processId }),
      (error: unknown) => log.error({ err: error }, 'the broker did not open'),
    )
  },
  onDown: () => undefined,
})
const broker = createBrokerSupervisor({
  clock,
  random: createSystemRandom(),
  log,
  host: '127.0.0.1',
  port: 0,
  devices: () => Promise.resolve(known),
  tls: () => null,
})
broker.start({
  onReady: (address) => link.connect(address),
  onTakeover: () => undefined,
  onProved: () => undefined,
})
process.on('message', (message: { kind: string }) => {
  if (message.kind === 'count')
    process.send?.({ rows: (db.prepare('SELECT count(*) AS n FROM event').get() as { n: number }).n })
})
process.on('disconnect', () => {
  Promise.allSettled([link.stop(), broker.stop()]).then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
