import { describe, expect, it } from 'vitest'
import { DOWN, UP } from '#protocol/topics.ts'
import {
  findPublishRefusal,
  isCorePublish,
  isCoreSubscription,
  isSubscriptionAllowed,
} from '#core/broker/rules.ts'

const SELF = { cabinetId: 'cab-a', partition: 1 }
const CHANNELS = [
  ...Object.keys(UP).map((name) => `up/${name}`),
  ...Object.keys(DOWN).map((name) => `dn/${name}`),
]
const IDS = [
  'cab-a',
  'cab-b',
  'CAB-A',
  'cab-a ',
  'cab-A',
  'cab',
  'cab-a-2',
  'cab\u0430',
  '',
  '+',
  '#',
  '..',
  'core.main',
]
const ROOTS = [
  'vc/1/01',
  'vc/1/02',
  'vc/1/1',
  'vc/1/0x1',
  'vc/2/01',
  'VC/1/01',
  '/vc/1/01',
  '$share/g/vc/1/01',
  '$SYS',
  'vc//01',
  'vc/1/40',
]
const TAILS = ['', '/', '/x', '/+', '/#', '\u0000']
const TOPICS = ROOTS.flatMap((root) =>
  IDS.flatMap((id) =>
    [...CHANNELS, 'up/other', 'up', 'dn', 'up/+', 'dn/+', 'dn/#', 'up/#'].flatMap((channel) =>
      TAILS.map((tail) => `${root}/${id}/${channel}${tail}`),
    ),
  ),
)

describe('every topic by everybody', () => {
  it('a cabinet publishes on its own up channels in its own partition, and on nothing else', () => {
    const may = TOPICS.filter(
      (topic) => findPublishRefusal(SELF, { topic, qos: 1, isRetained: false, byteCount: 10 }) === undefined,
    )
    expect(may).toEqual(Object.keys(UP).map((channel) => `vc/1/01/cab-a/up/${channel}`))
  })
  it('retains nothing but a small state', () => {
    const may = TOPICS.filter(
      (topic) => findPublishRefusal(SELF, { topic, qos: 1, isRetained: true, byteCount: 10 }) === undefined,
    )
    expect(may).toEqual(['vc/1/01/cab-a/up/state'])
    const large = { topic: 'vc/1/01/cab-a/up/state', qos: 1, isRetained: true, byteCount: 5000 }
    expect(findPublishRefusal(SELF, large)).toMatch(/at most/)
  })
  it('publishes nothing with QoS 2', () => {
    const may = TOPICS.filter(
      (topic) => findPublishRefusal(SELF, { topic, qos: 2, isRetained: false, byteCount: 10 }) === undefined,
    )
    expect(may).toEqual([])
  })
  it('hears its own down channels and its own state; every filter it may have stays inside its own tree', () => {
    const may = TOPICS.filter((topic) => isSubscriptionAllowed(SELF, topic, 1))
    expect(may.length).toBeGreaterThan(0)
    for (const filter of may)
      expect(filter).toMatch(/^vc\/1\/[0-9a-f]{2}\/cab-a\/(dn\/(ack|cmd|twin|\+|#)|up\/state)$/)
    expect(TOPICS.filter((topic) => isSubscriptionAllowed(SELF, topic, 2))).toEqual([])
  })
  it('the core speaks on down channels, unretained, and hears only our tree', () => {
    const spoken = TOPICS.filter((topic) => isCorePublish(topic, false))
    for (const topic of spoken)
      expect(topic).toMatch(/^vc\/1\/[0-3][0-9a-f]\/[a-z0-9-]{1,32}\/dn\/(ack|cmd|twin)$/)
    expect(TOPICS.filter((topic) => isCorePublish(topic, true))).toEqual([])
    expect(isCoreSubscription('$SYS/#')).toBe(false)
    expect(isCoreSubscription('#')).toBe(false)
  })
  it('is a matrix worth the name', () => expect(TOPICS.length).toBeGreaterThan(2000))
})
