import { assert } from '#protocol/base/decision.ts'
import type { Bus, SerialMode } from '#simulator/bus/bus.ts'
import type { CabinetSnapshot } from '#simulator/cabinet/cabinet-types.ts'
import type { ProbeMode } from '#simulator/cabinet/fridge.ts'
import type { Item } from '#simulator/cabinet/goods.ts'
import type { CellFault } from '#simulator/cabinet/load-cell.ts'
import type { LockFault, LockSnapshot, LockState } from '#simulator/cabinet/lock.ts'
import type { CameraMode } from '#simulator/camera/modes.ts'
import type { NetworkMode } from '#simulator/link/proxy.ts'
import type { Parts } from './parts.ts'

/** What `GET /control/state` answers: the whole truth of the far end. Temperatures in tenths of a degree, weights in grams. */
export interface SimulatorState {
  atMs: number
  /** Of the first door, as `doors[0]`. */
  door: 'open' | 'closed'
  lock: LockStateOfDoor
  /** Every door, with the shelves behind it. */
  doors: Array<{ door: 'open' | 'closed'; lock: LockStateOfDoor; shelves: string[] }>
  shelves: Array<{
    id: string
    /** Net weight as the transmitter says it now; null while it reports a fault. */
    grams: number | null
    fault: CellFault
    /** How many times what lies on it the cell reads. */
    gain: number
    /** A technician's weight on the shelf; 0: none. */
    weightGrams: number
    isTouched: boolean
    items: ItemState[]
  }>
  /** With the shopper: in the hand, or carried home. */
  hand: ItemState[]
  /** The first of the cameras. */
  camera: CameraState
  cameras: CameraState[]
  network: { mode: NetworkMode; delayMs: number; connections: number; heldBytes: number }
  climate: {
    airDeciCelsius: number
    goodsDeciCelsius: number
    ambientDeciCelsius: number
    setpointDeciCelsius: number
    isCompressorOn: boolean
    isDefrosting: boolean
    probe: ProbeMode
    isHeld: boolean
  }
  power: { isMainsOn: boolean }
  /** What the display shows instead of the temperature, four digits; null: the temperature. */
  display: string | null
  serial: { mode: SerialMode; path: string; servicePath: string; requests: number; answers: number }
  /** A scripted visit is being played. */
  isVisiting: boolean
  /** Everything that is not as it should be, for people. */
  faults: string[]
}
export interface CameraState {
  id: string
  mode: CameraMode
  url: string
  /** Pictures that were asked for. */
  pictures: number
}
export interface LockStateOfDoor {
  state: LockState
  isUnlocked: boolean
  isBoltSeated: boolean
  isKeyTurned: boolean
  fault: LockFault
  lastCommand: 'none' | 'release' | 'engage'
}
export interface ItemState {
  itemId: string
  sku: string | null
  grams: number
  shelf: string | null
  homeShelf: string | null
}

export function describeState(parts: Parts): SimulatorState {
  parts.sync()
  const snapshot = parts.cabinet.snapshot()
  const { lock, climate } = snapshot
  const cameras = parts.cameras.map(({ id, mode, pictures }) => ({
    id,
    mode,
    url: parts.cameraUrl(id),
    pictures,
  }))
  const [first] = cameras
  assert(first !== undefined, 'a cabinet has a camera')
  return {
    atMs: parts.clock.now(),
    door: lock.isDoorOpen ? 'open' : 'closed',
    lock: describeLock(lock),
    doors: snapshot.doors.map((own, door) => ({
      door: own.isDoorOpen ? 'open' : 'closed',
      lock: describeLock(own),
      shelves: parts.cabinet.shelfIds.filter((id) => parts.cabinet.doorOf(id) === door),
    })),
    shelves: snapshot.shelves.map((shelf) => ({
      id: shelf.id,
      grams: shelf.netGrams === undefined ? null : Math.round(shelf.netGrams * 10) / 10,
      fault: shelf.fault,
      gain: Math.round(shelf.gain * 1e4) / 1e4,
      weightGrams: shelf.weightGrams,
      isTouched: shelf.isTouched,
      items: shelf.items.map((item) => describeItem(item, shelf.id)),
    })),
    hand: snapshot.hand.map((item) => describeItem(item, undefined)),
    camera: first,
    cameras,
    network: parts.network(),
    climate: {
      airDeciCelsius: Math.round(climate.airDeciCelsius),
      goodsDeciCelsius: Math.round(climate.goodsDeciCelsius),
      ambientDeciCelsius: Math.round(climate.ambientDeciCelsius),
      setpointDeciCelsius: climate.setpointDeciCelsius,
      isCompressorOn: climate.isCompressorOn,
      isDefrosting: climate.isDefrosting,
      probe: climate.probe,
      isHeld: climate.isHeld,
    },
    power: { isMainsOn: snapshot.isMainsOn },
    display: snapshot.digits === null ? null : String(snapshot.digits).padStart(4, '0'),
    serial: {
      mode: parts.bus.mode,
      path: parts.bus.linkPath,
      servicePath: parts.serviceBus.linkPath,
      requests: parts.bus.counters.requests,
      answers: parts.bus.counters.answers,
    },
    isVisiting: parts.shopper.isPlaying,
    faults: listFaults(snapshot, parts.bus, cameras, parts.network().mode),
  }
}

function describeLock(lock: LockSnapshot): LockStateOfDoor {
  return {
    state: lock.lock,
    isUnlocked: lock.lock === 'unlocked',
    isBoltSeated: lock.isBoltSeated,
    isKeyTurned: lock.isKeyTurned,
    fault: lock.fault,
    lastCommand: (['none', 'release', 'engage'] as const)[lock.lastCommand],
  }
}

function describeItem(item: Item, shelf: string | undefined): ItemState {
  return {
    itemId: item.itemId,
    sku: item.sku ?? null,
    grams: item.grams,
    shelf: shelf ?? null,
    homeShelf: item.homeShelf ?? null,
  }
}

/** A new cell is off by a tenth of a percent or so. */
const WORN_BEYOND = 0.01

function listFaults(
  snapshot: CabinetSnapshot,
  bus: Bus,
  cameras: readonly CameraState[],
  network: NetworkMode,
): string[] {
  const { climate, shelves } = snapshot
  return [
    ...snapshot.doors.map(({ fault }) => (fault === 'none' ? '' : `lock ${fault}`)),
    ...snapshot.doors.map(({ isKeyTurned }) => (isKeyTurned ? 'manual key turned' : '')),
    bus.mode === 'ok' ? '' : `serial ${bus.mode}`,
    ...cameras.map(({ id, mode }, index) =>
      mode === 'clear' ? '' : index === 0 ? `camera ${mode}` : `camera ${id} ${mode}`,
    ),
    network === 'ok' ? '' : `network ${network}`,
    climate.probe === 'ok' ? '' : `temperature probe ${climate.probe}`,
    climate.isDefrosting ? 'defrosting' : '',
    climate.isHeld ? 'air temperature held by hand' : '',
    snapshot.isMainsOn ? '' : 'no mains power',
    ...shelves.map((shelf) => (shelf.fault === 'none' ? '' : `scale ${shelf.id} ${shelf.fault}`)),
    ...shelves.map(({ id, gain }) => (Math.abs(gain - 1) < WORN_BEYOND ? '' : `scale ${id} worn`)),
  ].filter((fault) => fault !== '')
}
