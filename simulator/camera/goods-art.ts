import type { Picture, Product } from '#simulator/cabinet/goods-file.ts'

/** One good as a drawing whose base line is y = 0 and whose left edge is x = 0; heights grow upwards (negative y). */
export interface GoodsArt {
  readonly width: number
  readonly height: number
  /** Elements without a root. */
  readonly svg: string
}

type Shape = Picture['shape']
/** Drawing units: about millimetres, halved. */
const SIZES: Readonly<Record<Shape, { width: number; height: number }>> = {
  can: { width: 30, height: 56 },
  bottle: { width: 27, height: 66 },
  cup: { width: 38, height: 40 },
  box: { width: 34, height: 50 },
  bag: { width: 42, height: 54 },
}

/** The drawing of a SKU; a plain parcel for what is not sold here. */
export function artOf(sku: string, products: ReadonlyMap<string, Product>): GoodsArt {
  const product = products.get(sku)
  return product === undefined ? foreignArt : goodsArt(product)
}

/** The camera and the workshop page draw the same goods. */
export function goodsArt(product: Product): GoodsArt {
  const { shape, color, accent } = product.picture
  const { width: w, height: h } = SIZES[shape]
  const letter = (product.name.en.trim()[0] ?? '?').toUpperCase()
  return { width: w, height: h, svg: DRAW[shape]({ w, h, color, accent, letter }) }
}

interface Pen {
  readonly w: number
  readonly h: number
  readonly color: string
  readonly accent: string
  readonly letter: string
}

const DRAW: Readonly<Record<Shape, (pen: Pen) => string>> = {
  can: ({ w, h, color, accent, letter }) =>
    `<path d="M2,-3 Q${w / 2},2 ${w - 2},-3 L${w},-8 L${w},${-h + 8} L${w - 3},${-h + 2} L3,${-h + 2} L0,${-h + 8} L0,-8 Z" fill="${color}"/>` +
    `<ellipse cx="${w / 2}" cy="${-h + 3}" rx="${w / 2 - 2}" ry="3" fill="#d9dde0"/>` +
    `<ellipse cx="${w / 2}" cy="${-h + 3}" rx="${w / 2 - 6}" ry="1.7" fill="#a9afb4"/>` +
    `<path d="M0,${-h * 0.62} Q${w / 2},${-h * 0.42} ${w},${-h * 0.66} L${w},${-h * 0.36} Q${w / 2},${-h * 0.14} 0,${-h * 0.32} Z" fill="${accent}" opacity=".92"/>` +
    mark(letter, w / 2, -h * 0.36, 12, contrast(accent)) +
    sheen(w, h, 8),
  bottle: ({ w, h, color, accent, letter }) =>
    `<path d="M1,-2 Q${w / 2},2 ${w - 1},-2 L${w},-6 L${w},${-h * 0.6} Q${w},${-h * 0.74} ${w * 0.68},${-h * 0.82} L${w * 0.68},${-h + 6} L${w * 0.32},${-h + 6} L${w * 0.32},${-h * 0.82} Q0,${-h * 0.74} 0,${-h * 0.6} L0,-6 Z" fill="${color}" opacity=".93"/>` +
    `<rect x="${w * 0.28}" y="${-h}" width="${w * 0.44}" height="7" rx="1.5" fill="${accent}"/>` +
    `<rect x="0" y="${-h * 0.52}" width="${w}" height="${h * 0.3}" fill="${accent}"/>` +
    mark(letter, w / 2, -h * 0.31, 11, contrast(accent)) +
    sheen(w, h * 0.6, 4),
  cup: ({ w, h, color, accent, letter }) =>
    `<path d="M${w * 0.14},-1 Q${w / 2},2 ${w * 0.86},-1 L${w},${-h + 5} L0,${-h + 5} Z" fill="${color}"/>` +
    `<rect x="-1" y="${-h}" width="${w + 2}" height="6" rx="2.5" fill="${accent}"/>` +
    `<path d="M${w * 0.08},${-h * 0.5} L${w * 0.92},${-h * 0.5} L${w * 0.87},${-h * 0.2} L${w * 0.13},${-h * 0.2} Z" fill="${accent}" opacity=".85"/>` +
    mark(letter, w / 2, -h * 0.27, 10, contrast(accent)) +
    sheen(w, h - 6, 3),
  box: ({ w, h, color, accent, letter }) =>
    `<rect x="0" y="${-h}" width="${w}" height="${h}" rx="2" fill="${color}"/>` +
    `<path d="M0,${-h + 2} L${w / 2},${-h - 5} L${w},${-h + 2} Z" fill="${color}" stroke="#00000022" stroke-width=".6"/>` +
    `<rect x="0" y="${-h * 0.44}" width="${w}" height="${h * 0.44}" rx="2" fill="${accent}"/>` +
    `<circle cx="${w / 2}" cy="${-h * 0.56}" r="${w * 0.28}" fill="#ffffff" opacity=".9"/>` +
    mark(letter, w / 2, -h * 0.56 + 4.2, 12, accent) +
    sheen(w, h, 2),
  bag: ({ w, h, color, accent, letter }) =>
    `<path d="M3,-1 L${w - 3},-1 L${w},${-h * 0.15} Q${w - 3},${-h * 0.5} ${w},${-h * 0.86} L${w - 2},${-h} L2,${-h} L0,${-h * 0.86} Q3,${-h * 0.5} 0,${-h * 0.15} Z" fill="${color}"/>` +
    `<path d="M1,${-h + 5} L${w - 1},${-h + 5} M1,-5 L${w - 1},-5" stroke="#00000033" stroke-width="1.2" stroke-dasharray="2 1.4"/>` +
    `<ellipse cx="${w / 2}" cy="${-h * 0.52}" rx="${w * 0.34}" ry="${h * 0.22}" fill="${accent}"/>` +
    mark(letter, w / 2, -h * 0.52 + 4.5, 13, contrast(accent)) +
    sheen(w, h, 6),
}

/** Something that was never on sale: a plain parcel. */
export const foreignArt: GoodsArt = {
  width: 38,
  height: 26,
  svg:
    '<rect x="0" y="-26" width="38" height="26" rx="5" fill="#7b8794"/>' +
    '<rect x="0" y="-16" width="38" height="5" fill="#5b6673"/>' +
    mark('?', 19, -7, 13, '#f2f4f6'),
}

function mark(letter: string, x: number, y: number, size: number, fill: string): string {
  return `<text x="${x}" y="${y}" font-family="DejaVu Sans,Arial,sans-serif" font-weight="700" font-size="${size}" text-anchor="middle" fill="${fill}">${letter}</text>`
}
/** A bright edge on the left and a shade on the right make it round. */
function sheen(w: number, h: number, inset: number): string {
  return (
    `<rect x="${w * 0.12}" y="${-h + inset}" width="${w * 0.12}" height="${Math.max(4, h - 2 * inset)}" rx="2" fill="#ffffff" opacity=".32"/>` +
    `<rect x="${w * 0.84}" y="${-h + inset}" width="${w * 0.16}" height="${Math.max(4, h - 2 * inset)}" rx="2" fill="#000000" opacity=".12"/>`
  )
}
function contrast(color: string): string {
  const value = Number.parseInt(color.slice(1), 16)
  const luma = 0.299 * (value >> 16) + 0.587 * ((value >> 8) & 0xff) + 0.114 * (value & 0xff)
  return luma > 150 ? '#26303a' : '#ffffff'
}
