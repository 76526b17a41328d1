import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '#edge/command-line.ts'
import { parseSettings } from '#edge/config.ts'
import { parseProfile } from '#edge/hardware/profile-file.ts'
import { referenceProfile } from '#protocol/wire/reference-profile.ts'

const needed = ['--data', 'data', '--core', 'http://127.0.0.1:8080', '--serial', '/dev/ttyUSB0']

describe('a wrong setting', () => {
  it('stops the start with its name, its range and its default', () => {
    expect(() => parseSettings({ chunkBytes: 1 }, 'edge.json')).toThrow(
      /chunkBytes \(in edge\.json\) is 1, but it must be 1024 … 262144 in bytes; its default is 262144/,
    )
  })
  it('that does not exist is named', () => {
    expect(() => parseSettings({ chunkByte: 1 }, 'edge.json')).toThrow(/no setting "chunkByte"/)
  })
})

describe('the command line', () => {
  it('takes settings from flags', () => {
    const line = parseCommandLine([
      ...needed,
      '--set',
      'cameraIdleMs=5000',
      '--camera',
      'top=http://127.0.0.1:9/x.jpg',
    ])
    expect(line).toMatchObject({ options: { settings: { cameraIdleMs: 5000 }, cameras: [{ id: 'top' }] } })
  })
  it.each([
    [['--core', 'x'], /--data DIR is missing/],
    [[...needed, '--camera', 'Top'], /must be ID=URL/],
    [[...needed, '--mqtt-url', 'http://x'], /--mqtt-url http:\/\/x must start with mqtt:/],
    [[...needed, '--what'], /--what/],
    [['sell'], /"sell" is not a command/],
    [['probe'], /--serial PATH is missing/],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => parseCommandLine(args)).toThrow(sentence)
  })
})

describe('a hardware profile', () => {
  it('is refused by the name of the wrong field', () => {
    expect(() => parseProfile({ ...referenceProfile, timeoutMs: 1 }, 'p.json')).toThrow(
      /p\.json is wrong: \/timeoutMs/,
    )
  })
  it('cannot give both meanings of a contact the same value', () => {
    const door = { isOpen: { ...referenceProfile.door.isOpen, inactiveValue: 1 } }
    expect(() => parseProfile({ ...referenceProfile, door }, 'p.json')).toThrow(
      /door\.isOpen has the same value/,
    )
  })
})
