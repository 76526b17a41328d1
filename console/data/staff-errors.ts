import { errorText, isErrorCode } from '#protocol/words/errors.ts'
import { word } from '../words/staff.ts'
import { language } from '../words/words.ts'
import { ApiError } from './api.ts'

/** One or two sentences for a person, in their language: what happened, what to do. */
export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return word('unexpected')
  if (error.code === 'no_connection') return word('noConnection')
  return describeCode(error.code)
}

/** @param code of the error catalogue; anything else is shown as it is, so that it can be reported */
export function describeCode(code: string): string {
  if (!isErrorCode(code)) return code.replaceAll('_', ' ')
  const { meaning, remedy } = errorText(language(), code)
  return language() === 'zh' ? `${meaning}${remedy}` : `${meaning} ${remedy}`
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'conflict'
}
