import type { Product } from '#simulator/cabinet/goods-file.ts'
import { artOf } from './goods-art.ts'

/** What the camera could see: enough to draw, small enough to be a cache key. */
export interface SceneState {
  readonly isDoorOpen: boolean
  readonly shelves: readonly ShelfScene[]
}
export interface ShelfScene {
  /** Lanes as planned, from left to right. */
  readonly lanes: ReadonlyArray<{ readonly sku: string; readonly planned: number; readonly present: number }>
  /** Goods that have no lane here; '' for something that is not sold at all. */
  readonly strays: readonly string[]
  readonly isTouched: boolean
}

/** One drawing on the picture: `baseY` is where it stands, `x` its left edge. */
export interface Placement {
  readonly sku: string
  readonly x: number
  readonly baseY: number
  readonly scale: number
  /** Goods behind others get less light. */
  readonly light: number
}

export const FRAME_WIDTH = 640
export const FRAME_HEIGHT = 480
const LEFT = 44
const RIGHT = FRAME_WIDTH - 44
const TOP = 22
const BOTTOM = FRAME_HEIGHT - 18
const LANE_GAP = 10
const BACK_ROW = { scale: 0.9, raise: 8, light: 0.84 } as const

/** Where everything stands, from back to front. Two rows a lane; the front row empties first. */
export function layOut(state: SceneState, products: ReadonlyMap<string, Product>): Placement[] {
  return state.shelves.flatMap((shelf, index) =>
    layOutShelf(shelf, products, floorOf(index, state.shelves.length)),
  )
}

function layOutShelf(
  shelf: ShelfScene,
  products: ReadonlyMap<string, Product>,
  floor: { y: number; pitch: number },
): Placement[] {
  const widest = (floor.pitch - 20) / 70
  const lanes = shelf.lanes.map((lane) => {
    const perRow = Math.max(1, Math.ceil(Math.max(lane.planned, lane.present) / 2))
    return { ...lane, perRow, width: artOf(lane.sku, products).width }
  })
  const room = RIGHT - LEFT - 16 - LANE_GAP * Math.max(0, lanes.length - 1)
  const natural = lanes.reduce((sum, lane) => sum + lane.perRow * (lane.width + 2), 0)
  const scale = Math.min(widest, room / Math.max(1, natural))
  // Room that the goods do not need is spread between them.
  const stretch = Math.min(1.5, room / Math.max(1, natural * scale))
  const behind: Placement[] = []
  const front: Placement[] = []
  let x = LEFT + 8
  for (const lane of lanes) {
    const pitch = (lane.width + 2) * scale * stretch
    const behindCount = Math.min(lane.present, lane.perRow)
    for (let i = 0; i < lane.present; i++) {
      const isBehind = i < behindCount
      const place = isBehind ? i : i - behindCount
      const size = isBehind ? scale * BACK_ROW.scale : scale
      const placement = {
        sku: lane.sku,
        x: Math.round(x + place * pitch + (isBehind ? 3 : 0)),
        baseY: Math.round(floor.y - (isBehind ? BACK_ROW.raise : 1)),
        scale: size,
        light: isBehind ? BACK_ROW.light : 1,
      }
      ;(isBehind ? behind : front).push(placement)
    }
    x += lane.perRow * pitch + LANE_GAP
  }
  for (const [index, sku] of shelf.strays.entries()) {
    // Put down in front of the others, where there happened to be room.
    const at = LEFT + 70 + ((index * 173) % (RIGHT - LEFT - 160))
    front.push({ sku, x: at, baseY: Math.round(floor.y + 4), scale: scale * 1.08, light: 1 })
  }
  return [...behind, ...front]
}

function floorOf(index: number, shelfCount: number): { y: number; pitch: number } {
  const pitch = (BOTTOM - TOP) / shelfCount
  return { y: TOP + pitch * (index + 1) - 9, pitch }
}

