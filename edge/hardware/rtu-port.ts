import { EventEmitter } from 'node:events'
import { SerialPort } from 'serialport'
import type { Profile } from '#protocol/wire/profile.ts'
import { type ExpectedAnswer, expectedAnswer, findAnswer } from './rtu-answer.ts'

const RECEIVED_BYTES_MOST = 1024

/**
 * A serial line for modbus-serial's client. The library's own port waits for a length and hands on whatever came;
 * this one hands on frames with the right address, function, length and checksum only, and starts each request
 * with an empty buffer, so that garbage on the line never costs more than the request that it hit.
 */
export class RtuPort extends EventEmitter {
  /** Set by modbus-serial, which looks up its transaction by it. */
  _transactionIdRead = 1
  _transactionIdWrite = 1
  /** Bytes of the present request that were no part of an answer; tells noise from silence. */
  strayBytes = 0
  readonly #serial: SerialPort
  #received = Buffer.alloc(0)
  #expected: ExpectedAnswer | undefined

  constructor(path: string, serial: Profile['serial']) {
    super()
    this.#serial = new SerialPort({
      path,
      baudRate: serial.baudRate,
      dataBits: serial.dataBits,
      parity: serial.parity,
      stopBits: serial.stopBits,
      autoOpen: false,
    })
    this.#serial.on('error', (error) => this.emit('error', error))
    this.#serial.on('close', () => this.emit('close'))
    this.#serial.on('data', (bytes: Buffer) => this.#onData(bytes))
  }

  get isOpen(): boolean {
    return this.#serial.isOpen
  }
  open(callback: (error?: Error | null) => void): void {
    this.#serial.open(callback)
  }
  close(callback: (error?: Error | null) => void): void {
    if (this.#serial.isOpen) this.#serial.close(callback)
    else callback(null)
  }
  write(request: Buffer): void {
    this.#received = Buffer.alloc(0)
    this.strayBytes = 0
    this.#expected = expectedAnswer(request)
    this.#serial.write(request)
  }

  /** The request was given up: its answer, should it still come, is noise. */
  abandon(): void {
    this.#expected = undefined
  }

  #onData(bytes: Buffer): void {
    if (this.#expected === undefined) return
    this.#received = Buffer.concat([this.#received, bytes])
    this.strayBytes = this.#received.length
    const found = findAnswer(this.#received, this.#expected)
    if (found === undefined) {
      if (this.#received.length > RECEIVED_BYTES_MOST)
        this.#received = this.#received.subarray(-RECEIVED_BYTES_MOST / 2)
      return
    }
    const answer = this.#received.subarray(found.start, found.end)
    this.#expected = undefined
    this.#received = Buffer.alloc(0)
    this.strayBytes = 0
    this.emit('data', answer)
  }
}
