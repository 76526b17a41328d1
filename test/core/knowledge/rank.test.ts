import { describe, expect, it } from 'vitest'
import { rank } from '#core/knowledge/rank.ts'
import { SHIPPED } from '#core/knowledge/shipped/index.ts'

const articles = SHIPPED.filter(({ kind }) => kind === 'article')
const find = (query: string, type?: string) =>
  rank(
    articles.map(({ key, content }) => ({ item: key, content, uses: 0 })),
    query,
    type,
  )

describe('searching the shipped articles', () => {
  it.each([
    ['为什么昨天的订单今天才扣款，断网了吗', 'charged_late'],
    ['同一单扣了我两次', 'charged_twice'],
    ['牛奶过期了，喝完身体不适', 'quality'],
    ['我放回去了还收钱', 'put_back'],
    ['how long until my refund arrives on my card', 'refunds'],
    ['the door does not close', 'door_problem'],
    ['calibrate with a known weight', 'technician_scales'],
    ['停电了怎么办', 'operator_emergency'],
  ])('“%s” finds %s first', (query, key) => {
    expect(find(query)[0]).toBe(key)
  })
  it('finds nothing for what nobody wrote about', () => {
    expect(find('zzzz 量子')).toEqual([])
  })
})

describe('suggestions for a ticket', () => {
  it('stand by its type before words', () => {
    const [first, second] = find('', 'camera_blocked')
    expect([first, second]).toEqual(['agent_camera_blocked', undefined])
  })
  it('decide within a type by what the consumer wrote', () => {
    expect(
      find('the weights fell and then came back, I leaned on it', 'item_returned').slice(0, 2),
    ).toContain('agent_ambiguous')
  })
  it('prefer what is used when two fit equally', () => {
    const content = { title: { zh: '门', en: 'door' }, body: { zh: '', en: '' }, types: ['x'], keywords: '' }
    const ranked = rank(
      [
        { item: 'rare', content, uses: 0 },
        { item: 'daily', content, uses: 40 },
      ],
      '',
      'x',
    )
    expect(ranked).toEqual(['daily', 'rare'])
  })
})
