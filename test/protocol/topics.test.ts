import { describe, expect, it } from 'vitest'
import {
  downTopic,
  maySubscribe,
  mayPublish,
  parseTopic,
  partitionFilter,
  partitionText,
  upTopic,
} from '#protocol/topics.ts'

describe('building and parsing topics', () => {
  it('round-trips what a cabinet publishes', () => {
    expect(parseTopic(upTopic(7, 'cab-001', 'ev'))).toEqual({
      direction: 'up',
      partition: 7,
      cabinetId: 'cab-001',
      channel: 'ev',
    })
    expect(parseTopic(downTopic(63, 'cab-001', 'cmd'))).toEqual({
      direction: 'dn',
      partition: 63,
      cabinetId: 'cab-001',
      channel: 'cmd',
    })
  })
  it('writes a partition as two hexadecimal digits', () => {
    expect(partitionText(0)).toBe('00')
    expect(partitionText(63)).toBe('3f')
    expect(() => partitionText(64)).toThrow('0 to 63')
    expect(partitionFilter(10)).toBe('vc/1/0a/+/up/+')
  })
  const foreign = [
    '',
    'vc',
    'vc/1/07/cab-001/up',
    'vc/1/07/cab-001/up/ev/x',
    'vc/2/07/cab-001/up/ev',
    'vc/1/40/cab-001/up/ev',
    'vc/1/7/cab-001/up/ev',
    'vc/1/07/CAB/up/ev',
    'vc/1/07//up/ev',
    'vc/1/07/cab-001/up/cmd',
    'vc/1/07/cab-001/dn/ev',
    '/vc/1/07/cab-001/up/ev',
    'vc/1/07/cab-001/up/constructor',
  ]
  it.for(foreign)('does not know %s', (topic) => {
    expect(parseTopic(topic)).toBeUndefined()
  })
})

describe('what the cabinet "cab-a" may do at the broker', () => {
  const publish: Array<[string, boolean]> = [
    ['vc/1/07/cab-a/up/ev', true],
    ['vc/1/07/cab-a/up/state', true],
    ['vc/1/07/cab-b/up/ev', false],
    ['vc/1/07/cab-a/dn/cmd', false],
    ['vc/1/07/cab-a/up/other', false],
    ['vc/1/07/cab-a2/up/ev', false],
    ['$SYS/broker', false],
  ]
  it.for(publish)('publish to %s: %s', ([topic, isAllowed]) => {
    expect(mayPublish('cab-a', topic)).toBe(isAllowed)
  })
  const subscribe: Array<[string, boolean]> = [
    ['vc/1/07/cab-a/dn/+', true],
    ['vc/1/+/cab-a/dn/#', true],
    ['vc/1/07/cab-a/dn/cmd', true],
    ['vc/1/07/cab-a/up/state', true],
    ['vc/1/07/cab-a/up/+', false],
    ['vc/1/07/cab-b/dn/+', false],
    ['vc/1/07/+/dn/+', false],
    ['vc/1/+/+/dn/+', false],
    ['#', false],
    ['vc/#', false],
    ['$share/g/vc/1/07/cab-a/dn/+', false],
    ['$SYS/#', false],
  ]
  it.for(subscribe)('subscribe to %s: %s', ([filter, isAllowed]) => {
    expect(maySubscribe('cab-a', filter)).toBe(isAllowed)
  })
})
