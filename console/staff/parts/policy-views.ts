import type { PolicyLimit } from '#protocol/api/policies.ts'
import { formOf, toField } from '../../data/staff-policies.ts'
import { policyWord as word } from '../../words/policies.ts'

/** A limit as a person reads it: 97 %, ¥30, 24 hours, 3. */
export function limitText(limit: Pick<PolicyLimit, 'unit' | 'configured'>, value: number): string {
  const form = formOf(limit)
  const shown = toField(limit, value)
  if (form === 'yuan') return `¥${shown.toFixed(2)}`
  return `${shown} ${word(`unit.${form}`)}`.trim()
}
