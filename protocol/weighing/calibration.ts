/**
 * Maps the beam's own probability of the best receipt to the share of such receipts that proved right.
 * Knots of a monotone piecewise-linear map in log-odds.
 */
export type CalibrationMap = ReadonlyArray<readonly [logOdds: number, calibratedLogOdds: number]>

export const identityCalibration: CalibrationMap = [
  [-12, -12],
  [12, 12],
]

/** Fitted by test/bench/weighing/fit-calibration.ts on tuning seeds, five tiers alike. */
export const shippedCalibration: CalibrationMap = [
  [-12, -12],
  [-2.11, -1.9],
  [-1.04, -1.04],
  [-0.57, -0.59],
  [-0.22, -0.16],
  [0.04, 0.3],
  [0.34, 0.32],
  [0.79, 1.11],
  [1.39, 1.81],
  [2.04, 2.69],
  [2.6, 3.29],
  [3.17, 3.61],
  [3.71, 4.21],
  [4.75, 6.42],
  [8.18, 9.13],
  [14, 9.5],
]

export function calibrate(probability: number, map: CalibrationMap): number {
  const p = Math.min(1 - 1e-6, Math.max(1e-6, probability))
  const x = Math.log(p / (1 - p))
  const first = map[0] as readonly [number, number]
  const last = map.at(-1) as readonly [number, number]
  if (x <= first[0]) return logistic(first[1])
  if (x >= last[0]) return logistic(last[1])
  for (let i = 1; i < map.length; i++) {
    const [x1, y1] = map[i] as readonly [number, number]
    if (x > x1) continue
    const [x0, y0] = map[i - 1] as readonly [number, number]
    return logistic(y0 + ((y1 - y0) * (x - x0)) / (x1 - x0))
  }
  return probability
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
