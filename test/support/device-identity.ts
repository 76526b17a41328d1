import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { IClientOptions } from 'mqtt'

/** What a cabinet proves itself with, as the edge keeps it; for tests that speak in its place. */
export interface DeviceIdentity {
  readonly cabinetId: string
  readonly partition: number
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
  /** For MQTT.js, with an address of `mqtts://`. */
  readonly options: IClientOptions
}

/** @param dataDir  the folder of the system, or of one of its cabinets */
export function readDeviceIdentity(dataDir: string): DeviceIdentity {
  const folder = path.join(dataDir, 'edge')
  const { cabinetId, partition } = JSON.parse(
    readFileSync(path.join(folder, 'credentials.json'), 'utf8'),
  ) as { cabinetId: string; partition: number }
  const [caFile, certificateFile, keyFile] = ['ca.pem', 'client.pem', 'client.key'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string]
  return {
    cabinetId,
    partition,
    caFile,
    certificateFile,
    keyFile,
    options: {
      clientId: cabinetId,
      username: cabinetId,
      ca: readFileSync(caFile),
      cert: readFileSync(certificateFile),
      key: readFileSync(keyFile),
      protocolVersion: 4,
      clean: true,
      keepalive: 30,
      reconnectPeriod: 0,
    },
  }
}
