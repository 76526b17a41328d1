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
