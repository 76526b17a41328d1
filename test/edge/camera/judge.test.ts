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
  flatShare: 0.2,
  changedShare: 0.75,
  confirmFrames: 2,
  frozenFrames: 4,
}
const good: FrameMeasures = {
  meanLuminance: 180,
  laplacianVariance: 3000,
  detailShare: 0.8,
  changedShare: 0.05,
  referenceLaplacianVariance: 3000,
}

describe('one picture', () => {
  it.each([
    ['of the cabinet is good', {}, undefined],
    ['with a hand in it is good', { changedShare: 0.3, laplacianVariance: 2500 }, undefined],
    ['in the light of an open door is good', { meanLuminance: 230 }, undefined],
    ['without light is dark', { meanLuminance: 7 }, 'dark'],
    ['of a cloth is covered', { laplacianVariance: 140, detailShare: 0, changedShare: 1 }, 'covered'],
    [
      'of a cloth is covered, also before any reference',
      { laplacianVariance: 140, detailShare: 0, changedShare: null, referenceLaplacianVariance: null },
      'covered',
    ],
    ['out of focus is blurred', { laplacianVariance: 300 }, 'blurred'],
    ['of another place is moved', { changedShare: 0.95, laplacianVariance: 2400 }, 'moved'],
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
      'one trouble can become another',
      'ccxx',
      ['1: covered since 0', '3: covered over', '3: unreachable since 2'],
    ],
  ])('%s', (_what, pictures, told) => {
    expect(watch(pictures)).toEqual(told)
  })
})
