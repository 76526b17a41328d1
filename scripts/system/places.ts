import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import type { PartName, SimulatorReady } from './parts.ts'
import { DEMO_CABINET, ROOT } from './roots.ts'

/** A cabinet as it is being started. */
export interface Place {
  readonly cabinetId: string
  readonly dataDir: string
  readonly seedFile: string
  readonly simulatorPart: PartName
  readonly edgePart: PartName
  simulator: SimulatorReady | undefined
  enrolmentCode: string | undefined
}

/** The first cabinet: its data lies where the system's lies, and the core registers it. */
export function firstPlace(dataDir: string, seedFile: string): Place {
  return {
    cabinetId: DEMO_CABINET,
    dataDir,
    seedFile,
    simulatorPart: 'simulator',
    edgePart: 'edge',
    simulator: undefined,
    enrolmentCode: undefined,
  }
}

/** Another cabinet with the goods of the first: its folder and its seed file. */
export function createPlace(dataDir: string, seedFile: string, number: number): Place {
  const cabinetId = `cab-${String(number).padStart(3, '0')}`
  const folder = path.join(dataDir, 'cabinets', cabinetId)
  mkdirSync(folder, { recursive: true })
  const seed = JSON.parse(readFileSync(seedFile, 'utf8')) as { cabinet: object; staff: unknown[] }
  const own = {
    ...seed,
    cabinet: {
      ...seed.cabinet,
      id: cabinetId,
      partition: number % PARTITION_COUNT,
      name: { zh: `${number} 号柜`, en: `Cabinet ${number}` },
    },
    // People are made with the first cabinet, which is registered by the core itself.
    staff: [],
  }
  const file = path.join(folder, 'seed.json')
  writeFileSync(file, JSON.stringify(own))
  return {
    cabinetId,
    dataDir: folder,
    seedFile: file,
    simulatorPart: `simulator-${cabinetId}`,
    edgePart: `edge-${cabinetId}`,
    simulator: undefined,
    enrolmentCode: undefined,
  }
}

/** Makes the cabinet known to a core that is not running. @returns the code with which its edge enrols */
export async function registerCabinet({ cabinetId, seedFile }: Place, dataDir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['core/main.ts', 'seed', '--data', dataDir, '--seed', seedFile, '--log-level', 'error'],
    { cwd: ROOT, env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  const { enrolmentCodes } = JSON.parse(stdout) as {
    enrolmentCodes: Array<{ cabinetId: string; code: string }>
  }
  const code = enrolmentCodes.find((entry) => entry.cabinetId === cabinetId)?.code
  if (code === undefined) throw new Error(`assertion failed: ${cabinetId} got no enrolment code: ${stdout}`)
  return code
}
