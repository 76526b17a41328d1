import { createHash } from 'node:crypto'
import type { Picture } from '#protocol/api/common.ts'
import { type DrawnPicture, pictureShapes } from '#protocol/words/picture.ts'
import { type StateWord, stateText } from '#protocol/words/states.ts'
import { isStoryKey, storyText } from '#protocol/words/story.ts'
import type { Values } from '#protocol/words/words.ts'
import type { PageContext } from './context.ts'
import { type Content, html, type Markup, raw } from './html.ts'
import { icon } from './icons.ts'

/** Small pieces that several views draw. */

export function badge(page: PageContext, state: StateWord): Markup {
  return html`<span class="badge tone-${state.tone}">${icon(state.icon)}${stateText(page.language, state)}</span>`
}

/** The drawing of a product; decoration, because its name stands beside it. */
export function productPicture(picture: Picture): Markup {
  return html`<svg class="product" viewBox="0 0 64 64" aria-hidden="true" focusable="false">${raw(pictureShapes(picture satisfies DrawnPicture))}</svg>`
}

/**
 * A part of a page that the script may exchange for a newer one. Its mark changes only when its facts do, so that
 * nothing moves under a finger without a reason. `facts` must not hold what differs on every request (form ids).
 * @param spoken  what a screen reader says when the part was exchanged
 */
export function live(id: string, facts: unknown, body: Content, spoken?: string): Markup {
  const mark = createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 12)
  return html`<div id="${id}" data-live="${mark}"${spoken === undefined ? false : html` data-spoken="${spoken}"`}>${body}</div>`
}

/** A sentence of protocol/words/story.ts. An unknown key (an older page, a newer record) is left out rather than shown raw. */
export function sentence(page: PageContext, key: string, values: Values): string | undefined {
  return isStoryKey(key) ? storyText(page.language, key, values) : undefined
}

/** What to read aloud or see when something needs attention: tone, icon, words. */
export function note(tone: StateWord['tone'], iconName: string, body: Content): Markup {
  return html`<div class="note tone-${tone}">${icon(iconName)}<div>${body}</div></div>`
}
