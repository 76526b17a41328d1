import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * What axe finds wrong on the page as it stands, one line each.
 * The context needs `bypassCSP: true`: the policy of the pages rightly refuses an injected script.
 */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(source)
  // Text and not a function: these files are checked without the types of a browser.
  return page.evaluate<string[]>(`(async () => {
    // A colour on its way to another one is no colour of ours; what goes round for ever is not waited for.
    const moving = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(moving.map((one) => one.finished))
    const { violations } = await axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 120)).join(' | '))
  })()`)
}

/** By how many pixels the page is wider than the screen; 0 when it fits. */
export function overflowPixels(page: Page): Promise<number> {
  return page.evaluate<number>(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  )
}

/**
 * After a change of the theme: colours that are on their way are judged where they arrive. A colour that arrives sets those
 * off that are inherited from it, so that one round is not enough.
 */
export async function settleColours(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    for (let round = 0; round < 20; round++) {
      const moving = document.getAnimations().filter(
        (one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity,
      )
      for (const animation of moving) animation.finish()
      await frame()
      await frame()
      if (moving.length === 0) return
    }
  })()`)
}
