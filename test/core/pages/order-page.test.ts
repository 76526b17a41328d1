import { describe, expect, it } from 'vitest'
import { createContext, type PageContext } from '#core/pages/context.ts'
import { lateChargeSentences } from '#core/pages/late-charge.ts'
import { isUnsettled, orderPage } from '#core/pages/views/order.ts'
import { aLine, anOrder, aRefund, CLOSED_AT_MS, NOW_MS } from '#test/support/consumer-fixtures.ts'

function pageIn(language: 'zh' | 'en'): PageContext {
  return createContext({
    language,
    path: '/o/or-1',
    nowMs: NOW_MS,
    timeZone: 'Asia/Shanghai',
    assets: { scripts: [], styles: [] },
    contact: '400-800-0000',
    newRequestId: () => 'rq-1',
  })
}
const twoItems = [aLine('coffee-latte', { amountFen: 900 }), aLine('cola-330')]
const offline45 = {
  cause: 'offline',
  fromMs: CLOSED_AT_MS,
  toMs: CLOSED_AT_MS + 45 * 60_000,
  lateMinutes: 45,
} as const

describe('a charge that came late because the cabinet was offline', () => {
  const order = anOrder({ lines: twoItems, deferral: offline45 })
  it('is explained in time order: when, why, how much, and that it was charged once', () => {
    expect(lateChargeSentences(pageIn('zh'), order).join('')).toBe(
      '您 10:02 关门，柜子当时断网，10:47 恢复后才完成结算，所以扣款晚了 45 分钟。共 2 件，¥12.50，只扣了一次。',
    )
    expect(lateChargeSentences(pageIn('en'), order).join(' ')).toBe(
      'You closed the door at 10:02. The cabinet was offline then and could report your purchase only at 10:47, so the charge came 45 minutes later than usual. 2 items, ¥12.50, charged once.',
    )
  })
  it('is told by the second when it was late by less than two minutes', () => {
    const brief = { ...offline45, toMs: CLOSED_AT_MS + 41_000, lateMinutes: 1 }
    expect(lateChargeSentences(pageIn('zh'), anOrder({ lines: twoItems, deferral: brief })).at(0)).toBe(
      '您 10:02:00 关门，柜子当时断网，10:02:41 恢复后才完成结算，所以扣款晚了 41 秒。',
    )
  })
  it('does not say "charged once" when a second payment was taken', () => {
    const twice = anOrder({
      lines: twoItems,
      deferral: offline45,
      refunds: [aRefund({ reason: 'duplicate' })],
    })
    expect(orderPage(pageIn('en'), twice).text).not.toMatch(/charged once|Charged once/)
    expect(orderPage(pageIn('en'), twice).text).toContain('You had been charged twice')
  })
})

describe('weights that fit more than one choice of goods', () => {
  const tea = { sku: 'tea-oolong', name: { zh: '乌龙茶', en: 'Oolong tea' }, quantity: 2 }
  const receipt = {
    probability: 0.9342,
    alternatives: [{ lines: [tea], probability: 0.052, totalFen: 1400 }],
  }
  const order = anOrder({ lines: twoItems, totalFen: 1250, receipt, actions: ['dispute'] })
  it('are told in plain words, with what else it could have been and what that would have cost', () => {
    expect(orderPage(pageIn('zh'), order).text).toContain(
      '按重量判断，这份清单的把握为 93.4%。也可能是2 × 乌龙茶（多 ¥1.50，可能性 5.2%）。如果清单不对，请告诉我们，无需打字。',
    )
    expect(orderPage(pageIn('en'), order).text).toContain(
      'The weights make this list 93.4 % likely. It could also have been 2 × Oolong tea: ¥1.50 more, 5.2 % likely. If the list is wrong, tell us; nothing needs to be typed.',
    )
  })
  it('are not mentioned where the list is as good as certain, or where a person decided', () => {
    const certain = anOrder({ lines: twoItems, receipt: { ...receipt, probability: 0.995 } })
    for (const shown of [certain, anOrder({ lines: twoItems })])
      expect(orderPage(pageIn('en'), shown).text).not.toContain('data-doubt')
  })
})

describe('while the state of the money is not known', () => {
  for (const state of ['priced', 'charging', 'held', 'open'] as const)
    it(`${state}: nothing on the page leads to a second payment, even when the provider has a page for one`, () => {
      const order = anOrder({
        state,
        paidFen: 0,
        chargeState: 'unknown',
        payUrl: 'https://pay.example/1',
        actions: [],
      })
      expect(orderPage(pageIn('en'), order).text).not.toContain('https://pay.example')
    })
  it('the page keeps asking, and stops when everything has settled', () => {
    expect(isUnsettled(anOrder({ state: 'charging' }))).toBe(true)
    expect(isUnsettled(anOrder({ refunds: [aRefund({ state: 'unknown' })] }))).toBe(true)
    expect(isUnsettled(anOrder())).toBe(false)
  })
})

describe('an order that a person checks first', () => {
  it('says that nothing was charged and how sure the cabinet is of each item', () => {
    const html = orderPage(
      pageIn('en'),
      anOrder({
        state: 'held',
        paidFen: 0,
        lines: [aLine('cola-330', { certainty: 'unsure', probability: 0.61 })],
      }),
    ).text
    expect(html).toContain('Estimated, not charged')
    expect(html).toContain('Not certain')
    expect(html).toContain('61 %')
  })
})

describe('names and notes that people typed', () => {
  it('reach the page as text', () => {
    const name = { zh: '<img src=x onerror=alert(1)>', en: '<img src=x onerror=alert(1)>' }
    const html = orderPage(pageIn('en'), anOrder({ lines: [aLine('cola-330', { name })] })).text
    expect(html).not.toContain('<img src=x')
  })
})
