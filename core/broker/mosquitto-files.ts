import { partitionText, TOPIC_ROOT, UP } from '#protocol/topics.ts'
import { PACKET_BYTES_MAX } from '#protocol/messages/frames.ts'
import { CORE_IDENTITY } from './messages.ts'

/** A cabinet as Mosquitto has to know it. */
export interface MosquittoDevice {
  readonly cabinetId: string
  readonly partition: number
  /** Of the passwords that hold now, in the form of its password file. */
  readonly passwordHashes: readonly string[]
}
/** What can change while it runs; everything in it is read again on SIGHUP. */
export interface MosquittoState {
  readonly devices: readonly MosquittoDevice[]
  readonly caPem: string
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** Of the core, self-signed. */
  readonly coreCertificatePem: string
  readonly revocationListPem: string
}
export interface MosquittoListeners {
  /** Where cabinets connect; the listener of the core stays on `coreHost`. */
  readonly host: string
  readonly certificatePort: number
  readonly passwordPort: number
  readonly coreHost: string
  readonly corePort: number
}

export const LISTENERS_FILE = 'listeners.json'
export const PID_FILE = 'mosquitto.pid'
/** Fixed header and topic come on top of the payload. */
const PACKET_BYTES_MOST = PACKET_BYTES_MAX + 128

/**
 * The files of a Mosquitto that serves in the place of the embedded broker: TLS 1.3, identity from certificate or
 * password, client id forced to the identity, deny by default, bounded queues. It knows no rule for single retained
 * topics and answers a refused subscription with a grant that delivers nothing; the guide names what differs.
 * @param folder  absolute; Mosquitto reads the files there
 * @param user  whom Mosquitto becomes when it is started by root
 * @returns text by file name
 */
export function mosquittoFiles(
  folder: string,
  user: string,
  listeners: MosquittoListeners,
  state: MosquittoState,
): Record<string, string> {
  return {
    'mosquitto.conf': configuration(folder, user, listeners),
    [LISTENERS_FILE]: `${JSON.stringify(listeners, null, 2)}\n`,
    'cabinets.acl': cabinetRules(state.devices),
    'core.acl': coreRules(),
    passwords: passwords(state.devices),
    'ca.pem': state.caPem,
    'core-client.pem': state.coreCertificatePem,
    'server.pem': state.certificatePem,
    'server.key': state.privateKeyPem,
    'revoked.pem': state.revocationListPem,
  }
}

function configuration(folder: string, user: string, listeners: MosquittoListeners): string {
  const { host, certificatePort, passwordPort, coreHost, corePort } = listeners
  const tls = [`certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`, 'tls_version tlsv1.3']
  const cabinets = [
    'allow_anonymous false',
    `acl_file ${folder}/cabinets.acl`,
    'use_username_as_clientid true',
    'max_qos 1',
    ...tls,
  ]
  return lines([
    '# Made by `npm run core -- mosquitto-config`; the core keeps the files beside it current. Do not edit: made anew each time.',
    'per_listener_settings true',
    `user ${user}`,
    `pid_file ${folder}/${PID_FILE}`,
    '',
    '# Nothing is stored: what must not be lost is kept at both ends.',
    'persistence false',
    'persistent_client_expiration 1h',
    '# Defaults of the program would drop, or grow, without a word.',
    'max_queued_messages 1000',
    'max_queued_bytes 1048576',
    'max_inflight_messages 100',
    'queue_qos0_messages false',
    `max_packet_size ${PACKET_BYTES_MOST}`,
    'max_keepalive 120',
    'set_tcp_nodelay true',
    'log_type error',
    'log_type warning',
    'log_type notice',
    '',
    '# The core. It trusts one certificate, and no cabinet gets in here.',
    `listener ${corePort} ${coreHost}`,
    'allow_anonymous false',
    'require_certificate true',
    'use_identity_as_username true',
    `cafile ${folder}/core-client.pem`,
    `acl_file ${folder}/core.acl`,
    'max_qos 1',
    ...tls,
    '',
    '# Cabinets with a certificate.',
    `listener ${certificatePort} ${host}`,
    'require_certificate true',
    'use_identity_as_username true',
    `cafile ${folder}/ca.pem`,
    `crlfile ${folder}/revoked.pem`,
    ...cabinets,
    '',
    '# Cabinets with a password.',
    `listener ${passwordPort} ${host}`,
    `password_file ${folder}/passwords`,
    ...cabinets,
  ])
}

/** Sections by name instead of one pattern: so the partition is the cabinet's own, too. */
function cabinetRules(devices: readonly MosquittoDevice[]): string {
  return lines([
    '# Nobody may do what does not stand here.',
    ...devices.flatMap(({ cabinetId, partition }) => {
      const own = `${TOPIC_ROOT}/${partitionText(partition)}/${cabinetId}`
      return [
        `user ${cabinetId}`,
        ...Object.keys(UP).map(
          (channel) => `topic ${channel === 'state' ? 'readwrite' : 'write'} ${own}/up/${channel}`,
        ),
        `topic read ${own}/dn/+`,
        '',
      ]
    }),
  ])
}

function coreRules(): string {
  return lines([
    `user ${CORE_IDENTITY}`,
    `topic read ${TOPIC_ROOT}/+/+/up/+`,
    `topic write ${TOPIC_ROOT}/+/+/dn/+`,
  ])
}

/** Mosquitto keeps one password for a name: the newest; an older one ends when the new one is known here. */
function passwords(devices: readonly MosquittoDevice[]): string {
  return lines(
    devices.flatMap(({ cabinetId, passwordHashes }) => {
      const newest = passwordHashes.at(-1)
      return newest === undefined ? [] : [`${cabinetId}:${newest}`]
    }),
  )
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
