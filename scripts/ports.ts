import { createServer } from 'node:net'
import { CabinetError } from '#protocol/base/errors.ts'

/** Is the port free on this host? */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

/** Below what systems give to connections that go out: one of those would take it while a part is started again. */
const RANGE = { first: 20_000, count: 12_000 }
const TRIES_MOST = 200
/** Programs that start at the same time begin at other places, and this one never names a port twice. */
let next = (process.pid * 61) % RANGE.count

/** A port that was free a moment ago, and that no connection going out is given. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES_MOST; tries++) {
    const port = RANGE.first + next
    next = (next + 1) % RANGE.count
    if (await isPortFree(port, host)) return port
  }
  return anyFreePort(host)
}

function anyFreePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('the system gave no port')),
      )
    })
  })
}

/**
 * The wanted port when it is free; another free one when the wanted one was only our default.
 * @throws CabinetError port_taken when the caller asked for this port by name
 */
export async function choosePort(flag: string, wanted: number, isExplicit: boolean): Promise<number> {
  if (wanted !== 0 && (await isPortFree(wanted))) return wanted
  if (wanted !== 0 && isExplicit) {
    throw new CabinetError(
      'port_taken',
      `Port ${wanted} of --${flag} is in use. Give --${flag} another number, or 0 for a free one.`,
    )
  }
  return findFreePort()
}
