import type { DeciCelsius } from '#protocol/base/units.ts'
import type { ProbeFault } from '#protocol/messages/climate.ts'
import type { ClimateSample } from '../hardware/ports.ts'
import {
  airOf,
  apartOf,
  evolveProbe,
  evolveSilence,
  initialProbe,
  type ProbeLimits,
  type ProbeState,
} from './probe.ts'

export interface ProbesLimits extends ProbeLimits {
  /** Two probes further apart than this … */
  readonly apart: DeciCelsius
  /** … for this long do not both measure this cabinet. */
  readonly apartMs: number
}

/** `pair` stands for two probes that disagree: which of them is wrong cannot be known from here. */
export type ProbeName = 'air' | 'air-second' | 'pair'
export interface ProbeChange {
  readonly phase: 'began' | 'ended'
  readonly probe: ProbeName
  readonly fault: ProbeFault
}

/** All air probes of a cabinet: what they say together, and what began or ended to be wrong with them. */
export interface Probes {
  /** Null: no probe can be believed. */
  readonly air: DeciCelsius | null
  onSample(sample: ClimateSample, isDoorOpen: boolean | null): ProbeChange[]
  /** Also when no sample came. */
  look(atMonoMs: number): ProbeChange[]
}

/** @param known  the faults that were told before a restart */
export function createProbes(
  limits: ProbesLimits,
  startMonoMs: number,
  known: Readonly<Partial<Record<ProbeName, ProbeFault>>>,
): Probes {
  const probes = new Map<'air' | 'air-second', ProbeState>([['air', initialProbe(startMonoMs)]])
  const told: Partial<Record<ProbeName, ProbeFault>> = { ...known }
  let apartSinceMonoMs: number | undefined
  let lastSampleMonoMs = Number.NEGATIVE_INFINITY

  function changes(atMonoMs: number): ProbeChange[] {
    const states = [...probes.values()]
    const apart = apartOf(states)
    if (apart === null || apart <= limits.apart) apartSinceMonoMs = undefined
    else apartSinceMonoMs ??= atMonoMs
    const isApart = apartSinceMonoMs !== undefined && atMonoMs - apartSinceMonoMs >= limits.apartMs
    const now: Array<readonly [ProbeName, ProbeFault | undefined, boolean]> = [
      ...[...probes].map(([name, { fault, air }]) => [name, fault, air !== null] as const),
      ['pair', isApart ? 'disagree' : undefined, apart !== null && !isApart],
    ]
    return now.flatMap(([probe, fault, isSound]) => changesOf(probe, fault, isSound))
  }
  function changesOf(probe: ProbeName, fault: ProbeFault | undefined, isSound: boolean): ProbeChange[] {
    const before = told[probe]
    if (fault === before) return []
    // After a restart a fault is over when a reading shows it, not while there is none.
    if (fault === undefined && !isSound) return []
    const ended: ProbeChange[] = before === undefined ? [] : [{ phase: 'ended', probe, fault: before }]
    if (fault === undefined) {
      delete told[probe]
      return ended
    }
    told[probe] = fault
    return [...ended, { phase: 'began', probe, fault }]
  }

  return {
    get air() {
      return airOf([...probes.values()])
    },
    onSample(sample, isDoorOpen) {
      const atMonoMs = sample.atMonoMs
      if (atMonoMs <= lastSampleMonoMs) return []
      lastSampleMonoMs = atMonoMs
      const raws = { air: sample.airDeciCelsius, 'air-second': sample.secondAirDeciCelsius }
      for (const name of ['air', 'air-second'] as const) {
        const raw = raws[name]
        if (raw === undefined) continue
        const state = probes.get(name) ?? initialProbe(atMonoMs)
        const view = { atMonoMs, raw, isDoorOpen, isCompressorOn: sample.isCompressorOn }
        probes.set(name, evolveProbe(state, view, limits))
      }
      return changes(atMonoMs)
    },
    look(atMonoMs) {
      for (const [name, state] of probes) probes.set(name, evolveSilence(state, atMonoMs, limits))
      return changes(atMonoMs)
    },
  }
}
