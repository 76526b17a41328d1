import { CabinetError } from '#protocol/base/errors.ts'
import { gaussian, type Random } from '#protocol/base/random.ts'
import type { Cabinet, Place, SavedCabinet } from './cabinet-types.ts'
import { createFridge, fridgeSnapshot } from './fridge.ts'
import type { GoodsFile, Product } from './goods-file.ts'
import { createGoods, type Item } from './goods.ts'
import {
  createLoadCell,
  defaultLoadCell,
  drawCharacter,
  type LoadCell,
  type LoadCellSettings,
} from './load-cell.ts'
import { createLock, type Lock, lockSnapshot } from './lock.ts'
import {
  between,
  leanMotion,
  liftMotion,
  type Motion,
  placeMotion,
  type Ring,
  ring,
  touchMotion,
} from './motions.ts'

interface Shelf {
  readonly id: string
  readonly cell: LoadCell
  tareGrams: number
  motions: Motion[]
}

/** The load is averaged over these instants of one conversion, as a sigma-delta converter does. */
const INSTANTS_PER_CONVERSION = 4
/** After a jump in time (a suspended process) conversions are not made up for one by one. */
const LONGEST_CATCH_UP_MS = 60_000
const MOST_ITEMS = 2000
/** Hands are in a shelf for this long when it is emptied or filled. */
const HANDFUL_MS = 1500

/**
 * A cabinet as physics: no wire, no clock, no chance of its own. The caller moves time with `advance`.
 * It never imports the weighing engine: physics and engine must not share a mistake.
 */
