import type { KnowledgeContent } from '#protocol/api/knowledge.ts'

/** What is looked through: the published contents, with how often each was used. */
export interface Candidate<T> {
  readonly item: T
  readonly content: Pick<KnowledgeContent, 'title' | 'body' | 'types' | 'keywords'>
  readonly uses: number
}

const TYPE_WEIGHT = 6
const TITLE_WEIGHT = 4
const KEYWORD_WEIGHT = 3
const BODY_WEIGHT = 1
/** Use decides only between what fits equally well. */
const MOST_FROM_USE = 0.9

/**
 * What fits a ticket or a search, best first; what does not fit at all is left out.
 * @param query words in either language; Chinese is compared by pairs of characters, because it has no spaces
 * @param type  type of the ticket, when there is one
 */
export function rank<T>(
  candidates: ReadonlyArray<Candidate<T>>,
  query: string,
  type: string | undefined,
): T[] {
  const terms = termsOf(query)
  return candidates
    .map((candidate) => ({ candidate, score: scoreOf(candidate, terms, type) }))
    .filter(({ score }) => score >= 1 || (terms.length === 0 && type === undefined))
    .toSorted((a, b) => b.score - a.score)
    .map(({ candidate }) => candidate.item)
}

function scoreOf<T>(
  { content, uses }: Candidate<T>,
  terms: readonly string[],
  type: string | undefined,
): number {
  const { title, body, keywords, types } = content
  const ofType = type !== undefined && types.includes(type) ? TYPE_WEIGHT : 0
  const titles = `${title.zh} ${title.en}`.toLowerCase()
  const bodies = `${body.zh} ${body.en}`.toLowerCase()
  const words = keywords.toLowerCase()
  let sum = 0
  for (const term of terms) {
    if (titles.includes(term)) sum += TITLE_WEIGHT
    else if (words.includes(term)) sum += KEYWORD_WEIGHT
    else if (bodies.includes(term)) sum += BODY_WEIGHT
  }
  // A long message has many terms that say nothing: what counts is the share that fits.
  const ofText = terms.length === 0 ? 0 : sum / Math.sqrt(terms.length)
  return ofType + ofText + MOST_FROM_USE * (uses / (uses + 10))
}

const LATIN_WORD = /[a-z0-9]{2,}/g
const HAN_RUN = /\p{Script=Han}+/gu
/** Words that stand in every message and find nothing. */
const EMPTY_WORDS = new Set(
  'the and for was is it my of to in on not you me 怎么 么办 什么 为什 可以 我们 你们 请问 您好 你好 一下 没有 是不 不是'.split(
    ' ',
  ),
)
const MOST_TERMS = 60

function termsOf(query: string): string[] {
  const text = query.toLowerCase()
  const latin = (text.match(LATIN_WORD) ?? []).filter((word) => !EMPTY_WORDS.has(word))
  const pairs = (text.match(HAN_RUN) ?? []).flatMap((run) =>
    run.length === 1 ? [run] : Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2)),
  )
  const han = pairs.filter((pair) => !EMPTY_WORDS.has(pair))
  return [...new Set([...latin, ...han])].slice(0, MOST_TERMS)
}
