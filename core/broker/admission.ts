import type { Socket } from 'node:net'
import type { Clock, Timer } from '#protocol/base/clock.ts'

export interface AdmissionLimits {
  /** Connections from one address that have not proved themselves yet. */
  unauthenticatedPerAddress: number
  /** Connections of all addresses that wait for such a place, unread. */
  waitingMost: number
  waitMs: number
}

/**
 * Lets few connections per address prove themselves at a time. Thousands of cabinets may share one carrier address, so
 * the others wait, unread, instead of being refused; only who waits too long, or beyond the bound, is cut.
 */
export function createAdmission(clock: Clock, limits: AdmissionLimits, onRefused: (address: string) => void) {
  const proving = new Map<string, number>()
  const waiting = new Map<string, Array<{ socket: Socket; begin: () => void; timer: Timer }>>()
  let waitingCount = 0

  function refuse(socket: Socket, address: string): void {
    onRefused(address)
    socket.destroy()
  }
  function begin(address: string, start: () => void): void {
    proving.set(address, (proving.get(address) ?? 0) + 1)
    start()
  }

  return {
    /** Calls `start` when the connection may be read. */
    admit(socket: Socket, address: string, start: () => void): void {
      if ((proving.get(address) ?? 0) < limits.unauthenticatedPerAddress) {
        begin(address, start)
        return
      }
      if (waitingCount >= limits.waitingMost) {
        refuse(socket, address)
        return
      }
      waitingCount++
      const line = waiting.get(address) ?? []
      waiting.set(address, line)
      const entry = {
        socket,
        begin: () => begin(address, start),
        timer: clock.setTimer('admit a connection', limits.waitMs, () => {
          const at = line.indexOf(entry)
          if (at < 0) return
          line.splice(at, 1)
          waitingCount--
          refuse(socket, address)
        }),
      }
      line.push(entry)
    },
    /** A connection from `address` has proved itself, or has gone. */
    leave(address: string): void {
      const line = waiting.get(address)
      for (let next = line?.shift(); next !== undefined; next = line?.shift()) {
        waitingCount--
        next.timer.cancel()
        if (line?.length === 0) waiting.delete(address)
        if (next.socket.destroyed) continue
        proving.set(address, (proving.get(address) ?? 1) - 1)
        next.begin()
        return
      }
      const left = (proving.get(address) ?? 1) - 1
      if (left <= 0) proving.delete(address)
      else proving.set(address, left)
    },
  }
}
