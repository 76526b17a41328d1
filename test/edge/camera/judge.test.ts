import { describe, expect, it } from 'vitest'
import {
  type CameraObservation,
  decideCamera,
  type FrameMeasures,
  initialCameraWatch,
  isFitForReference,
  judgeFrame,
} from '#edge/camera/judge.ts'

const limits = {
  darkLuminance: 18,
  flatSharpness: 12,
  blurredFocus: 0.35,
  inPlaceLikeness: 0.4,
  confirmFrames: 2,
  frozenFrames: 4,
}
const sameAsEver = {
  changedShare: 0.05,
  focus: 1,
  sharpness: 1,
  inPlace: 0.95,
  elsewhere: 0.5,
  shiftPixels: 12,
}
const good: FrameMeasures = {
  meanLuminance: 180,
  laplacianVariance: 3000,
  detailShare: 0.8,
  comparison: sameAsEver,
}
const beside = (changes: Partial<typeof sameAsEver>) => ({ comparison: { ...sameAsEver, ...changes } })

describe('one picture', () => {
  it.each([
    ['of the cabinet is good', {}, undefined],
    ['with arms in it is good', beside({ changedShare: 0.45, inPlace: 0.5, focus: 0.6 }), undefined],
    [
      'with arms, sun and new goods is good',
      beside({ inPlace: 0.33, elsewhere: 0.35, sharpness: 0.8 }),
      undefined,
    ],
    ['with all goods gone is good, for the shelves are in place', beside({ changedShare: 0.8 }), undefined],
    ['in the light of an open door is good', { meanLuminance: 230 }, undefined],
    ['without light is dark', { meanLuminance: 7 }, 'dark'],
    ['of a palm is covered', beside({ inPlace: 0.05, elsewhere: 0.1, sharpness: 0.02 }), 'covered'],
    [
      'of a bare sheet is covered, also before any reference',
      { detailShare: 0, comparison: null },
      'covered',
    ],
    ['through a milky bag is covered', beside({ inPlace: 0.6, focus: 1, sharpness: 0.04 }), 'covered'],
    ['out of focus is blurred', beside({ focus: 0.1, inPlace: 0.7 }), 'blurred'],
    ['of another place is moved', beside({ inPlace: 0.05, elsewhere: 0.2, sharpness: 0.9 }), 'moved'],
    [
      'of the old place at the edge is moved',
      beside({ inPlace: 0.3, elsewhere: 0.8, sharpness: 0.25 }),
      'moved',
    ],
  ])('%s', (_what, changes, trouble) => {
    expect(judgeFrame({ ...good, ...changes }, limits)).toBe(trouble)
  })
  it('of a covered camera never becomes the reference', () => {
    expect(isFitForReference({ ...good, detailShare: 0.05 }, limits)).toBe(false)
    expect(isFitForReference({ ...good, meanLuminance: 26 }, limits)).toBe(false)
    expect(isFitForReference(good, limits)).toBe(true)
  })
})

/** One letter a picture: g good, c covered, s the same bytes as before, x no picture; one a second. */
function watch(pictures: string): string[] {
  let state = initialCameraWatch
  let hash = 0
  const told: string[] = []
  for (const [second, letter] of pictures.split('').entries()) {
    if (letter !== 's') hash++
    const observation: CameraObservation =
      letter === 'x'
        ? { type: 'failed' }
        : { type: 'picture', hash: String(hash), trouble: letter === 'c' ? 'covered' : undefined }
    const decision = decideCamera(state, observation, second * 1000, limits)
    state = decision.state
    for (const change of decision.changes) {
      told.push(
        change.type === 'began'
          ? `${second}: ${change.trouble} since ${change.sinceMonoMs / 1000}`
          : `${second}: ${change.trouble} over`,
      )
    }
  }
  return told
}

describe('a camera, picture after picture', () => {
  it.each([
    ['a single bad picture is no trouble', 'ggcggcg', []],
    ['two in a row are, from the first on', 'ggccgg', ['3: covered since 2', '5: covered over']],
    ['a single good picture does not end it', 'ccgccgg', ['1: covered since 0', '6: covered over']],
    ['the same picture again and again is frozen', 'ggsssgg', ['4: frozen since 4', '6: frozen over']],
    ['no picture twice is unreachable', 'gxxgg', ['2: unreachable since 1', '4: unreachable over']],
    [
      'two troubles in turn are one that is hard to name',
      'gcxgg',
      ['2: unreachable since 1', '4: unreachable over'],
    ],
    [
      'one trouble can become another',
      'ccxx',
      ['1: covered since 0', '3: covered over', '3: unreachable since 2'],
    ],
  ])('%s', (_what, pictures, told) => {
    expect(watch(pictures)).toEqual(told)
  })
})
