import { readSync, writeSync } from 'node:fs'
import type { SerialPort } from 'serialport'

type OpenPort = NonNullable<SerialPort['port']>
type PolledPort = Extract<OpenPort, { poller: unknown }>

/**
 * The library hands each reading and each writing to a thread, although the line never makes anybody wait: it is opened so
 * that it answers at once. With scales at ten readings a second the handing over cost more than the readings. Here the line
 * is read when the kernel says that something is there, and written in place; only what does not fit goes the long way.
 */
export function readAndWriteInPlace(port: OpenPort): void {
  if (!isPolled(port)) return
  const writeLater = port.write.bind(port)
  port.read = async (buffer, offset, length) => {
    for (;;) {
      const bytesRead = readNow(port, buffer, offset, length)
      if (bytesRead !== undefined) return { buffer, bytesRead }
      await somethingToRead(port)
    }
  }
  port.write = async (bytes) => {
    const written = writeNow(port, bytes)
    if (written < bytes.length) await writeLater(bytes.subarray(written))
  }
}

/** On Windows there is nothing to poll. */
function isPolled(port: OpenPort): port is PolledPort {
  return 'poller' in port
}

/** @returns undefined when nothing is there */
function readNow({ fd }: PolledPort, buffer: Buffer, offset: number, length: number): number | undefined {
  // Closed while somebody waited: the stream goes on reading when it is open again.
  if (fd === null) throw Object.assign(new Error('The serial port is closed.'), { canceled: true })
  try {
    const bytesRead = readSync(fd, buffer, offset, length, null)
    if (bytesRead === 0) throw new Error('The other end of the serial line is gone.')
    return bytesRead
  } catch (error) {
    if (isNotNow(error)) return undefined
    throw error
  }
}

/** @returns how many bytes the line took */
function writeNow({ fd }: PolledPort, bytes: Buffer): number {
  if (fd === null) throw new Error('The serial port is closed.')
  try {
    return writeSync(fd, bytes, 0, bytes.length)
  } catch (error) {
    if (isNotNow(error)) return 0
    throw error
  }
}

function somethingToRead({ poller }: PolledPort): Promise<void> {
  return new Promise((resolve, reject) => {
    poller.once('readable', (error: Error | null) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

function isNotNow(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR'
}
