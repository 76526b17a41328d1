import { readFileSync } from 'node:fs'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Authority, TlsIdentity } from '#core/authority/authority.ts'
import type { MqttEndpoint } from '#core/broker/endpoint.ts'
import { createExternalBroker } from '#core/broker/external.ts'
import { CORE_IDENTITY } from '#core/broker/messages.ts'
import type { MosquittoDevice, MosquittoState } from '#core/broker/mosquitto-files.ts'
import { openMosquittoFolder } from '#core/broker/mosquitto-folder.ts'
import type { BrokerSupervisor } from '#core/broker/supervisor.ts'
import type { CabinetRegistry, KnownCabinet } from '#core/cabinets/registry.ts'
import { type Settings, serverHosts } from '#core/config.ts'
import type { CoreDeps } from '#core/platform/deps.ts'

/** A broker that is not ours, when one was named. */
export interface ExternalAccess {
  readonly broker: BrokerSupervisor
  readonly endpoint: (kind: 'certificate' | 'password') => MqttEndpoint
}

const DAY_MS = 86_400_000
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

/** @returns undefined when the embedded broker serves. @throws config_invalid */
export async function createExternalAccess(
  settings: Settings,
  deps: CoreDeps,
  authority: Authority,
  state: () => Promise<MosquittoState>,
): Promise<ExternalAccess | undefined> {
  const { mosquitto, 'mqtt-url': givenUrl, 'device-mqtt-url': deviceUrl, 'mqtt-ca': caFile } = settings
  if (mosquitto === undefined && givenUrl === undefined) return undefined
  const folder = mosquitto === undefined ? undefined : openMosquittoFolder(mosquitto)
  const url = givenUrl ?? `mqtts://127.0.0.1:${folder?.listeners.corePort}`
  const isPlain = url.startsWith('mqtt:')
  if (isPlain && !LOOPBACK.includes(new URL(url).hostname) && !settings['plain-mqtt'])
    throw new CabinetError(
      'config_invalid',
      `--mqtt-url ${url} is not encrypted and leaves this computer; give mqtts://, or say --plain-mqtt.`,
    )
  const caPem = caFile === undefined ? authority.caPem : readFileSync(caFile, 'utf8')
  const identity = await authority.coreIdentity(CORE_IDENTITY)

  function endpoint(kind: 'certificate' | 'password'): MqttEndpoint {
    if (folder !== undefined && deviceUrl === undefined) {
      const { certificatePort, passwordPort } = folder.listeners
      const port = kind === 'certificate' ? certificatePort : passwordPort
      return { host: serverHosts(settings)[0] as string, port, isTls: true, caPem }
    }
    const address = new URL(deviceUrl ?? url)
    const isTls = address.protocol === 'mqtts:'
    return {
      host: address.hostname.replace(/^\[|\]$/g, ''),
      port: Number(address.port || (isTls ? 8883 : 1883)),
      isTls,
      caPem,
    }
  }
  async function sync(): Promise<void> {
    const written = folder?.write(await state())
    if (written?.hasChanged === true && !written.wasTold)
      deps.log.warn(
        'the files of Mosquitto changed, but it could not be told: no process of its pid file takes our signal; reload it yourself',
      )
  }
  const broker = createExternalBroker({
    ...deps,
    address: {
      url,
      username: CORE_IDENTITY,
      ...(isPlain ? {} : { tls: { caPem, ...identity } }),
    },
    devicePort: endpoint('certificate').port,
    ...(folder === undefined ? {} : { sync }),
  })
  return { broker, endpoint }
}

/** What a Mosquitto has to know, read from the registry each time. */
export function createMosquittoState(
  deps: CoreDeps,
  registry: CabinetRegistry,
  authority: Authority,
  server: () => TlsIdentity,
): () => Promise<MosquittoState> {
  const revocationList = createRevocationLists(deps, authority)
  return async () => ({
    devices: registry.all().flatMap(deviceOf),
    caPem: authority.caPem,
    certificatePem: server().certificatePem,
    privateKeyPem: server().privateKeyPem,
    coreCertificatePem: (await authority.coreIdentity(CORE_IDENTITY)).certificatePem,
    revocationListPem: await revocationList(),
  })
}

function deviceOf({ cabinetId, partition, credentials }: KnownCabinet): MosquittoDevice[] {
  if (credentials.length === 0) return []
  const passwordHashes = credentials.flatMap(({ brokerHash }) => (brokerHash === null ? [] : [brokerHash]))
  return [{ cabinetId, partition, passwordHashes }]
}

/** The same list while nothing changes, so that a broker is not told for nothing; made anew once a day. */
function createRevocationLists({ db, clock }: CoreDeps, authority: Authority): () => Promise<string> {
  let last: { key: string; pem: string } | undefined
  return async () => {
    const nowMs = clock.now()
    const rows = await db.read
      .selectFrom('credential')
      .select(['serial', 'revokedAtMs', 'endsAtMs'])
      .where('serial', 'is not', null)
      .where('expiresAtMs', '>', nowMs)
      .where((eb) => eb.or([eb('revokedAtMs', 'is not', null), eb('endsAtMs', '<=', nowMs)]))
      .orderBy('serial')
      .execute()
    const revoked = rows.map(({ serial, revokedAtMs, endsAtMs }) => ({
      serial: serial as string,
      atMs: revokedAtMs ?? endsAtMs ?? nowMs,
    }))
    const key = JSON.stringify([Math.floor(nowMs / DAY_MS), revoked])
    if (last?.key !== key) last = { key, pem: await authority.revocationListPem(revoked) }
    return last.pem
  }
}