export function createCabinet(options: {
  goodsFile: GoodsFile
  random: Random
  seed: number
  startMs: number
  loadCell?: LoadCellSettings
  saved?: SavedCabinet
}): Cabinet {
  const { goodsFile, random, saved } = options
  const settings = options.loadCell ?? defaultLoadCell
  const products = new Map(goodsFile.products.map((product) => [product.sku, product]))
  const goods = createGoods({ seed: options.seed, random, firstNumber: saved?.nextNumber ?? 1 })
  const items = new Map<string, Item>()
  const places = new Map<string, Place>()
  /** Weights of a technician, by shelf. */
  const weights = new Map<string, string>()
  const periodMs = 1000 / settings.sampleHz
  let nowMs = options.startMs
  let nextConversionMs = nowMs + periodMs
  let revision = 0
  let isMainsOn = true
  let digits: number | null = null
  let rings: Ring[] = []
  let timers: Array<{ atMs: number; run: () => void }> = []

  const firstSetpoint = goodsFile.cabinet?.setpointDeciCelsius ?? 40
  const fridge = createFridge({ setpointDeciCelsius: saved?.setpointDeciCelsius ?? firstSetpoint })
  const doorOfShelf = new Map(goodsFile.planogram.shelves.map(({ id, door }) => [id, door ?? 0]))
  const doors = Array.from({ length: 1 + Math.max(...doorOfShelf.values()) }, () =>
    createLock((afterMs, run) => {
      timers.push({ atMs: nowMs + afterMs, run })
    }),
  )
  const lock = doorAt(0)
  const shelves: Shelf[] = goodsFile.planogram.shelves.map(({ id }) => {
    const known = saved?.cells[id]
    const character = known?.character ?? drawCharacter(random, settings)
    // It was set to zero when it was installed, and something has moved since: never trust an absolute weight.
    const tareGrams = known?.tareGrams ?? Math.round((character.zeroGrams + 6 * gaussian(random)) * 10) / 10
    return { id, cell: createLoadCell({ random, settings, character }), tareGrams, motions: [] }
  })

  function stock() {
    items.clear()
    places.clear()
    for (const shelf of goodsFile.planogram.shelves) {
      for (const lane of shelf.lanes) deliver(shelf.id, lane.sku, lane.stock)
    }
  }
  function deliver(shelfId: string, sku: string, quantity: number): Item[] {
    const delivered = goods.deliver(productOf(sku), quantity, shelfId)
    for (const item of delivered) place(item, { shelf: shelfId })
    return delivered
  }
  function place(item: Item, where: Place) {
    items.set(item.itemId, item)
    // Last placed is last in the map: the front of the lane.
    places.delete(item.itemId)
    places.set(item.itemId, where)
    revision++
  }
  function productOf(sku: string): Product {
    const product = products.get(sku)
    if (product === undefined) {
      throw new CabinetError(
        'not_found',
        `There is no product ${sku}; known: ${[...products.keys()].join(', ')}.`,
      )
    }
    return product
  }
  function shelfOf(shelfId: string): Shelf {
    const shelf = shelves.find((candidate) => candidate.id === shelfId)
    if (shelf === undefined) {
      const known = shelves.map((candidate) => candidate.id).join(', ')
      throw new CabinetError('not_found', `There is no shelf ${shelfId}; known: ${known}.`)
    }
    return shelf
  }
  function itemsAt(where: string): Item[] {
    const found: Item[] = []
    for (const [itemId, place] of places) {
      const item = items.get(itemId)
      if (item !== undefined && (place === 'hand' ? 'hand' : place.shelf) === where) found.push(item)
    }
    return found
  }
  function doorAt(door: number): Lock {
    const found = doors[door]
    if (found === undefined)
      throw new CabinetError('not_found', `There is no door ${door}; the doors are 0 to ${doors.length - 1}.`)
    return found
  }
  const isAnyDoorOpen = () => doors.some(({ isDoorOpen }) => isDoorOpen)
  function needOpenDoor(shelfId: string) {
    if (!doorAt(doorOfShelf.get(shelfId) ?? 0).isDoorOpen) {
      throw new CabinetError(
        'precondition_failed',
        'The door is closed: nobody can reach the shelves. Open it first.',
        { context: { reason: 'door_closed' } },
      )
    }
  }
  function pick(from: Item[], where: string, wanted: { sku?: string; itemId?: string }): Item {
    const matching = from.filter(
      (item) =>
        (wanted.itemId === undefined || item.itemId === wanted.itemId) &&
        (wanted.sku === undefined || item.sku === wanted.sku),
    )
    const item = matching.at(-1)
    if (item === undefined) {
      const what = wanted.itemId ?? wanted.sku ?? 'anything'
      const present =
        [...new Set(from.map((candidate) => candidate.sku ?? candidate.itemId))].join(', ') || 'nothing'
      throw new CabinetError('precondition_failed', `There is no ${what} ${where}; there is ${present}.`, {
        context: { reason: 'not_there' },
      })
    }
    return item
  }
  /** What each shelf carries when no hand is in it. */
  function settledGrams(): Map<string, number> {
    const grams = new Map<string, number>()
    for (const [itemId, place] of places) {
      if (place === 'hand') continue
      grams.set(place.shelf, (grams.get(place.shelf) ?? 0) + (items.get(itemId)?.grams ?? 0))
    }
    return grams
  }
  /** Many goods at once, as somebody does who empties or fills a shelf by the armful. */
  function move(shelfId: string, moved: Item[], where: Place): Item[] {
    needOpenDoor(shelfId)
    const shelf = shelfOf(shelfId)
    for (const item of moved) place(item, where)
    shelf.motions.push(touchMotion({ random, startMs: nowMs, durationMs: HANDFUL_MS }))
    return moved
  }
  function addRing(peak: readonly [number, number]) {
    rings.push(ring({ random, startMs: nowMs, peakGrams: between(random, peak), shelfCount: shelves.length }))
  }

  function convert(atMs: number) {
    const airDelta = (fridge.airDeciCelsius - firstSetpoint) / 10
    // The whole cabinet shakes together: what the shelves share is drawn once.
    const common = gaussian(random)
    const settledByShelf = settledGrams()
    for (const [index, shelf] of shelves.entries()) {
      const settled = settledByShelf.get(shelf.id) ?? 0
      let loadGrams = 0
      for (let i = 0; i < INSTANTS_PER_CONVERSION; i++) {
        const instantMs = atMs - periodMs + ((i + 0.5) * periodMs) / INSTANTS_PER_CONVERSION
        let grams = settled
        for (const motion of shelf.motions) grams += motion.gramsAt(instantMs)
        for (const slam of rings) grams += slam.gramsAt(index, instantMs)
        loadGrams += grams / INSTANTS_PER_CONVERSION
      }
      let burstVariance = 0
      for (const motion of shelf.motions) burstVariance += motion.burstSdGramsAt(atMs) ** 2
      shelf.cell.convert({
        atMs,
        loadGrams,
        burstSdGrams: Math.sqrt(burstVariance),
        common,
        temperatureDelta: airDelta,
      })
      if (shelf.motions.length > 0) shelf.motions = shelf.motions.filter((motion) => motion.endMs > atMs)
    }
    if (rings.length > 0) rings = rings.filter((slam) => slam.endMs > atMs)
  }
  function runTimers() {
    for (;;) {
      const index = timers.findIndex((timer) => timer.atMs <= nowMs)
      const [timer] = index < 0 ? [] : timers.splice(index, 1)
      if (timer === undefined) return
      timer.run()
    }
  }
  function advance(toMs: number) {
    if (toMs - nowMs > LONGEST_CATCH_UP_MS) {
      fridge.step(toMs - LONGEST_CATCH_UP_MS - nowMs, { isDoorOpen: isAnyDoorOpen(), isMainsOn })
      nowMs = toMs - LONGEST_CATCH_UP_MS
      nextConversionMs = nowMs + periodMs
      runTimers()
    }
    while (nowMs < toMs) {
      const nextTimerMs = Math.min(...timers.map((timer) => timer.atMs))
      const untilMs = Math.max(nowMs, Math.min(toMs, nextConversionMs, nextTimerMs))
      fridge.step(untilMs - nowMs, { isDoorOpen: isAnyDoorOpen(), isMainsOn })
      nowMs = untilMs
      runTimers()
      if (nowMs >= nextConversionMs) {
        convert(nextConversionMs)
        nextConversionMs += periodMs
      }
    }
  }

  if (saved === undefined) stock()
  else {
    for (const { place: where, ...item } of saved.items) place(item, where)
  }
  // The first conversion is there before anybody asks.
  convert(nowMs)

  return {
    get nowMs() {
      return nowMs
    },
    get revision() {
      return revision
    },
    get isMainsOn() {
      return isMainsOn
    },
    get digits() {
      return digits
    },
    showDigits(given) {
      digits = given
    },
    shelfIds: shelves.map((shelf) => shelf.id),
    products,
    lanesOf: (shelfId) => goodsFile.planogram.shelves.find((shelf) => shelf.id === shelfId)?.lanes ?? [],
    lock,
    doors,
    doorOf: (shelfId) => doorOfShelf.get(shelfId) ?? 0,
    fridge,
    advance,
    snapshot: () => ({
      lock: lockSnapshot(lock),
      doors: doors.map(lockSnapshot),
      climate: fridgeSnapshot(fridge),
      isMainsOn,
      digits,
      hand: itemsAt('hand'),
      shelves: shelves.map((shelf) => ({
        id: shelf.id,
        netGrams:
          shelf.cell.latest.status === 'ok' ? shelf.cell.latest.grossGrams - shelf.tareGrams : undefined,
        fault: shelf.cell.fault,
        gain: shelf.cell.character.gain,
        weightGrams: items.get(weights.get(shelf.id) ?? '')?.grams ?? 0,
        items: itemsAt(shelf.id),
        isTouched: shelf.motions.length > 0,
      })),
    }),
    scale(shelfId) {
      const { cell, tareGrams } = shelfOf(shelfId)
      const reading = cell.latest
      return {
        status: reading.status,
        grossGrams: reading.status === 'ok' ? reading.grossGrams : 0,
        tareGrams,
      }
    },
    tare(shelfId, grams) {
      const shelf = shelfOf(shelfId)
      const reading = shelf.cell.latest
      if (grams !== undefined) shelf.tareGrams = grams
      else if (reading.status === 'ok') shelf.tareGrams = reading.grossGrams
      revision++
    },
    setSetpoint(deciCelsius) {
      const isAccepted = fridge.setSetpoint(deciCelsius)
      if (isAccepted) revision++
      return isAccepted
    },
    openDoor(door = 0) {
      const own = doorAt(door)
      if (own.isDoorOpen) return
      if (!own.openDoor()) {
        throw new CabinetError(
          'precondition_failed',
          'The door is locked: the bolt is seated. Unlock it over the bus first, turn the manual key, or force it.',
          { context: { reason: 'bolt_seated' } },
        )
      }
      addRing([10, 30])
    },
    closeDoor({ isSoft = false, door = 0 } = {}) {
      const own = doorAt(door)
      if (!own.isDoorOpen) return
      own.closeDoor()
      addRing(isSoft ? [5, 25] : [20, 200])
    },
    forceDoor(door = 0) {
      const own = doorAt(door)
      if (own.isDoorOpen) return
      own.forceDoor()
      addRing([150, 200])
    },
    setMains(isOn) {
      isMainsOn = isOn
    },
    take({ shelf: shelfId, sku, itemId, style = 'normal', holdMs }) {
      needOpenDoor(shelfId)
      const shelf = shelfOf(shelfId)
      const item = pick(itemsAt(shelfId), `on ${shelfId}`, { sku, itemId })
      const motion = liftMotion({
        random,
        startMs: nowMs,
        grams: item.grams,
        isQuick: style === 'quick',
        holdMs: style === 'hold' ? (holdMs ?? between(random, [2000, 10_000])) : 0,
      })
      place(item, 'hand')
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    putBack({ shelf: shelfId, sku, itemId }) {
      needOpenDoor(shelfId)
      const shelf = shelfOf(shelfId)
      const item = pick(itemsAt('hand'), 'in the hand', { sku, itemId })
      const motion = placeMotion({ random, startMs: nowMs, grams: item.grams })
      place(item, { shelf: shelfId })
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    lean({ shelf: shelfId, grams, durationMs }) {
      needOpenDoor(shelfId)
      shelfOf(shelfId).motions.push(leanMotion({ random, startMs: nowMs, grams, durationMs }))
    },
    touch({ shelf: shelfId, durationMs }) {
      needOpenDoor(shelfId)
      shelfOf(shelfId).motions.push(touchMotion({ random, startMs: nowMs, durationMs }))
    },
    addForeign({ shelf: shelfId, grams }) {
      needOpenDoor(shelfId)
      const shelf = shelfOf(shelfId)
      const item = goods.foreign(grams)
      const motion = placeMotion({ random, startMs: nowMs, grams })
      place(item, { shelf: shelfId })
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    restock({ shelf: shelfId, sku, quantity }) {
      needOpenDoor(shelfId)
      const shelf = shelfOf(shelfId)
      if (places.size + quantity > MOST_ITEMS) {
        throw new CabinetError(
          'precondition_failed',
          `The cabinet is full: it holds at most ${MOST_ITEMS} things.`,
        )
      }
      const delivered = deliver(shelfId, sku, quantity)
      const grams = delivered.reduce((sum, item) => sum + item.grams, 0)
      shelf.motions.push(placeMotion({ random, startMs: nowMs, grams }))
      return delivered
    },
    emptyHand() {
      const gone = itemsAt('hand')
      for (const item of gone) {
        items.delete(item.itemId)
        places.delete(item.itemId)
      }
      if (gone.length > 0) revision++
      return gone
    },
    setCellFault(shelfId, fault) {
      shelfOf(shelfId).cell.setFault(fault)
    },
    setCellGain(shelfId, gain) {
      shelfOf(shelfId).cell.setGain(gain)
      revision++
    },
    unload: (shelfId) => move(shelfId, itemsAt(shelfId), 'hand'),
    reload(shelfId) {
      const own = itemsAt('hand').filter((item) => item.homeShelf === shelfId)
      return move(shelfId, own, { shelf: shelfId })
    },
    putWeight(shelfId, grams) {
      needOpenDoor(shelfId)
      const shelf = shelfOf(shelfId)
      const before = weights.get(shelfId)
      if (before !== undefined) {
        items.delete(before)
        places.delete(before)
        weights.delete(shelfId)
        revision++
      }
      if (grams === 0) return
      const weight = goods.foreign(grams)
      weights.set(shelfId, weight.itemId)
      place(weight, { shelf: shelfId })
      shelf.motions.push(placeMotion({ random, startMs: nowMs, grams }))
    },
    reset() {
      for (const one of doors) one.reset()
      fridge.setProbe('ok')
      fridge.setAmbient(250)
      fridge.setAir(fridge.setpointDeciCelsius)
      fridge.stopDefrost()
      isMainsOn = true
      digits = null
      weights.clear()
      rings = []
      for (const shelf of shelves) {
        shelf.cell.setFault('none')
        shelf.motions = []
      }
      stock()
    },
    save: () => ({
      version: 1,
      nextNumber: goods.nextNumber,
      setpointDeciCelsius: fridge.setpointDeciCelsius,
      items: [...places].flatMap(([itemId, where]) => {
        const item = items.get(itemId)
        return item === undefined ? [] : [{ ...item, place: where }]
      }),
      cells: Object.fromEntries(
        shelves.map(({ id, cell, tareGrams }) => [id, { character: cell.character, tareGrams }]),
      ),
    }),
  }
}
