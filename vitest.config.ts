import { defineConfig } from 'vitest/config'

/** What a test needs is in its name; each need has its own project, so that `npm run check` runs only the fast ones. */
const SLOW = [
  'test/**/*.integration.test.ts',
  'test/**/*.browser.test.ts',
  'test/**/*.simulation.test.ts',
  'test/**/*.scenario.test.ts',
]

/**
 * Continuous integration runs beside other work on two noisy cores, so what needs real time (serial lines, browsers, whole
 * systems) may try once more there; the reporter prints each retry. A developer's run never retries.
 */
const retry = process.env['CI'] === 'true' ? 1 : 0

/** What is polled for is waited for as long as `eventually` waits: a second is short beside other work. */
const expectation = { poll: { timeout: 20_000 } }

export default defineConfig({
  test: {
    maxConcurrency: 2,
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: SLOW,
          environment: 'node',
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          expect: expectation,
          retry,
          include: ['test/**/*.integration.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          expect: expectation,
          retry,
          include: ['test/**/*.browser.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'scenario',
          expect: expectation,
          retry,
          include: ['test/**/*.scenario.test.ts'],
          environment: 'node',
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
