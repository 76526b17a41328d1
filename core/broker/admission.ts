import type { Socket } from 'node:net'
import type { Clock, Timer } from '#protocol/base/clock.ts'

export interface AdmissionLimits {
  /** Connections from one address that have not proved themselves yet. */
  unprovedPerAddress: number
  /** Connections that wait for such a place, unread: of one address, and of all. */
  waitingPerAddress: number
  waitingMost: number
  waitMs: number
  /** Connections of one address that may fail in a row, and how many a second are forgiven. */
  failuresMost: number
  failuresForgivenPerSecond: number
}

/** What happened to the connection that was let in. */
export type Departure = 'proved' | 'gone'

interface Waiting {
  readonly socket: Socket
  readonly start: () => void
  readonly timer: Timer
}
interface Address {
  proving: number
  /** Tokens of a bucket: each connection takes one, and brings it back by proving itself. */
  tokens: number
  countedAtMonoMs: number
  readonly line: Waiting[]
  refill: Timer | undefined
}

/**
 * Lets few connections per address prove themselves at a time. Thousands of cabinets may share one carrier address, so
 * the others wait, unread, instead of being refused; only who waits too long, or beyond the bound, is cut. A cabinet
 * that proves itself costs its address nothing; what fails uses up a bucket of that address alone.
 */
export function createAdmission(clock: Clock, limits: AdmissionLimits, onRefused: (address: string) => void) {
  const addresses = new Map<string, Address>()
  let waitingCount = 0

  function addressOf(name: string): Address {
    let address = addresses.get(name)
    if (address === undefined) {
      address = {
        proving: 0,
        tokens: limits.failuresMost,
        countedAtMonoMs: clock.monoMs(),
        line: [],
        refill: undefined,
      }
      addresses.set(name, address)
    }
    const nowMonoMs = clock.monoMs()
    const earned = ((nowMonoMs - address.countedAtMonoMs) / 1000) * limits.failuresForgivenPerSecond
    address.tokens = Math.min(limits.failuresMost, address.tokens + earned)
    address.countedAtMonoMs = nowMonoMs
    return address
  }
  /** Addresses without anything to remember are forgotten, or a scan would fill the memory. */
  function forget(name: string, address: Address): void {
    if (address.proving === 0 && address.line.length === 0 && address.tokens >= limits.failuresMost - 1)
      addresses.delete(name)
  }
  function hasPlace(address: Address): boolean {
    return address.proving < limits.unprovedPerAddress && address.tokens >= 1
  }
  function begin(address: Address, start: () => void): void {
    address.proving++
    address.tokens--
    start()
  }
  function serve(name: string): void {
    const address = addressOf(name)
    while (hasPlace(address)) {
      const next = address.line.shift()
      if (next === undefined) break
      waitingCount--
      next.timer.cancel()
      if (!next.socket.destroyed) begin(address, next.start)
    }
    if (address.line.length > 0 && address.tokens < 1 && address.refill === undefined) {
      const waitMs = Math.ceil(((1 - address.tokens) * 1000) / limits.failuresForgivenPerSecond)
      address.refill = clock.setTimer('forgive an address', waitMs, () => {
        address.refill = undefined
        serve(name)
      })
    }
    forget(name, address)
  }
  function refuse(socket: Socket, name: string): void {
    onRefused(name)
    socket.destroy()
  }

  return {
    /** Addresses that are remembered. */
    get size() {
      return addresses.size
    },
    /** Calls `start` when the connection may be read. */
    admit(socket: Socket, name: string, start: () => void): void {
      const address = addressOf(name)
      if (address.line.length === 0 && hasPlace(address)) {
        begin(address, start)
        return
      }
      if (waitingCount >= limits.waitingMost || address.line.length >= limits.waitingPerAddress) {
        refuse(socket, name)
        forget(name, address)
        return
      }
      waitingCount++
      const entry: Waiting = {
        socket,
        start,
        timer: clock.setTimer('admit a connection', limits.waitMs, () => {
          const at = address.line.indexOf(entry)
          if (at < 0) return
          address.line.splice(at, 1)
          waitingCount--
          refuse(socket, name)
          forget(name, address)
        }),
      }
      address.line.push(entry)
      serve(name)
    },
    /** A connection from `name` has proved itself, or has gone without. */
    leave(name: string, departure: Departure): void {
      const address = addressOf(name)
      address.proving = Math.max(0, address.proving - 1)
      if (departure === 'proved') address.tokens = Math.min(limits.failuresMost, address.tokens + 1)
      serve(name)
    },
  }
}
