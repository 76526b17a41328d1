/** The first cabinet's parts have short names; those of the others carry the cabinet's id, as in `edge-cab-002`. */
export type PartName = 'simulator' | 'core' | 'edge' | `simulator-${string}` | `edge-${string}`

/** What the simulator says when it is ready. */
export interface SimulatorReady {
  workshopUrl: string
  controlUrl: string
  cameraUrl: string
  cameraUrls: Record<string, string>
  serialPath: string
  servicePath: string
  providerUrl: string
  merchantFile: string
  noticesUrl: string
  noticesFile: string
  linkMqttPort: number
  linkHttpUrl: string
}

/** What the core says when it is ready. */
export interface CoreReady {
  url: string
  /** TLS; `caFile` vouches for it. */
  mqttPort: number
  /** What cabinets reach over HTTPS. */
  deviceUrl: string
  /** PEM of the core's own authority. */
  caFile: string
  enrolmentCodes?: Array<{ cabinetId: string; code: string }>
}

/** An account of the seed data. */
export interface SignIn {
  name: string
  role: string
  password: string
}

/** One cabinet of the system: its board and its agent. */
export interface RunningCabinet {
  readonly cabinetId: string
  readonly dataDir: string
  readonly simulator: SimulatorReady
  readonly simulatorPart: PartName
  readonly edgePart: PartName
}

/** @throws when the part has not been started yet */
export function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`assertion failed: the ${name} has not been started`)
  return value
}
