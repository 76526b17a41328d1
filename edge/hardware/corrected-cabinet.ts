import type { Grams } from '#protocol/base/units.ts'
import type { EdgeDatabase } from '../database.ts'
import type { CabinetHardware, ScaleSweep } from './ports.ts'

/** What a calibration found out about one sensor: true grams = (its reading − zero) × gain. */
export interface ScaleCorrection {
  readonly zeroGrams: Grams
  readonly gain: number
}
export const noCorrection: ScaleCorrection = { zeroGrams: 0, gain: 1 }

/** The corrections of this cabinet, kept across restarts. */
export interface ScaleCorrections {
  of(sensor: string): ScaleCorrection
  /** Inside the transaction that ends the calibration; holds from its commit on. */
  save(changes: Readonly<Record<string, ScaleCorrection>>): void
}

const DOCUMENT = 'scale-corrections'

export function createScaleCorrections(db: EdgeDatabase): ScaleCorrections {
  let known = db.readDocument<Record<string, ScaleCorrection>>(DOCUMENT) ?? {}
  return {
    of: (sensor) => known[sensor] ?? noCorrection,
    save(changes) {
      const next = { ...known, ...changes }
      db.saveDocument(DOCUMENT, next)
      db.afterCommit(() => {
        known = next
      })
    },
  }
}

export function correctSweep(sweep: ScaleSweep, corrections: Pick<ScaleCorrections, 'of'>): ScaleSweep {
  let grams: Record<string, Grams | null> | undefined
  for (const sensor in sweep.grams) {
    const { zeroGrams, gain } = corrections.of(sensor)
    const value = sweep.grams[sensor]
    if (value == null || (zeroGrams === 0 && gain === 1)) continue
    grams ??= { ...sweep.grams }
    // A hundredth of a gram is below every scale; unrounded figures would only fill the trace with digits.
    grams[sensor] = Math.round((value - zeroGrams) * gain * 100) / 100
  }
  return grams === undefined ? sweep : { ...sweep, grams }
}

/** The same cabinet, with scales that read what a calibration says they should. */
export function correctCabinet(
  hardware: CabinetHardware,
  corrections: Pick<ScaleCorrections, 'of'>,
): CabinetHardware {
  const { lock, furtherLocks, thermostat, sensors, tares, startDefrost, showDigits } = hardware
  return {
    lock,
    thermostat,
    sensors,
    ...(furtherLocks === undefined ? {} : { furtherLocks }),
    ...(tares === undefined ? {} : { tares }),
    ...(startDefrost === undefined ? {} : { startDefrost }),
    ...(showDigits === undefined ? {} : { showDigits }),
    board: () => hardware.board(),
    climate: () => hardware.climate(),
    setPace: (pace) => hardware.setPace(pace),
    stop: () => hardware.stop(),
    scales: () => correctSweep(hardware.scales(), corrections),
    start: (listener) =>
      hardware.start({
        onBoard: (reading) => listener.onBoard(reading),
        onClimate: (sample) => listener.onClimate(sample),
        onBusFault: (fault) => listener.onBusFault(fault),
        onScales: (sweep) => listener.onScales(correctSweep(sweep, corrections)),
      }),
  }
}
