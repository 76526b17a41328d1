import { ID_PATTERN } from '#protocol/base/ids.ts'
import type { IntakeField, IntakeValues } from '#protocol/api/tickets.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { TICKET_TYPES, type Priority, type TicketType } from './ticket-types.ts'

export interface IntakeProblem {
  readonly key: string
  readonly problem: 'missing' | 'unknown' | 'wrong'
}
export interface Intake {
  readonly type: TicketType
  readonly values: IntakeValues
  readonly priority: Priority
  readonly severity: TicketType['severity']
}
const WHOLE_ID = new RegExp(ID_PATTERN)
const SKU = /^[a-z0-9-]{1,40}$/
const LOWEST_DECI = -300
const HIGHEST_DECI = 300
/** Nobody asks about a purchase that is older, and a clock may be a little ahead. */
const OLDEST_MS = 400 * 86_400_000
const AHEAD_MS = 10 * 60_000

/**
 * What was typed, checked against the fields of the type, and the priority that its answers make. Pure.
 * @throws CabinetError `intake_invalid` with every field that is wrong
 */
export function decideIntake(typeName: string, values: IntakeValues, nowMs: number): Intake {
  const type = TICKET_TYPES[typeName]
  if (type === undefined || !type.isEntered)
    throw new CabinetError('intake_invalid', `There is no type ${typeName} that a person may enter.`, {
      context: { fields: [{ key: 'type', problem: 'unknown' }] },
    })
  const problems: IntakeProblem[] = []
  for (const key of Object.keys(values))
    if (!type.fields.some((field) => field.key === key)) problems.push({ key, problem: 'unknown' })
  for (const field of type.fields) {
    const value = values[field.key]
    if (value === undefined || value === '') {
      if (field.isRequired) problems.push({ key: field.key, problem: 'missing' })
    } else if (!fits(field, value, nowMs)) problems.push({ key: field.key, problem: 'wrong' })
  }
  if (problems.length > 0)
    throw new CabinetError(
      'intake_invalid',
      `These fields are not right: ${problems.map(({ key, problem }) => `${key} (${problem})`).join(', ')}.`,
      { context: { fields: problems } },
    )
  const isDanger = values['isHarmed'] === true || values['isDanger'] === true
  return {
    type,
    values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '')),
    priority: isDanger ? 'urgent' : type.priority,
    severity: isDanger ? 1 : type.severity,
  }
}

function fits(field: IntakeField, value: string | number | boolean, nowMs: number): boolean {
  switch (field.kind) {
    case 'order':
    case 'cabinet':
      return typeof value === 'string' && WHOLE_ID.test(value)
    case 'product':
      return typeof value === 'string' && SKU.test(value)
    case 'when':
      return typeof value === 'number' && value > nowMs - OLDEST_MS && value <= nowMs + AHEAD_MS
    case 'text':
      return typeof value === 'string' && value.length <= 500
    case 'choice':
      return field.choices.some(({ key }) => key === value)
    case 'celsius':
      return typeof value === 'number' && value >= LOWEST_DECI && value <= HIGHEST_DECI
    case 'yes_no':
      return typeof value === 'boolean'
  }
}

const PHONE = /^\+?[0-9][0-9 -]{4,20}[0-9]$/
/** @returns the figures only. @throws CabinetError `intake_invalid` */
export function phoneDigits(text: string): string {
  if (!PHONE.test(text.trim()))
    throw new CabinetError('intake_invalid', 'The telephone number is not one.', {
      context: { fields: [{ key: 'callerPhone', problem: 'wrong' }] },
    })
  return text.replaceAll(/\D/g, '')
}
