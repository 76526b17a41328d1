import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Clock } from '#protocol/base/clock.ts'
import { createAdmission } from './admission.ts'
import type { BrokerTls } from './messages.ts'

const LISTEN_BACKLOG = 4096
const HANDSHAKE_MS = 5000
/** A cabinet that lost its power says nothing; the system asks after this. */
const TCP_KEEPALIVE_MS = 30_000
const ADMISSION = {
  unprovedPerAddress: 20,
  waitingPerAddress: 4000,
  waitingMost: 8000,
  waitMs: 5000,
  failuresMost: 200,
  failuresForgivenPerSecond: 20,
}

export interface DeviceConnection {
  readonly socket: Socket
  readonly address: string
  /** SHA-256 of the DER form of a certificate that our authority issued; undefined when none was given. */
  readonly certificateSha256: string | undefined
  /** To be called once the device has proved itself: its place goes to the next. */
  readonly onProved: () => void
}

export interface DeviceListener {
  readonly listen: (host: string, port: number) => Promise<number>
  /** For connections from now on. */
  readonly renew: (tls: BrokerTls) => void
}

/** The door for devices: TCP, then a place in the line of its address, then TLS, then `onConnection`. */
export function createDeviceListener(options: {
  clock: Clock
  tls: BrokerTls | null
  onConnection: (connection: DeviceConnection) => void
  onRefused: (reason: string, address: string) => void
}): DeviceListener {
  const { clock, tls, onConnection, onRefused } = options
  /** By address and port: the TLS socket that comes out of a handshake does not say from which socket it was made. */
  const inHandshake = new Map<string, () => void>()
  const admission = createAdmission(clock, ADMISSION, (address) =>
    onRefused('too many connections of this address fail, or wait, to prove themselves', address),
  )

  // Never listens itself: it gets the sockets that were admitted, so that a crowd costs no handshakes.
  const secure =
    tls === null
      ? undefined
      : createTlsServer(
          {
            ...contextOf(tls),
            minVersion: 'TLSv1.3',
            // A device shows a certificate, or gives a password; what it shows must be ours.
            requestCert: true,
            rejectUnauthorized: false,
            handshakeTimeout: HANDSHAKE_MS,
          },
          onSecure,
        )
  secure?.on('tlsClientError', (error, socket) => {
    onRefused(`TLS: ${error.message}`, socket.remoteAddress ?? '')
    socket.destroy()
  })

  function onSocket(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    admission.admit(socket, address, () => {
      let isInside = true
      const leave = (departure: 'proved' | 'gone') => {
        if (isInside) admission.leave(address, departure)
        isInside = false
      }
      socket.once('close', () => leave('gone'))
      const onProved = () => leave('proved')
      if (secure === undefined) {
        onConnection({ socket, address, certificateSha256: undefined, onProved })
        return
      }
      const key = endpointOf(socket)
      inHandshake.set(key, onProved)
      socket.once('close', () => inHandshake.delete(key))
      secure.emit('connection', socket)
    })
  }

  function onSecure(socket: TLSSocket): void {
    const address = socket.remoteAddress ?? ''
    const key = endpointOf(socket)
    const onProved = inHandshake.get(key)
    inHandshake.delete(key)
    socket.on('error', () => socket.destroy())
    if (onProved === undefined) {
      socket.destroy()
      return
    }
    const certificate = socket.getPeerX509Certificate()
    if (certificate !== undefined && !socket.authorized) {
      onRefused(`the client certificate is not good: ${String(socket.authorizationError)}`, address)
      socket.destroy()
      return
    }
    onConnection({
      socket,
      address,
      certificateSha256: certificate?.fingerprint256.replaceAll(':', '').toLowerCase(),
      onProved,
    })
  }

  return {
    listen: (host, port) => listenOn(createServer({ pauseOnConnect: true }, onSocket), host, port),
    renew: (renewed) => secure?.setSecureContext(contextOf(renewed)),
  }
}

function endpointOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function contextOf({ certificatePem, privateKeyPem, caPem }: BrokerTls) {
  return { cert: certificatePem, key: privateKeyPem, ca: caPem }
}

/** @returns the port */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: LISTEN_BACKLOG }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
