import { pino } from 'pino'
import { createIds } from '#protocol/base/ids.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { createSystemRandom } from '#protocol/base/system-random.ts'
import { appendAudit } from '#core/audit/audit.ts'
import { createIngest } from '#core/ingest/ingest.ts'
import { createMoneyRig } from '#test/core/payments/money-rig.ts'
import { eventually } from '#test/support/eventually.ts'
import { openAcks } from './acks.ts'

/**
 * The core's transactions, through its own doors and against the provider stand-in: charges, payments and refunds, event
 * streams, the audit log. Run by power-loss tests: core-workload.ts ACKS ROUNDS
 */
const [acks = 'core.sqlite.acks', rounds = '10'] = process.argv.slice(2)
const promise = openAcks(acks)
const clock = createSystemClock()
const random = createSystemRandom()
const rig = await createMoneyRig()
const ids = createIds(clock, random)
const epoch = ids.next('epoch')
const ingest = createIngest({
  db: rig.db(),
  clock,
  ids,
  log: pino({ level: 'silent' }),
  handlers: {},
  observer: {
    onHello: async () => undefined,
    onTrouble: async () => undefined,
    onRecovery: async () => undefined,
    onForgotten: async () => undefined,
    onClock: async () => undefined,
  },
  linkIdOf: () => undefined,
  onGreeted: () => undefined,
  wire: {
    publish(cabinetId, channel, frame) {
      // The cabinet forgets its events once this has left.
      if (channel === 'ack') promise({ cabinetId, acked: (frame as { ack: number }).ack })
      return true
    },
  },
})

let sent = 0
/** A frame as a cabinet sends it. */
function sendFrame(cabinetId: string, firstSeq: number, count: number): void {
  const nowMs = clock.now()
  const frame = {
    v: 1,
    epoch,
    firstSeq,
    boot: 1,
    monoMs: Math.round(clock.monoMs()),
    nowMs,
    events: Array.from({ length: count }, (_, n) => ({
      type: 'agent.clock-step',
      atMs: nowMs,
      monoMs: Math.round(clock.monoMs()),
      data: { stepMs: firstSeq + n },
    })),
  }
  ingest.accept({
    partition: 7,
    cabinetId,
    channel: 'ev',
    topic: `test/${cabinetId}`,
    payload: Buffer.from(JSON.stringify(frame)),
    isRetained: false,
  } as Parameters<typeof ingest.accept>[0])
}

for (let round = 1; round <= Number(rounds); round++) {
  const { chargeId, orderId, lineId } = await rig.visit()
  await rig.charges().authorise(chargeId)
  promise({ granted: chargeId })
  for (let n = 0; n < 4; n++) {
    sendFrame('cab-001', sent + 1, 3)
    sent += 3
  }
  await rig.settle(chargeId, orderId)
  promise({ asked: chargeId })
  await eventually(
    'payment',
    async () => {
      const row = await rig
        .db()
        .read.selectFrom('charge')
        .select('state')
        .where('chargeId', '=', chargeId)
        .executeTakeFirst()
      return row?.state === 'paid'
    },
    { withinMs: 20_000, everyMs: 5 },
  )
  promise({ paid: chargeId })
  const refundId = ids.next('refund')
  await rig.db().write('ask for a refund', (tx) =>
    rig.refunds().ask(tx, {
      refundId,
      orderId,
      lines: [{ lineId, quantity: 1 }],
      reason: 'quality',
      stock: 'not_returned',
      by: 'st-anna',
      authority: { kind: 'staff', role: 'agent' },
      tellConsumer: false,
    }),
  )
  promise({ refund: refundId })
  await rig
    .db()
    .write('audit', (tx) =>
      appendAudit(tx, { actor: 'system', action: 'test.round', subject: `round:${round}` }),
    )
  promise({ audit: `round:${round}` })
}
await ingest.drained()
await rig.stop()
