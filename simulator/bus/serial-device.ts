import { SerialPort } from 'serialport'
import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Terminal } from './terminal.ts'

/** The reference board's line: docs/reference/hardware.md. */
const LINE = { baudRate: 115200, dataBits: 8, parity: 'none', stopBits: 1 } as const

/**
 * A real serial device, such as a USB adapter whose other end is wired to the edge computer: a technician can put the
 * simulator in the place of a cabinet's boards.
 * @throws CabinetError serial_open_failed, later and by `onLost`, when the device cannot be opened or goes away
 */
export function openSerialDevice(options: {
  devicePath: string
  onBytes: (bytes: Uint8Array) => void
  onLost: (error: CabinetError) => void
}): Terminal {
  const { devicePath, onBytes, onLost } = options
  const port = new SerialPort({ path: devicePath, ...LINE })
  let isOurs = true
  const lose = (error: Error | null | undefined) => {
    if (!isOurs) return
    isOurs = false
    const why = error ? messageOf(error) : 'it was closed'
    onLost(
      new CabinetError('serial_open_failed', `The serial device ${devicePath}: ${why}.`, { cause: error }),
    )
  }
  port.on('data', (bytes: Uint8Array) => onBytes(bytes))
  port.on('error', lose)
  port.on('close', lose)
  return {
    linkPath: devicePath,
    devicePath,
    write(bytes) {
      if (port.isOpen) port.write(bytes)
    },
    destroy() {
      isOurs = false
      if (port.isOpen) port.close()
    },
  }
}
