import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '#protocol/base/random.ts'
import { type Camera, createCamera } from '#simulator/camera/camera.ts'
import type { CameraMode } from '#simulator/camera/modes.ts'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import { deviation, mean, openedCabinet, pass } from '../a-cabinet.ts'
import { createManualClock } from '../manual-clock.ts'

function aCamera(cabinet: Cabinet = openedCabinet()) {
  const time = createManualClock()
  const camera = createCamera({
    timeZone: 'Asia/Shanghai',
    id: 'inside',
    clock: time.clock,
    random: createSeededRandom(5),
    cabinet,
    sync: () => undefined,
  })
  return { camera, time, cabinet }
}

/** What a picture check would measure: brightness, and detail as the spread of the Laplacian; without the overlay. */
async function look(camera: Camera): Promise<{ brightness: number; detail: number; grey: Uint8Array }> {
  const { data, info } = await sharp(await camera.snapshot())
    .extract({ left: 0, top: 0, width: 640, height: 440 })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const edges: number[] = []
  for (let y = 1; y < info.height - 1; y += 2) {
    for (let x = 1; x < info.width - 1; x += 2) {
      const at = (dx: number, dy: number) => data[(y + dy) * info.width + x + dx] ?? 0
      edges.push(4 * at(0, 0) - at(1, 0) - at(-1, 0) - at(0, 1) - at(0, -1))
    }
  }
  return { brightness: mean([...data]), detail: deviation(edges) ** 2, grey: data }
}
async function lookIn(mode: CameraMode) {
  const { camera } = aCamera()
  camera.setMode(mode)
  return look(camera)
}

describe('a snapshot', () => {
  it('is a JPEG of 640 × 480 and some tens of kilobytes', async () => {
    const bytes = await aCamera().camera.snapshot()
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 480 })
    expect(bytes.length).toBeGreaterThan(15_000)
    expect(bytes.length).toBeLessThan(45_000)
  })
  it('is never the same twice, though nothing moved: sensors have noise', async () => {
    const { camera } = aCamera()
    expect(Buffer.compare(await camera.snapshot(), await camera.snapshot())).not.toBe(0)
  })
  it('shows that a can is gone', async () => {
    const { camera, cabinet } = aCamera()
    const before = await look(camera)
    for (let i = 0; i < 6; i++) cabinet.take({ shelf: 's3', sku: 'cola-330' })
    pass(cabinet, 3000)
    const after = await look(camera)
    const changed = after.grey.filter((value, i) => Math.abs(value - (before.grey[i] ?? 0)) > 40).length
    expect(changed).toBeGreaterThan(500)
  })
})

describe('a picture in trouble', () => {
  it('covered is dark and without detail', async () => {
    const clear = await lookIn('clear')
    const covered = await lookIn('covered')
    expect(clear.brightness).toBeGreaterThan(120)
    expect(covered.brightness).toBeLessThan(45)
    expect(covered.detail).toBeLessThan(clear.detail / 20)
  })
  it('in the dark is nearly black', async () => {
    expect((await lookIn('dark')).brightness).toBeLessThan(15)
  })
  it('out of focus keeps its light and loses its edges', async () => {
    const clear = await lookIn('clear')
    const blurred = await lookIn('blurred')
    expect(Math.abs(blurred.brightness - clear.brightness)).toBeLessThan(15)
    expect(blurred.detail).toBeLessThan(clear.detail / 10)
  })
  it('knocked aside keeps its edges and differs everywhere', async () => {
    const clear = await lookIn('clear')
    const moved = await lookIn('moved')
    expect(moved.detail).toBeGreaterThan(clear.detail / 4)
    expect(mean([...moved.grey].map((value, i) => Math.abs(value - (clear.grey[i] ?? 0))))).toBeGreaterThan(
      25,
    )
  })
  it('frozen is the same bytes for as long as it lasts', async () => {
    const { camera, time } = aCamera()
    camera.setMode('frozen')
    const first = await camera.snapshot()
    await time.pass(5000)
    expect(Buffer.compare(first, await camera.snapshot())).toBe(0)
    camera.setMode('clear')
    expect(Buffer.compare(first, await camera.snapshot())).not.toBe(0)
  })
  it('goes dark with the mains', async () => {
    const { camera, cabinet } = aCamera()
    cabinet.setMains(false)
    expect((await look(camera)).brightness).toBeLessThan(15)
  })
})
