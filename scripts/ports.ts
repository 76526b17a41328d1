import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { CabinetError } from '#protocol/base/errors.ts'
import { createSystemClock } from '#protocol/base/system-clock.ts'

const clock = createSystemClock()

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
/** Programs that start at the same time begin at other places. */
let next = (process.pid * 61) % RANGE.count
/** A part that was promised a port listens on it within this time. */
const PROMISE_SECONDS = 120

/** A port that was free a moment ago, and that no connection going out is given. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES_MOST; tries++) {
    const port = RANGE.first + next
    next = (next + 1) % RANGE.count
    if (isUnpromised(port) && (await isPortFree(port, host))) return port
  }
  return anyFreePort(host)
}

/** Several programs look for ports at once, and what one was promised is free until its part listens: files say so. */
function isUnpromised(port: number): boolean {
  const folder = path.join(tmpdir(), `cabinet-ports-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, String(port))
  const madeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (madeMs !== undefined) {
    if (clock.now() - madeMs < PROMISE_SECONDS * 1000) return false
    rmSync(file, { force: true })
  }
  try {
    writeFileSync(file, '', { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
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
