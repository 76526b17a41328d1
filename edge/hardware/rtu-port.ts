import { EventEmitter } from 'node:events'
import { SerialPort } from 'serialport'
import type { Profile } from '#protocol/wire/profile.ts'
import { readAndWriteInPlace } from './direct-line.ts'
import { expectedAnswer, findAnswer } from './rtu-answer.ts'

const RECEIVED_BYTES_MOST = 1024

/** Requests that were given up and whose answers are still recognised. */
const LATE_MOST = 16

/** Where in the received bytes the answer stands. */
type Find = (received: Uint8Array) => { start: number; end: number } | undefined

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
  #find: Find | undefined
  /** Of requests that were given up, oldest first. */
  #late: Array<{ find: Find; onHeard: () => void }> = []
  #onAnswer: (answer: Buffer) => void = () => undefined

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
    this.#serial.on('open', () => {
      if (this.#serial.port !== undefined) readAndWriteInPlace(this.#serial.port)
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
    const expected = expectedAnswer(request)
    this.#ask(
      request,
      (received) => findAnswer(received, expected),
      (answer) => this.emit('data', answer),
    )
  }
  /** A frame that is no Modbus. Without `find` no answer is due. It never settles when none comes: the caller has the time. */
  exchange(request: Uint8Array, find: Find | undefined): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#ask(Buffer.from(request), find, resolve)
      if (find === undefined) resolve(new Uint8Array())
    })
  }

  /** The request was given up. Its answer, should it still come, is told to `onHeard` and goes nowhere else. */
  abandon(onHeard: () => void): void {
    const find = this.#find
    this.#find = undefined
    if (find !== undefined) this.#late = [...this.#late, { find, onHeard }].slice(-LATE_MOST)
  }

  #ask(request: Buffer, find: Find | undefined, onAnswer: (answer: Buffer) => void): void {
    this.#received = Buffer.alloc(0)
    this.strayBytes = 0
    this.#find = find
    this.#onAnswer = onAnswer
    this.#serial.write(request)
  }
  #onData(bytes: Buffer): void {
    if (this.#find === undefined && this.#late.length === 0) return
    this.#received = Buffer.concat([this.#received, bytes])
    const answer = this.#cutOut(this.#find)
    if (answer !== undefined) {
      this.#find = undefined
      this.strayBytes = 0
      this.#onAnswer(answer)
      return
    }
    this.#hearLate()
    if (this.#find !== undefined) this.strayBytes = this.#received.length
    if (this.#received.length > RECEIVED_BYTES_MOST)
      this.#received = this.#received.subarray(-RECEIVED_BYTES_MOST / 2)
  }
  #hearLate(): void {
    const heard = this.#late.find(({ find }) => this.#cutOut(find) !== undefined)
    if (heard === undefined) return
    this.#late = this.#late.filter((one) => one !== heard)
    heard.onHeard()
    this.#hearLate()
  }
  /** What came before an answer was noise; what follows it may be the next one. */
  #cutOut(find: Find | undefined): Buffer | undefined {
    const found = find?.(this.#received)
    if (found === undefined) return undefined
    const answer = this.#received.subarray(found.start, found.end)
    this.#received = this.#received.subarray(found.end)
    return answer
  }
}
