import type { Clock } from '#protocol/base/clock.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { OwnOrders } from './order-route.ts'
import type { LandingCabinet, Retention } from './views/plain.ts'

export interface PagesDeps {
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Ids
  /** console/dist */
  readonly distFolder: string
  /** Address under which phones reach this core, without a slash at the end; known once it listens. */
  publicUrl(): string
  /** The simulator's page, when there is one. */
  readonly workshopUrl?: string | undefined
  /** Telephone number of support, as this cabinet names it, or without one the first; empty before there is one. */
  contact(cabinetId?: string): Promise<string>
  /** IANA name of the zone in which this cabinet stands; without one, in which most do. */
  timeZoneOf(cabinetId?: string): Promise<string>
  retention(): Retention
  /** Without it nothing is sold here. */
  readonly orders?: OwnOrders | undefined
  /** What the start page lists. */
  cabinets(): Promise<readonly LandingCabinet[]>
}
