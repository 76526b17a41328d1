import type { ClimateReading } from '#protocol/messages/climate.ts'
import type { ClimateSample } from '../hardware/ports.ts'

/** Readings gathered for one `climate.reading`: the extremes survive, the flash is spared. */
export interface ClimateWindow {
  readonly startedMonoMs: number
  readonly lastMonoMs: number
  readonly samples: number
  readonly sum: number
  readonly lowest: number
  readonly highest: number
  readonly compressorOnMs: number
  readonly doorOpenMs: number
  readonly setpoint: number | null
}

/** Longer pauses between two readings are gaps, not running compressors. */
const GAP_MS = 30_000

export function startWindow(atMonoMs: number): ClimateWindow {
  return {
    startedMonoMs: atMonoMs,
    lastMonoMs: atMonoMs,
    samples: 0,
    sum: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
    compressorOnMs: 0,
    doorOpenMs: 0,
    setpoint: null,
  }
}

export function evolveWindow(
  window: ClimateWindow,
  sample: ClimateSample,
  isDoorOpen: boolean | null,
): ClimateWindow {
  const sinceMs = Math.min(GAP_MS, Math.max(0, sample.atMonoMs - window.lastMonoMs))
  const air = sample.airDeciCelsius
  return {
    ...window,
    lastMonoMs: sample.atMonoMs,
    samples: window.samples + (air === null ? 0 : 1),
    sum: window.sum + (air ?? 0),
    lowest: air === null ? window.lowest : Math.min(window.lowest, air),
    highest: air === null ? window.highest : Math.max(window.highest, air),
    compressorOnMs: window.compressorOnMs + (sample.isCompressorOn === true ? sinceMs : 0),
    doorOpenMs: window.doorOpenMs + (isDoorOpen === true ? sinceMs : 0),
    setpoint: sample.setpointDeciCelsius ?? window.setpoint,
  }
}

/** @returns undefined when there was not one valid reading; the probe fault tells that */
export function readingOf(window: ClimateWindow): ClimateReading | undefined {
  if (window.samples === 0) return undefined
  return {
    windowMs: Math.round(window.lastMonoMs - window.startedMonoMs),
    airLowest: Math.round(window.lowest),
    airMean: Math.round(window.sum / window.samples),
    airHighest: Math.round(window.highest),
    ...(window.setpoint === null ? {} : { setpoint: Math.round(window.setpoint) }),
    compressorOnMs: Math.round(window.compressorOnMs),
    doorOpenMs: Math.round(window.doorOpenMs),
    samples: window.samples,
  }
}
