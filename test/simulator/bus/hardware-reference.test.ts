import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BOARD, referenceProfile, SCALE, SCALE_UNITS } from '#protocol/wire/reference-profile.ts'
import { createBanks } from '#simulator/bus/registers.ts'
import { FRIDGE } from '#simulator/cabinet/fridge.ts'
import { LOCK_TIMES } from '#simulator/cabinet/lock.ts'
import { aCabinet } from '../a-cabinet.ts'

const page = readFileSync('docs/reference/hardware.md', 'utf8')

interface Row {
  register: number
  name: string
  access: string
}
/** The rows of the register table below a heading. */
function tableBelow(heading: string): Row[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\| (\d+) \| (\w+) \| (R|W|RW) \|/gm)].map(
    ([, register, name = '', access = '']) => ({
      register: Number(register),
      name,
      access,
    }),
  )
}
function asRegisters(rows: Row[]) {
  return Object.fromEntries(rows.map(({ name, register }) => [name, register]))
}

describe('the page on hardware', () => {
  it('lists the registers of the profile, all and no others', () => {
    expect(asRegisters(tableBelow('Unit 1'))).toEqual(BOARD)
    expect(asRegisters(tableBelow('Units 11'))).toEqual(SCALE)
  })
  it('says of each register whether it can be written, as the board does', () => {
    const banks = createBanks(aCabinet())
    for (const [unit, heading] of [
      [1, 'Unit 1'],
      [SCALE_UNITS[0], 'Units 11'],
    ] as const) {
      for (const { name, register, access } of tableBelow(heading)) {
        const bank = banks.get(unit)
        // The key first: a transmitter takes its tare only when it was opened.
        if (unit !== 1) bank?.write(SCALE.unlock, [0x5aa5])
        const exception = bank?.write(register, [0x7fff])
        expect({ name, isWritable: exception !== 2 }).toEqual({ name, isWritable: access.includes('W') })
      }
    }
  })
  it('names the line and the times that the profile and the board use', () => {
    const { serial, timeoutMs } = referenceProfile
    expect(page).toContain(
      `${serial.baudRate} baud, ${serial.dataBits} data bits, no parity, ${serial.stopBits} stop bit`,
    )
    expect(page).toContain(`within ${timeoutMs} ms`)
    expect(page).toContain(`the board engages by itself ${LOCK_TIMES.autoRelockMs} ms later`)
    expect(page).toContain(`${LOCK_TIMES.verifyMs} ms after a command`)
    expect(page).toContain(
      `Setpoint ${FRIDGE.setpointLowestDeciCelsius / 10} … ${FRIDGE.setpointHighestDeciCelsius / 10} °C`,
    )
  })
})
