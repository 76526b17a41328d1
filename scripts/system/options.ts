import type { PartName } from './parts.ts'

/** How a system is to be. */
export interface SystemOptions {
  dataDir: string
  host?: string
  /** 0 or absent: a free port. */
  ports?: {
    core?: number
    mqtt?: number
    device?: number
    workshop?: number
    provider?: number
    notices?: number
  }
  /** Do leads and above need a code besides the password? Offered only, when left out: a trial has no phone at hand. */
  secondFactor?: 'required' | 'offered'
  /** Policy settings that differ from the defaults of the core (durations, limits). */
  policy?: Record<string, unknown>
  /** Settings of the edge that differ from its defaults. */
  edgeSettings?: Record<string, unknown>
  /** First cabinet, products and accounts; the demonstration's when absent. */
  seedFile?: string
  /** Further cabinets like the first one, each with an edge and a simulated board of its own. They share the provider of the first. */
  moreCabinets?: number
  /** Seed of the simulated physics. */
  seed?: number
  /** The program that a cabinet runs (`npm run bundle:edge`); the sources of the edge when absent. */
  edgeProgram?: string
  /** How many of the cabinet's cameras are fitted; one when absent. */
  cameras?: 1 | 2
  /** Further flags of each edge. */
  edgeFlags?: readonly string[]
  /** Variables of core and edges besides ours, asked for at each start of one. @param dataDir  the folder with its `core` or `edge` */
  environmentOf?: (part: PartName, dataDir: string) => Readonly<Record<string, string>>
  /** Says what is being started. */
  say?: (line: string) => void
  /** An external broker with generated files instead of the core's own. */
  broker?: 'embedded' | 'mosquitto'
  /** Milliseconds that a part may take to become ready. */
  readyWithinMs?: number
}
