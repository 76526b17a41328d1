import sharp from 'sharp'
import { CabinetError } from '#protocol/base/errors.ts'

/** Enough to read a date on a lid; an upload of a phone is ten times as large. */
const EDGE_PIXELS_MOST = 1600
/** More than any phone takes. What is packed to become larger is refused before it is unpacked. */
const PIXELS_MOST = 64_000_000
const SECONDS_MOST = 10
const QUALITY = 80
/** What the bytes are is read from them, never from what the request calls them. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp'])

export interface DecodedPicture {
  /** JPEG without anything that was not visible: no place, no device, no second file behind the first. */
  readonly bytes: Buffer
  readonly widthPixels: number
  readonly heightPixels: number
}

/**
 * Takes a picture apart and makes a new one of its pixels, upright and of at most 1,600 pixels.
 * @throws bad_picture
 */
export async function decodePicture(bytes: Uint8Array): Promise<DecodedPicture> {
  try {
    const source = sharp(bytes, { limitInputPixels: PIXELS_MOST, failOn: 'error' })
    const { format } = await source.metadata()
    if (!FORMATS.has(format)) throw new CabinetError('bad_picture')
    const { data, info } = await source
      .timeout({ seconds: SECONDS_MOST })
      .rotate()
      .resize(EDGE_PIXELS_MOST, EDGE_PIXELS_MOST, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .jpeg({ quality: QUALITY, mozjpeg: true })
      .toBuffer({ resolveWithObject: true })
    return { bytes: data, widthPixels: info.width, heightPixels: info.height }
  } catch (error) {
    if (error instanceof CabinetError) throw error
    throw new CabinetError('bad_picture', undefined, { cause: error })
  }
}
