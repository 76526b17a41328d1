import sharp from 'sharp'
import { GREY_HEIGHT, GREY_WIDTH, type GreyPicture } from './pixels.ts'

/** JPEG bytes to a small grey picture. A port, because a simulation has no image work. */
export type PictureReader = (jpeg: Uint8Array) => Promise<GreyPicture>

/** A snapshot of a 4K camera; anything larger is a decompression bomb. */
const PIXELS_MOST = 40_000_000

// One small picture a second: a cache and a thread a core would only cost memory.
sharp.cache(false)
sharp.concurrency(1)

export const readPicture: PictureReader = async (jpeg) => {
  const pixels = await sharp(jpeg, { limitInputPixels: PIXELS_MOST, failOn: 'error' })
    .greyscale()
    .resize(GREY_WIDTH, GREY_HEIGHT, { fit: 'fill', kernel: 'lanczos2' })
    .raw()
    .toBuffer()
  return { width: GREY_WIDTH, height: GREY_HEIGHT, pixels: new Uint8Array(pixels) }
}
