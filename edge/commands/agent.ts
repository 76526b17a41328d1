import type { EdgeDatabase } from '../database.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { EvidenceStore } from '../evidence/evidence-store.ts'
import type { SnapshotSource } from '../session/session-pictures.ts'
import type { Operations } from './operation.ts'

/** Commands that move nothing: a picture now, and a new start of the agent. */
export function createAgentOperations(options: {
  db: EdgeDatabase
  outbox: Pick<Outbox, 'append'>
  evidence: Pick<EvidenceStore, 'keep' | 'refer' | 'hasRoomForPictures'>
  snapshots: Pick<SnapshotSource, 'takeAll'>
  boot: number
  restart: () => void
}): Pick<Operations, 'camera.snapshot' | 'agent.restart'> {
  const { db, outbox, evidence, snapshots } = options
  return {
    'camera.snapshot': {
      check: () => undefined,
      async run({ command, args, conclude }) {
        if (!evidence.hasRoomForPictures()) {
          conclude({ status: 'failed', reason: 'storage_failed', detail: 'there is no room for pictures' })
          return
        }
        const looks = snapshots
          .takeAll()
          .filter(({ camera }) => args.camera === undefined || camera === args.camera)
        const wanted: Array<{ camera: string; bytes: Uint8Array }> = []
        for (const { camera, taken } of looks) {
          const given = await taken
          if ('bytes' in given) wanted.push({ camera, bytes: given.bytes })
        }
        if (wanted.length === 0) {
          conclude({ status: 'failed', reason: 'camera_unreachable', detail: 'no camera gave a picture' })
          return
        }
        // The file is durable before anything refers to it.
        const kept = wanted.map(({ camera, bytes }) => ({ camera, ...evidence.keep(bytes) }))
        db.transact(() => {
          for (const { camera, sha256, byteCount } of kept) {
            const seq = outbox.append('camera.snapshot-taken', { camera, sha256, moment: 'command' })
            evidence.refer({ sha256, byteCount }, command.id, 'snapshot', 'image/jpeg', seq)
          }
          conclude({ status: 'succeeded', result: { pictures: kept } })
        })
      },
      afterCrash: () => ({ status: 'failed', reason: 'agent_restarted' }),
    },
    'agent.restart': {
      check: () => undefined,
      async run() {
        options.restart()
      },
      // It is this restart that was asked for.
      afterCrash: (record) => ({
        status: 'succeeded',
        result: { bootBefore: record.boot, bootAfter: options.boot },
      }),
    },
  }
}
