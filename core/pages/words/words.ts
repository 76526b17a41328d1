import { fill, type Language, type Values } from '#protocol/words/words.ts'
import { en } from './en.ts'
import { zh } from './zh.ts'

export type WordKey = keyof typeof en
export type Word = (key: WordKey, values?: Values) => string

export function wordsIn(language: Language): Word {
  return (key, values) => fill((language === 'zh' ? zh : en)[key], values)
}
export function isWordKey(key: string): key is WordKey {
  return Object.hasOwn(en, key)
}
