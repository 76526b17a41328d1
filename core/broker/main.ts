import { messageOf } from '#protocol/base/errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'
import { type Broker, createBroker } from './broker.ts'
import type { FromBroker, ToBroker } from './messages.ts'

/** The broker as a process of its own: it knows nothing but what the core tells it, and ends with the core. */
let broker: Broker | undefined
let listenOn: { host: string; port: number } | undefined

function report(message: FromBroker): void {
  if (process.connected) process.send?.(message)
}

async function onMessage(message: ToBroker): Promise<void> {
  switch (message.type) {
    case 'start':
      listenOn = { host: message.host, port: message.devicePort }
      broker = await createBroker({
        clock: createSystemClock(),
        coreSecret: message.coreSecret,
        devices: message.devices,
        tls: message.tls,
        report,
      })
      report({ type: 'core-listening', port: await broker.listenForCore() })
      return
    case 'open':
      if (broker === undefined || listenOn === undefined)
        throw new Error('assertion failed: opened before it was started')
      report({ type: 'device-listening', port: await broker.listenForDevices(listenOn.host, listenOn.port) })
      return
    case 'admit':
      broker?.admit(message.device)
      return
    case 'revoke':
      broker?.revoke(message.cabinetId)
      return
    case 'cut':
      broker?.cut(message.cabinetId)
      return
    case 'renew':
      broker?.renew(message.tls)
  }
}

process.on('message', (message: ToBroker) => {
  onMessage(message).catch((error: unknown) => {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    report({ type: 'failed', code: isTaken ? 'port_taken' : 'internal', message: messageOf(error) })
  })
})
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the core decides when the broker ends.
process.on('SIGINT', () => undefined)
report({ type: 'loaded' })
