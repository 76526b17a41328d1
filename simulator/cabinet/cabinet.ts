import { CabinetError } from '#protocol/base/errors.ts'
import type { Random } from '#protocol/base/random.ts'
import type { Cabinet, Place, SavedCabinet } from './cabinet-types.ts'
import { createFridge, fridgeSnapshot } from './fridge.ts'
import type { GoodsFile } from './goods-file.ts'
import type { Item } from './goods.ts'
import { defaultLoadCell, type LoadCellSettings } from './load-cell.ts'
import { createLock, type Lock, lockSnapshot } from './lock.ts'
import { between, leanMotion, liftMotion, placeMotion, touchMotion } from './motions.ts'
import { createScales, type Scale } from './scales.ts'
import { createStock } from './stock.ts'

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
  /** Weights of a technician, by shelf. */
  const weights = new Map<string, string>()
  const periodMs = 1000 / settings.sampleHz
  let nowMs = options.startMs
  let nextConversionMs = nowMs + periodMs
  let revision = 0
  let isMainsOn = true
  let digits: number | null = null
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
  const shelfIds = goodsFile.planogram.shelves.map(({ id }) => id)
  const scales = createScales({ shelfIds, random, settings, saved })
  const stock = createStock({ goodsFile, random, seed: options.seed, saved, onChange: () => void revision++ })

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
  /** The shelf behind an open door, and the hand that may reach into it. */
  function reach(shelfId: string): Scale {
    needOpenDoor(shelfId)
    return scales.of(shelfId)
  }
  /** Many goods at once, as somebody does who empties or fills a shelf by the armful. */
  function move(shelfId: string, moved: Item[], where: Place): Item[] {
    const shelf = reach(shelfId)
    for (const item of moved) stock.place(item, where)
    shelf.motions.push(touchMotion({ random, startMs: nowMs, durationMs: HANDFUL_MS }))
    return moved
  }
  function convert(atMs: number) {
    scales.convert(atMs, stock.gramsByShelf(), (fridge.airDeciCelsius - firstSetpoint) / 10)
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

  if (saved === undefined) stock.fill()
  else {
    for (const { place, ...item } of saved.items) stock.place(item, place)
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
    shelfIds,
    products: stock.products,
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
      hand: stock.at('hand'),
      shelves: scales.shelves.map((shelf) => ({
        id: shelf.id,
        netGrams:
          shelf.cell.latest.status === 'ok' ? shelf.cell.latest.grossGrams - shelf.tareGrams : undefined,
        fault: shelf.cell.fault,
        gain: shelf.cell.character.gain,
        weightGrams: stock.find(weights.get(shelf.id) ?? '')?.grams ?? 0,
        items: stock.at(shelf.id),
        isTouched: shelf.motions.length > 0,
      })),
    }),
    scale(shelfId) {
      const { cell, tareGrams } = scales.of(shelfId)
      const reading = cell.latest
      return {
        status: reading.status,
        grossGrams: reading.status === 'ok' ? reading.grossGrams : 0,
        tareGrams,
      }
    },
    tare(shelfId, grams) {
      const shelf = scales.of(shelfId)
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
      scales.shake(nowMs, [10, 30])
    },
    closeDoor({ isSoft = false, door = 0 } = {}) {
      const own = doorAt(door)
      if (!own.isDoorOpen) return
      own.closeDoor()
      scales.shake(nowMs, isSoft ? [5, 25] : [20, 200])
    },
    forceDoor(door = 0) {
      const own = doorAt(door)
      if (own.isDoorOpen) return
      own.forceDoor()
      scales.shake(nowMs, [150, 200])
    },
    setMains(isOn) {
      isMainsOn = isOn
    },
    take({ shelf: shelfId, sku, itemId, style = 'normal', holdMs }) {
      const shelf = reach(shelfId)
      const item = stock.pick(shelfId, { sku, itemId })
      const motion = liftMotion({
        random,
        startMs: nowMs,
        grams: item.grams,
        isQuick: style === 'quick',
        holdMs: style === 'hold' ? (holdMs ?? between(random, [2000, 10_000])) : 0,
      })
      stock.place(item, 'hand')
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    putBack({ shelf: shelfId, sku, itemId }) {
      const shelf = reach(shelfId)
      const item = stock.pick('hand', { sku, itemId })
      const motion = placeMotion({ random, startMs: nowMs, grams: item.grams })
      stock.place(item, { shelf: shelfId })
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    lean({ shelf: shelfId, grams, durationMs }) {
      reach(shelfId).motions.push(leanMotion({ random, startMs: nowMs, grams, durationMs }))
    },
    touch({ shelf: shelfId, durationMs }) {
      reach(shelfId).motions.push(touchMotion({ random, startMs: nowMs, durationMs }))
    },
    addForeign({ shelf: shelfId, grams }) {
      const shelf = reach(shelfId)
      const item = stock.foreign(grams)
      const motion = placeMotion({ random, startMs: nowMs, grams })
      stock.place(item, { shelf: shelfId })
      shelf.motions.push(motion)
      return { item, doneAtMs: motion.endMs }
    },
    restock({ shelf: shelfId, sku, quantity }) {
      const shelf = reach(shelfId)
      if (stock.size + quantity > MOST_ITEMS) {
        throw new CabinetError(
          'precondition_failed',
          `The cabinet is full: it holds at most ${MOST_ITEMS} things.`,
        )
      }
      const delivered = stock.deliver(shelfId, sku, quantity)
      const grams = delivered.reduce((sum, item) => sum + item.grams, 0)
      shelf.motions.push(placeMotion({ random, startMs: nowMs, grams }))
      return delivered
    },
    emptyHand() {
      const gone = stock.at('hand')
      for (const { itemId } of gone) stock.remove(itemId)
      return gone
    },
    setCellFault(shelfId, fault) {
      scales.of(shelfId).cell.setFault(fault)
    },
    setCellGain(shelfId, gain) {
      scales.of(shelfId).cell.setGain(gain)
      revision++
    },
    unload: (shelfId) => move(shelfId, stock.at(shelfId), 'hand'),
    reload(shelfId) {
      const own = stock.at('hand').filter((item) => item.homeShelf === shelfId)
      return move(shelfId, own, { shelf: shelfId })
    },
    putWeight(shelfId, grams) {
      const shelf = reach(shelfId)
      const before = weights.get(shelfId)
      if (before !== undefined) {
        stock.remove(before)
        weights.delete(shelfId)
      }
      if (grams === 0) return
      const weight = stock.foreign(grams)
      weights.set(shelfId, weight.itemId)
      stock.place(weight, { shelf: shelfId })
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
      scales.calm()
      stock.fill()
    },
    save: () => ({
      version: 1,
      ...stock.save(),
      setpointDeciCelsius: fridge.setpointDeciCelsius,
      cells: Object.fromEntries(
        scales.shelves.map(({ id, cell, tareGrams }) => [id, { character: cell.character, tareGrams }]),
      ),
    }),
  }
}