/** The empty cabinet. */
export function drawRoom(shelfCount: number, isDoorOpen: boolean): string {
  const wall = isDoorOpen ? ['#f2f4f3', '#c9ced1'] : ['#e3e9ee', '#b3bcc5']
  const shelves = Array.from({ length: shelfCount }, (_, index) => {
    const { y, pitch } = floorOf(index, shelfCount)
    return (
      `<rect x="${LEFT}" y="${y - pitch + 17}" width="${RIGHT - LEFT}" height="6" fill="#1d2a36" opacity=".10"/>` +
      `<rect x="${LEFT}" y="${y - 9}" width="${RIGHT - LEFT}" height="9" fill="#1d2a36" opacity=".13"/>` +
      `<path d="M${LEFT - 10},${y + 8} L${LEFT},${y - 4} L${RIGHT},${y - 4} L${RIGHT + 10},${y + 8} Z" fill="#d7dee4"/>` +
      `<rect x="${LEFT - 10}" y="${y + 7}" width="${RIGHT - LEFT + 20}" height="4" fill="#8d99a4"/>`
    )
  })
  return (
    frame() +
    `<defs><linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${wall[0]}"/><stop offset="1" stop-color="${wall[1]}"/></linearGradient></defs>` +
    '<rect width="100%" height="100%" fill="#39424b"/>' +
    `<path d="M0,0 L${LEFT},${TOP} L${LEFT},${BOTTOM} L0,${FRAME_HEIGHT} Z" fill="#aab4bd"/>` +
    `<path d="M${FRAME_WIDTH},0 L${RIGHT},${TOP} L${RIGHT},${BOTTOM} L${FRAME_WIDTH},${FRAME_HEIGHT} Z" fill="#9aa5af"/>` +
    `<path d="M0,0 L${FRAME_WIDTH},0 L${RIGHT},${TOP} L${LEFT},${TOP} Z" fill="#f7fafc"/>` +
    `<rect x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" height="${BOTTOM - TOP}" fill="url(#wall)"/>` +
    `${shelves.join('')}</svg>`
  )
}

/** The lamp at the top: bright above, shade below. Drawn over the goods. */
export function drawLamp(): string {
  return (
    frame() +
    '<defs><radialGradient id="lamp" cx=".5" cy="0" r="1.1"><stop offset="0" stop-color="#fff" stop-opacity=".36"/><stop offset=".6" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#0a1620" stop-opacity=".3"/></radialGradient></defs>' +
    '<rect width="100%" height="100%" fill="url(#lamp)"/></svg>'
  )
}

/** A sleeve and a hand that reach into one shelf from below. */
export function drawArm(index: number, shelfCount: number): string {
  const floor = floorOf(index, shelfCount)
  const y = floor.y - floor.pitch * 0.35
  const x = 300 + 60 * Math.sin(index * 2.1)
  return (
    frame() +
    `<path d="M${x + 60},${FRAME_HEIGHT} L${x + 190},${FRAME_HEIGHT} L${x + 44},${y + 10} L${x - 4},${y + 26} Z" fill="#4a5a78"/>` +
    `<path d="M${x - 6},${y + 30} Q${x - 30},${y - 8} ${x + 2},${y - 16} Q${x + 40},${y - 18} ${x + 46},${y + 14} Z" fill="#d9a583"/>` +
    `<path d="M${x - 10},${y + 2} q-20,-8 -24,-20 M${x + 4},${y - 12} q-12,-16 -8,-26 M${x + 22},${y - 14} q-2,-16 4,-24" stroke="#d9a583" stroke-width="10" stroke-linecap="round" fill="none"/></svg>`
  )
}

/** A hand or a cloth right before the lens: dark, soft, nearly without detail. */
export function drawCover(): string {
  return (
    frame() +
    '<defs><radialGradient id="c" cx=".62" cy=".35" r=".9"><stop offset="0" stop-color="#2c2019"/><stop offset="1" stop-color="#150f0c"/></radialGradient></defs>' +
    '<rect width="100%" height="100%" fill="url(#c)"/></svg>'
  )
}

function frame(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}" viewBox="0 0 ${FRAME_WIDTH} ${FRAME_HEIGHT}">`
}
