import { describe, expect, it } from 'vitest'
import { compare, FOUND_LEAD, GREY_HEIGHT, GREY_WIDTH, type GreyPicture } from '#edge/camera/pixels.ts'

/** Shelves whose pattern repeats nowhere near, seen by a camera that was pushed aside. */
function shelves(shiftX = 0, shiftY = 0): GreyPicture {
  const pixels = Uint8Array.from({ length: GREY_WIDTH * GREY_HEIGHT }, (_, at) => {
    const x = (at % GREY_WIDTH) + shiftX
    const y = Math.floor(at / GREY_WIDTH) + shiftY
    return 128 + Math.round(60 * Math.sin((x * x) / 900 + y / 5) + 50 * Math.cos((y * y) / 700 - x / 9))
  })
  return { width: GREY_WIDTH, height: GREY_HEIGHT, pixels }
}

describe('a picture beside the reference', () => {
  it('is not looked for elsewhere while it is so much in its place that nothing could lead by enough', () => {
    const { inPlace, elsewhere, shiftPixels } = compare(shelves(), shelves())
    expect(inPlace).toBeGreaterThan(1 - FOUND_LEAD)
    expect([elsewhere, shiftPixels]).toEqual([0, 0])
  })

  it('is found where the camera looks now when it was pushed aside', () => {
    const { inPlace, elsewhere, shiftPixels } = compare(shelves(16, 0), shelves())
    expect(elsewhere - inPlace).toBeGreaterThan(FOUND_LEAD)
    expect(shiftPixels).toBe(16)
  })

  it('is compared with what a reference is now, not with what another one was', () => {
    const reference = shelves(16, 0)
    compare(shelves(), reference)
    expect(compare(shelves(16, 0), reference).changedShare).toBe(0)
    expect(compare(shelves(16, 0), shelves()).changedShare).toBeGreaterThan(0.3)
  })
})
