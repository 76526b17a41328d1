import type { Product } from '#simulator/cabinet/goods-file.ts'
import { foreignArt, type GoodsArt, goodsArt } from './goods-art.ts'

/** What the camera could see: enough to draw, small enough to be a cache key. */
export interface SceneState {
  readonly isDoorOpen: boolean
  readonly shelves: ReadonlyArray<{
    /** SKUs from left to right, '' for a foreign object. */
    readonly skus: readonly string[]
    readonly isTouched: boolean
  }>
}

export const FRAME_WIDTH = 640
export const FRAME_HEIGHT = 480
const LEFT = 44
const RIGHT = FRAME_WIDTH - 44
const TOP = 22
const BOTTOM = FRAME_HEIGHT - 18

/** The inside of the cabinet, seen from the door. @param view  how far the camera was knocked aside; none when right */
export function drawScene(
  state: SceneState,
  products: ReadonlyMap<string, Product>,
  view: { shiftX: number; shiftY: number; degrees: number } = { shiftX: 0, shiftY: 0, degrees: 0 },
): string {
  const pitch = (BOTTOM - TOP) / state.shelves.length
  const shelves = state.shelves.map((shelf, index) => {
    const floorY = TOP + pitch * (index + 1) - 9
    return (
      drawShelf(shelf.skus, products, floorY, pitch) +
      (shelf.isTouched ? drawArm(floorY - pitch * 0.35, index) : '')
    )
  })
  const wall = state.isDoorOpen ? ['#f2f4f3', '#c9ced1'] : ['#e3e9ee', '#b3bcc5']
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}" viewBox="0 0 ${FRAME_WIDTH} ${FRAME_HEIGHT}">` +
    `<defs><linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${wall[0]}"/><stop offset="1" stop-color="${wall[1]}"/></linearGradient>` +
    '<radialGradient id="lamp" cx=".5" cy="0" r="1.1"><stop offset="0" stop-color="#fff" stop-opacity=".42"/><stop offset=".6" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#0a1620" stop-opacity=".3"/></radialGradient></defs>' +
    '<rect width="100%" height="100%" fill="#39424b"/>' +
    `<g transform="translate(${view.shiftX} ${view.shiftY}) rotate(${view.degrees} ${FRAME_WIDTH / 2} ${FRAME_HEIGHT / 2})">` +
    `<path d="M0,0 L${LEFT},${TOP} L${LEFT},${BOTTOM} L0,${FRAME_HEIGHT} Z" fill="#aab4bd"/>` +
    `<path d="M${FRAME_WIDTH},0 L${RIGHT},${TOP} L${RIGHT},${BOTTOM} L${FRAME_WIDTH},${FRAME_HEIGHT} Z" fill="#9aa5af"/>` +
    `<path d="M0,0 L${FRAME_WIDTH},0 L${RIGHT},${TOP} L${LEFT},${TOP} Z" fill="#f7fafc"/>` +
    `<rect x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" height="${BOTTOM - TOP}" fill="url(#wall)"/>` +
    shelves.join('') +
    '</g>' +
    '<rect width="100%" height="100%" fill="url(#lamp)"/></svg>'
  )
}

function drawShelf(
  skus: readonly string[],
  products: ReadonlyMap<string, Product>,
  floorY: number,
  pitch: number,
): string {
  const arts = skus.map((sku) => artOf(sku, products))
  const scale = Math.min(1.12, (pitch - 22) / 66)
  const natural = arts.reduce((sum, art) => sum + art.width * scale + 3, 0)
  const room = RIGHT - LEFT - 24
  const squeeze = natural > room ? room / natural : 1
  let x = LEFT + 12
  const goods = arts.map((art) => {
    const place = `translate(${x.toFixed(1)} ${floorY}) scale(${scale.toFixed(3)})`
    x += (art.width * scale + 3) * squeeze
    const shade = `<ellipse cx="${art.width / 2}" cy="1" rx="${art.width * 0.55}" ry="3" fill="#16202a" opacity=".25"/>`
    return `<g transform="${place}">${shade}${art.svg}</g>`
  })
  return (
    `<rect x="${LEFT}" y="${floorY - pitch + 17}" width="${RIGHT - LEFT}" height="5" fill="#1d2a36" opacity=".10"/>` +
    goods.join('') +
    `<path d="M${LEFT - 10},${floorY + 8} L${LEFT},${floorY} L${RIGHT},${floorY} L${RIGHT + 10},${floorY + 8} Z" fill="#d7dee4"/>` +
    `<rect x="${LEFT - 10}" y="${floorY + 7}" width="${RIGHT - LEFT + 20}" height="4" fill="#8d99a4"/>`
  )
}

function artOf(sku: string, products: ReadonlyMap<string, Product>): GoodsArt {
  const product = products.get(sku)
  return product === undefined ? foreignArt : goodsArt(product)
}

/** A sleeve and a hand that reach in from below. */
function drawArm(y: number, index: number): string {
  const x = 300 + 60 * Math.sin(index * 2.1)
  return (
    `<path d="M${x + 60},${FRAME_HEIGHT} L${x + 190},${FRAME_HEIGHT} L${x + 44},${y + 10} L${x - 4},${y + 26} Z" fill="#4a5a78"/>` +
    `<path d="M${x - 6},${y + 30} Q${x - 30},${y - 8} ${x + 2},${y - 16} Q${x + 40},${y - 18} ${x + 46},${y + 14} Z" fill="#d9a583"/>` +
    `<path d="M${x - 10},${y + 2} q-20,-8 -24,-20 M${x + 4},${y - 12} q-12,-16 -8,-26 M${x + 22},${y - 14} q-2,-16 4,-24" stroke="#d9a583" stroke-width="10" stroke-linecap="round" fill="none"/>`
  )
}

/** A hand or a cloth right before the lens: dark, soft, nearly without detail. */
export function drawCover(): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME_WIDTH}" height="${FRAME_HEIGHT}">` +
    '<defs><radialGradient id="c" cx=".62" cy=".35" r=".9"><stop offset="0" stop-color="#2c2019"/><stop offset="1" stop-color="#150f0c"/></radialGradient></defs>' +
    '<rect width="100%" height="100%" fill="url(#c)"/></svg>'
  )
}
