import { en } from './quality/en.ts'
import { zh } from './quality/zh.ts'
import { catalogue } from './words.ts'

/** The texts of re-checks, serious incidents, the schedule and the team. */
export const qualityWord = catalogue(en, zh)
/** For keys that are made from a value: the value itself when there are no words for it. */
export function qualityWordOr(key: string, fallback: string): string {
  return Object.hasOwn(en, key) ? qualityWord(key as keyof typeof en) : fallback
}
