import { CabinetError, messageOf } from '#protocol/base/errors.ts'
import type { Camera } from '../hardware/ports.ts'

const SNAPSHOT_BYTES_MOST = 5 * 1024 * 1024

/**
 * A camera that answers GET with one JPEG.
 * @throws camera_unreachable when it does not answer in time, answers something else, or too much
 */
export function createHttpCamera(id: string, url: string, timeoutMs: number): Camera {
  return {
    id,
    async takeSnapshot() {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
        try {
          if (!response.ok) throw new Error(`it answered ${response.status}`)
          const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim()
          if (mediaType !== 'image/jpeg')
            throw new Error(`it answered ${mediaType ?? 'no content type'} instead of image/jpeg`)
          const bytes = await readBounded(response)
          if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8)
            throw new Error('the bytes are no JPEG')
          return { bytes }
        } catch (error) {
          await response.body?.cancel().catch(() => undefined)
          throw error
        }
      } catch (error) {
        throw new CabinetError('camera_unreachable', `Camera ${id} at ${url}: ${messageOf(error)}.`, {
          cause: error,
        })
      }
    },
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (announced > SNAPSHOT_BYTES_MOST)
    throw new Error(`the picture has ${announced} bytes, at most ${SNAPSHOT_BYTES_MOST} are taken`)
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of response.body ?? []) {
    byteCount += chunk.byteLength
    if (byteCount > SNAPSHOT_BYTES_MOST)
      throw new Error(`the picture is larger than ${SNAPSHOT_BYTES_MOST} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
