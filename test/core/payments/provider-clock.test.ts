import { expect, it } from 'vitest'
import { createPayScore } from '#core/payments/payscore/payscore.ts'

it('what is known of the clock of the provider stays right when our own wall clock is set', async () => {
  let wallMs = Date.UTC(2026, 10, 2, 8)
  let monoMs = 1000
  const provider = createPayScore({
    clock: { now: () => wallMs, monoMs: () => monoMs, setTimer: () => ({ cancel: () => undefined }) },
    merchant: { baseUrl: '', mchId: '1', appId: 'wx1', serviceId: '2', apiV3Key: '' },
    wire: {
      exchange: async () => ({ status: 404, body: '{}', providerAtMs: wallMs - 400 }),
      verify: () => undefined,
      download: () => Promise.reject(new Error('no file is asked for here')),
    },
    notifyUrl: () => '',
  })
  const askedAtMs = wallMs
  await provider.queryOrder('or1')
  expect(provider.nowMs()).toBe(askedAtMs - 400)
  monoMs += 50
  wallMs += 2050
  expect(provider.nowMs()).toBe(askedAtMs - 350)
})
