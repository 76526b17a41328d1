import type { TierSummary } from './metrics.ts'

type Figures = { tiers: Record<string, TierSummary> }

const ink = '#24292f'
const faint = '#d0d7de'
const series: ReadonlyArray<{ label: string; colour: string; of: (tier: TierSummary) => number }> = [
  { label: 'oracle: the limit of physics', colour: '#8c959f', of: (tier) => tier.oracleExact },
  { label: 'this engine', colour: '#0969da', of: (tier) => tier.exact },
  {
    label: 'like the competition’s winner',
    colour: '#d4a72c',
    of: (tier) => tier.baselines.mpsLike?.exact ?? 0,
  },
  { label: 'Bayes on net weight', colour: '#bf8700', of: (tier) => tier.baselines.netBayes?.exact ?? 0 },
  { label: 'closest sum', colour: '#cf222e', of: (tier) => tier.baselines.closestSum?.exact ?? 0 },
]

/** Bars: share of sessions exactly right, by tier, against oracle and baselines. */
export function exactPicture(figures: Figures): string {
  const names = Object.keys(figures.tiers)
  const width = 760
  const height = 360
  const left = 48
  const top = 64
  const bottom = 300
  const y = (share: number): number => bottom - (bottom - top) * share
  const band = (width - left - 16) / names.length
  const bar = (band - 24) / series.length
  const parts: string[] = []
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(`<line x1="${left}" x2="${width - 16}" y1="${y(share)}" y2="${y(share)}" stroke="${faint}"/>`)
    parts.push(label(left - 8, y(share) + 4, `${100 * share} %`, 'end'))
  }
  names.forEach((name, i) => {
    const tier = figures.tiers[name] as TierSummary
    const x = left + i * band + 12
    series.forEach(({ colour, of }, j) => {
      const share = of(tier)
      parts.push(
        `<rect x="${fixed(x + j * bar)}" y="${fixed(y(share))}" width="${fixed(bar - 2)}" height="${fixed(bottom - y(share))}" fill="${colour}"/>`,
      )
      if (j < 2)
        parts.push(label(x + j * bar + bar / 2 - 1, y(share) - 4, (100 * share).toFixed(0), 'middle', 10))
    })
    const [low, high] = tier.exactInterval
    const middle = fixed(x + bar * 1.5 - 1)
    parts.push(
      `<line x1="${middle}" x2="${middle}" y1="${fixed(y(low))}" y2="${fixed(y(high))}" stroke="${ink}"/>`,
    )
    parts.push(label(x + (band - 24) / 2, bottom + 20, name, 'middle'))
  })
  series.forEach(({ label: text, colour }, i) => {
    const x = 16 + (i % 3) * 248
    const row = 18 + Math.floor(i / 3) * 20
    parts.push(`<rect x="${x}" y="${row - 10}" width="12" height="12" fill="${colour}"/>`)
    parts.push(label(x + 18, row, text, 'start'))
  })
  parts.push(label(width / 2, height - 12, 'sessions whose receipt is exactly right (simulated)', 'middle'))
  return svg(width, height, 'Share of sessions exactly right by tier', parts)
}

/** Points: what the receipt said of itself against how often that was right; the diagonal is honesty. */
export function reliabilityPicture(figures: Figures): string {
  const size = 420
  const left = 56
  const top = 24
  const inner = 320
  const x = (share: number): number => left + inner * share
  const y = (share: number): number => top + inner * (1 - share)
  const colours = ['#0969da', '#1a7f37', '#bf8700', '#cf222e', '#8250df']
  const parts: string[] = []
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(`<line x1="${x(0)}" x2="${x(1)}" y1="${y(share)}" y2="${y(share)}" stroke="${faint}"/>`)
    parts.push(label(x(0) - 8, y(share) + 4, `${100 * share} %`, 'end'))
    parts.push(label(x(share), y(0) + 18, `${100 * share} %`, 'middle'))
  }
  parts.push(
    `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="${ink}" stroke-dasharray="4 4"/>`,
  )
  Object.entries(figures.tiers).forEach(([name, tier], i) => {
    const colour = colours[i % colours.length] as string
    tier.reliability.told.forEach((told, bin) => {
      const exact = tier.reliability.exact[bin] as number
      parts.push(
        `<circle cx="${fixed(x(told))}" cy="${fixed(y(exact))}" r="4" fill="${colour}" fill-opacity="0.75"/>`,
      )
    })
    parts.push(`<circle cx="${size + 20}" cy="${top + 16 + i * 22}" r="5" fill="${colour}"/>`)
    parts.push(label(size + 32, top + 20 + i * 22, name, 'start'))
  })
  parts.push(label(x(0.5), y(0) + 42, 'probability that the receipt told of itself', 'middle'))
  parts.push(
    `<text transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle" font-size="12" fill="${ink}">share exactly right</text>`,
  )
  return svg(size + 100, size, 'Reliability of the receipt’s probability by tier', parts)
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" font-family="system-ui, sans-serif">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" font-size="${size}" fill="${ink}">${text}</text>`
}

function fixed(value: number): string {
  return value.toFixed(1)
}
