/** Of more words than these nobody expects all in one sentence. */
const WORDS_MOST = 8
/** The index knows three signs in a row. */
export const TRIPLE = 3
/** Signs before the first hit, and of the whole piece. */
const BEFORE = 24
const PIECE_LENGTH = 96

export interface Piece {
  text: string
  isHit: boolean
}

/**
 * What must be found, all of it: words between spaces; what stands in quotation marks stays together. Every other sign means
 * itself.
 */
export function wordsOf(question: string): string[] {
  const words: string[] = []
  for (const [, quoted, bare] of clean(question).matchAll(
    /["“”「」]([^"“”「」]+)["“”「」]|([^\s"“”「」]+)/g,
  )) {
    const word = (quoted ?? bare ?? '').trim()
    if (word !== '' && !words.includes(word)) words.push(word)
  }
  return words.slice(0, WORDS_MOST)
}

/** One word as the index is asked for it: in quotation marks nothing is an operator. */
export function phraseOf(word: string): string {
  return `"${word.replaceAll('"', '""')}"`
}

/** The stretch of a text around the first hit, cut into what was asked for and what was not. */
export function piecesOf(text: string, words: readonly string[]): Piece[] {
  const whole = clean(text).trim()
  const hits = hitsIn(whole, words)
  const first = hits[0]
  const from = first === undefined || first.from <= BEFORE ? 0 : startAt(whole, first.from - BEFORE)
  const to = from + PIECE_LENGTH >= whole.length ? whole.length : startAt(whole, from + PIECE_LENGTH)
  const pieces: Piece[] = []
  const add = (piece: string, isHit: boolean) => {
    if (piece !== '') pieces.push({ text: piece, isHit })
  }
  let at = from
  if (from > 0) add('…', false)
  for (const hit of hits) {
    if (hit.from >= to) break
    add(whole.slice(at, hit.from), false)
    at = Math.min(hit.to, to)
    add(whole.slice(hit.from, at), true)
  }
  add(whole.slice(at, to), false)
  if (to < whole.length) add('…', false)
  return pieces
}

/** Where any of the words stands, from left to right, never two over each other. */
function hitsIn(text: string, words: readonly string[]): Array<{ from: number; to: number }> {
  const folded = foldedAlike(text)
  const found = words.flatMap((word) => {
    const sought = word.toLowerCase()
    const places: Array<{ from: number; to: number }> = []
    for (let at = folded.indexOf(sought); at >= 0; at = folded.indexOf(sought, at + sought.length))
      places.push({ from: at, to: at + sought.length })
    return places
  })
  found.sort((a, b) => a.from - b.from || b.to - a.to)
  const apart: typeof found = []
  for (const hit of found) if (hit.from >= (apart.at(-1)?.to ?? 0)) apart.push(hit)
  return apart
}

/** In small letters, sign by sign, where a sign stays as long as it was: places in it are places in the text. */
function foldedAlike(text: string): string {
  const folded = text.toLowerCase()
  if (folded.length === text.length) return folded
  return Array.from(text, (sign) => {
    const small = sign.toLowerCase()
    return small.length === sign.length ? small : sign
  }).join('')
}

/** Never between the two halves of a sign. */
function startAt(text: string, place: number): number {
  const half = text.charCodeAt(place)
  return half >= 0xdc_00 && half <= 0xdf_ff ? place - 1 : place
}

/** Signs that steer a machine are no text. */
function clean(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
