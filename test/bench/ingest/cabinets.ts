import { createHash } from 'node:crypto'
import { PARTITION_COUNT } from '#protocol/base/units.ts'

export interface BenchCabinet {
  readonly cabinetId: string
  readonly partition: number
  readonly password: string
}
/** The same cabinets for the system and for its ceiling. */
export function benchCabinet(index: number): BenchCabinet {
  return { cabinetId: `cab-b${index}`, partition: index % PARTITION_COUNT, password: `password ${index}` }
}
export function sha256Of(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
