import {
  encodeResponse,
  EXCEPTION,
  type ExceptionCode,
  type ModbusRequest,
  type ModbusResponse,
} from '#protocol/wire/modbus.ts'
import type { RegisterBank } from './registers.ts'

/**
 * What the units on the bus answer to one request. Pure but for the registers.
 * @returns the response frame, or undefined for silence: an address that nobody has, or a broadcast
 */
export function answer(
  banks: ReadonlyMap<number, RegisterBank>,
  request: ModbusRequest,
): Uint8Array | undefined {
  const bank = banks.get(request.unit)
  if (bank === undefined) return undefined
  return encodeResponse(respond(bank, request))
}

function respond(bank: RegisterBank, request: ModbusRequest): ModbusResponse {
  switch (request.kind) {
    case 'unsupported':
      return refuse(request, request.exception)
    case 'read': {
      const values: number[] = []
      for (let i = 0; i < request.count; i++) {
        const value = bank.read(request.start + i)
        if (value === undefined) return refuse(request, EXCEPTION.illegalAddress)
        values.push(value)
      }
      return { unit: request.unit, kind: 'read', function: request.function, values }
    }
    case 'write-single': {
      const exception = bank.write(request.start, [request.value])
      return exception === undefined ? request : refuse(request, exception)
    }
    case 'write-multiple': {
      const exception = bank.write(request.start, request.values)
      if (exception !== undefined) return refuse(request, exception)
      const { unit, start, values } = request
      return { unit, kind: 'write-multiple', function: 16, start, count: values.length }
    }
  }
}

function refuse(request: ModbusRequest, exception: ExceptionCode): ModbusResponse {
  return { unit: request.unit, kind: 'exception', function: request.function, exception }
}
