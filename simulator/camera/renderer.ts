import sharp from 'sharp'
import type { Product } from '#simulator/cabinet/goods-file.ts'
import { artOf } from './goods-art.ts'
import { blit, type Pixels, type Sprite } from './pixels.ts'
import {
  drawArm,
  drawCover,
  drawLamp,
  drawRoom,
  FRAME_HEIGHT,
  FRAME_WIDTH,
  layOut,
  type SceneState,
} from './scene.ts'

/** Where a camera hangs: at the back of the ceiling, or in the door, looking at the goods from the other side and nearer. */
export type Viewpoint = 'inside' | 'door'
export type SceneKind = 'plain' | 'covered' | 'moved' | 'blurred'

/** Finished scenes kept, most recent last; each is 0.9 MB. */
const MOST_SCENES = 8
/** Drawn parts kept: one for each product and size, a few rooms and arms. */
const MOST_SPRITES = 400
const PAD = 3
const BLUR_SIGMA = 7
/** What the camera in the door sees of the scene, before it is turned to its side. */
const DOOR_VIEW = { left: 40, top: 75, width: 520, height: 390 }
const KNOCKED_ASIDE = { left: -150, top: 46, degrees: 11 }

/**
 * Draws scenes. Each part is turned from SVG into pixels once and then copied, so that a new state costs
 * a few milliseconds and not a hundred.
 */
export function createRenderer(products: ReadonlyMap<string, Product>, viewpoint: Viewpoint = 'inside') {
  const scenes = new Map<string, Promise<Pixels>>()
  const sprites = new Map<string, Promise<Sprite>>()

  function sprite(key: string, draw: () => string): Promise<Sprite> {
    return remember(sprites, key, MOST_SPRITES, async () => {
      const { data, info } = await sharp(Buffer.from(draw()))
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
      return { width: info.width, height: info.height, rgba: data }
    })
  }
  function goodsSprite(sku: string, scale: number): Promise<Sprite> {
    return sprite(`${sku} ${scale.toFixed(3)}`, () => {
      const art = artOf(sku, products)
      const width = Math.ceil(art.width * scale) + 2 * PAD
      const height = Math.ceil((art.height + 6) * scale) + 2 * PAD
      const shade = `<ellipse cx="${art.width / 2}" cy="1" rx="${art.width * 0.55}" ry="2.4" fill="#16202a" opacity=".28"/>`
      return (
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
        `<g transform="translate(${PAD} ${height - PAD}) scale(${scale})">${shade}${art.svg}</g></svg>`
      )
    })
  }
  async function compose(state: SceneState): Promise<Pixels> {
    const count = state.shelves.length
    const room = await sprite(`room ${count} ${state.isDoorOpen}`, () => drawRoom(count, state.isDoorOpen))
    const scene: Pixels = {
      width: FRAME_WIDTH,
      height: FRAME_HEIGHT,
      rgb: new Uint8Array(FRAME_WIDTH * FRAME_HEIGHT * 3),
    }
    blit(scene, room, 0, 0, 1)
    for (const { sku, x, baseY, scale, light } of layOut(state, products)) {
      const good = await goodsSprite(sku, scale)
      blit(scene, good, x - PAD, baseY - good.height + PAD, light)
    }
    for (const [index, shelf] of state.shelves.entries()) {
      if (shelf.isTouched)
        blit(scene, await sprite(`arm ${index} ${count}`, () => drawArm(index, count)), 0, 0, 1)
    }
    blit(scene, await sprite('lamp', drawLamp), 0, 0, 1)
    return scene
  }
  async function fromViewpoint(scene: Pixels): Promise<Pixels> {
    if (viewpoint === 'inside') return scene
    const rgb = await sharp(scene.rgb, { raw: { width: scene.width, height: scene.height, channels: 3 } })
      .extract(DOOR_VIEW)
      .flop()
      .resize(FRAME_WIDTH, FRAME_HEIGHT, { fit: 'fill' })
      .raw()
      .toBuffer()
    return { ...scene, rgb }
  }
  async function make(kind: SceneKind, state: SceneState): Promise<Pixels> {
    if (kind === 'covered') return flatten(await sprite('cover', drawCover))
    const scene = await fromViewpoint(await compose(state))
    if (kind === 'plain') return scene
    const image = sharp(scene.rgb, { raw: { width: scene.width, height: scene.height, channels: 3 } })
    if (kind === 'blurred') return { ...scene, rgb: await image.blur(BLUR_SIGMA).raw().toBuffer() }
    const turned = await image
      .rotate(KNOCKED_ASIDE.degrees, { background: '#39424b' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    return cutOut(turned.data, turned.info)
  }
  return {
    scene(kind: SceneKind, state: SceneState): Promise<Pixels> {
      const key = kind === 'covered' ? kind : `${kind} ${JSON.stringify(state)}`
      return remember(scenes, key, MOST_SCENES, () => make(kind, state))
    },
  }
}

/** The window of the turned picture that a camera knocked aside would show. */
function cutOut(rgb: Uint8Array, size: { width: number; height: number }): Pixels {
  const cut: Pixels = {
    width: FRAME_WIDTH,
    height: FRAME_HEIGHT,
    rgb: new Uint8Array(FRAME_WIDTH * FRAME_HEIGHT * 3).fill(62),
  }
  const left = Math.round((size.width - FRAME_WIDTH) / 2) + KNOCKED_ASIDE.left
  const top = Math.round((size.height - FRAME_HEIGHT) / 2) + KNOCKED_ASIDE.top
  for (let y = 0; y < FRAME_HEIGHT; y++) {
    if (y + top < 0 || y + top >= size.height) continue
    const fromX = Math.max(0, left)
    const toX = Math.min(size.width, left + FRAME_WIDTH)
    const row = (y + top) * size.width
    cut.rgb.set(rgb.subarray((row + fromX) * 3, (row + toX) * 3), (y * FRAME_WIDTH + fromX - left) * 3)
  }
  return cut
}
function flatten(sprite: Sprite): Pixels {
  const pixels: Pixels = {
    width: sprite.width,
    height: sprite.height,
    rgb: new Uint8Array(sprite.width * sprite.height * 3),
  }
  blit(pixels, sprite, 0, 0, 1)
  return pixels
}

/** A bounded cache that forgets the oldest. A failed making is not kept. */
function remember<T>(
  cache: Map<string, Promise<T>>,
  key: string,
  most: number,
  make: () => Promise<T>,
): Promise<T> {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  cache.set(key, made)
  made.catch(() => cache.delete(key))
  for (const old of cache.keys()) {
    if (cache.size <= most) break
    cache.delete(old)
  }
  return made
}
