import type { CabinetForConsumer } from '#protocol/api/consumer.ts'
import type { PageContext } from '../context.ts'
import { html, type Markup, raw } from '../html.ts'
import { icon } from '../icons.ts'
import { document } from '../layout.ts'
import { note } from '../parts.ts'
import { qrModules, qrPath } from '#core/platform/qr.ts'
import { wordsIn } from '../words/words.ts'

/** The sheet to print and stick on the cabinet: its code, the three steps and the camera sign, in both languages at once. */
export function codePage(page: PageContext, cabinet: CabinetForConsumer, publicUrl: string): Markup {
  const { t } = page
  const address = `${publicUrl}/c/${cabinet.cabinetId}`
  const [zh, en] = [wordsIn('zh'), wordsIn('en')]
  return document(page, {
    title: t('code.title'),
    back: { href: `/c/${cabinet.cabinetId}`, label: t('site.back') },
    body: html`<div class="head unprinted"><h1>${t('code.title')}</h1><p class="soft">${t('code.lead')}</p></div>
${isOnlyHere(publicUrl) ? html`<div class="unprinted">${note('warn', 'circle-alert', html`<p>${t('code.local')}</p>`)}</div>` : false}
<section class="sheet" aria-label="${t('code.title')}">
  <p class="call"><span lang="zh-CN">${zh('code.scan')}</span><span lang="en">${en('code.scan')}</span></p>
  ${drawing(page, address)}
  <p class="code">${cabinet.cabinetId}</p>
  <p class="where"><span lang="zh-CN">${cabinet.name.zh}</span><span lang="en">${cabinet.name.en}</span></p>
  <ol>${(['open', 'take', 'close'] as const).map(
    (step) =>
      html`<li><span lang="zh-CN">${zh(`cabinet.step.${step}`)}</span><span lang="en">${en(`cabinet.step.${step}`)}</span></li>`,
  )}</ol>
  <p class="sign">${icon('camera')}<span><span lang="zh-CN">${zh('code.camera')}</span><span lang="en">${en('code.camera')}</span></span></p>
  <p class="aid">${icon('circle-question-mark')}<span><span lang="zh-CN">${zh('code.help')}</span><span lang="en">${en('code.help')}</span></span></p>
  <p class="where">${icon('phone')}<span>${cabinet.contact}</span></p>
</section>
<p class="code small centre unprinted">${address}</p>`,
  })
}

function drawing(page: PageContext, address: string): Markup {
  const modules = qrModules(address)
  if (modules === undefined) return html`<p>${page.t('code.tooLong')}</p>`
  const { path, width } = qrPath(modules)
  return html`<svg class="qr" viewBox="0 0 ${width} ${width}" role="img" aria-label="${address}" shape-rendering="crispEdges"><rect width="${width}" height="${width}" fill="#fff"/><path d="${raw(path)}" fill="#000"/></svg>`
}

/** A phone cannot reach an address of this very machine. */
function isOnlyHere(publicUrl: string): boolean {
  return /^https?:\/\/(127\.|localhost|\[::1\])/.test(publicUrl)
}
