import type { EdgeDatabase } from '../database.ts'
import { GREY_HEIGHT, GREY_WIDTH, type GreyPicture } from './pixels.ts'

export interface CameraReference {
  readonly picture: GreyPicture
}
/** What each camera sees with the door closed and nothing wrong. */
export interface ReferenceStore {
  find(camera: string): CameraReference | undefined
  save(camera: string, reference: CameraReference): void
}

export function createReferenceStore(db: EdgeDatabase): ReferenceStore {
  const select = db.sql.prepare<[string], { pixels: Buffer; body: string }>(
    'SELECT pixels, body FROM camera_reference WHERE camera = ?',
  )
  const put = db.sql.prepare(
    'INSERT INTO camera_reference (camera, pixels, body) VALUES (?, ?, ?) ON CONFLICT (camera) DO UPDATE SET pixels = excluded.pixels, body = excluded.body',
  )
  return {
    find(camera) {
      const row = select.get(camera)
      if (row === undefined) return undefined
      const { width, height } = JSON.parse(row.body) as { width: number; height: number }
      // A picture of another size is from another build; it is learned anew.
      if (width !== GREY_WIDTH || height !== GREY_HEIGHT || row.pixels.length !== width * height)
        return undefined
      return { picture: { width, height, pixels: new Uint8Array(row.pixels) } }
    },
    save(camera, { picture }) {
      const body = JSON.stringify({ width: picture.width, height: picture.height })
      db.transact(() => put.run(camera, Buffer.from(picture.pixels), body))
    },
  }
}
