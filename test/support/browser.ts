import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/**
 * The browser for tests and screenshots: Debian's Chromium where it is installed, else the one that npm brings.
 * `describeBrowser()` says which, so that no report leaves it open.
 */
const DEBIAN = '/usr/bin/chromium'
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * What the packaged browser is told for machines of another kind than ours: with one process for everything a context that closes
 * while another draws ends the whole browser, and without its guards it would let pages do what the browser of a person forbids.
 */
const UNWANTED = ['--single-process', '--disable-web-security', '--allow-running-insecure-content']

export async function describeBrowser(): Promise<string> {
  return (await findBrowser()).name
}

async function findBrowser(): Promise<{ name: string; executablePath: string; args: string[] }> {
  if (existsSync(DEBIAN))
    return { name: `Chromium of Debian (${DEBIAN})`, executablePath: DEBIAN, args: QUIET }
  const { default: packaged } = await import('@sparticuz/chromium')
  return {
    name: 'Chromium of npm (@sparticuz/chromium); apt-get install chromium fonts-noto-cjk gives one with Chinese glyphs',
    executablePath: await packaged.executablePath(),
    args: [...packaged.args.filter((arg) => !UNWANTED.includes(arg)), ...QUIET],
  }
}

/** @throws when neither browser starts; the message says what to install */
export async function launchBrowser(): Promise<Browser> {
  const { name, executablePath, args } = await findBrowser()
  try {
    return await chromium.launch({ executablePath, args, headless: true })
  } catch (cause) {
    throw new Error(`${name} did not start. Install one with: apt-get install chromium fonts-noto-cjk`, {
      cause,
    })
  }
}

/** A phone as most consumers hold it. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  timezoneId: 'Asia/Shanghai',
}
export const DESK: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  timezoneId: 'Asia/Shanghai',
}

export interface WatchedPage {
  page: Page
  /** Errors of scripts, console errors, refused contents (CSP), requests to other hosts. A good page has none. */
  problems: string[]
}

export async function openWatchedPage(
  browser: Browser,
  options: BrowserContextOptions,
  ownOrigin: string,
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== ownOrigin)
      problems.push(`request to another host: ${request.url()}`)
  })
  return { page, problems }
}
