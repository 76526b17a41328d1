import type { Random } from '#protocol/base/random.ts'

/** The browser's generator; fit for ids. Works without HTTPS too, where `crypto.randomUUID` is missing. */
export function createBrowserRandom(): Random {
  return {
    next: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  }
}
