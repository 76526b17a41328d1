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
  [-2.03, -1.89],
  [-0.99, -1.07],
  [-0.51, -0.52],
  [-0.16, -0.16],
  [0.09, 0.15],
  [0.43, 0.43],
  [0.98, 1.15],
  [1.76, 2.06],
  [2.55, 3.06],
  [3.25, 3.51],
  [3.87, 4.19],
  [4.42, 4.7],
  [5.32, 6.91],
  [8.5, 9.1],
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
