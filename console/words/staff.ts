import { fill, type Values } from '#protocol/words/words.ts'
import { alarmsTexts } from './staff/alarms.ts'
import { auditTexts } from './staff/audit.ts'
import { cabinetsTexts } from './staff/cabinets.ts'
import { evidenceTexts } from './staff/evidence.ts'
import { frameTexts } from './staff/frame.ts'
import { helpTexts } from './staff/help.ts'
import { moneyTexts } from './staff/money.ts'
import { planogramTexts } from './staff/planogram.ts'
import { refundsTexts } from './staff/refunds.ts'
import { setpointTexts } from './staff/setpoint.ts'
import { ticketQueueTexts } from './staff/ticket-queue.ts'
import { workbenchTexts } from './staff/workbench.ts'
import { catalogue } from './words.ts'

/** The texts that most staff pages share, put together from the areas in `staff/`. A test sees that no key stands in two of them. */
const en = {
  ...frameTexts.en,
  ...ticketQueueTexts.en,
  ...workbenchTexts.en,
  ...evidenceTexts.en,
  ...moneyTexts.en,
  ...refundsTexts.en,
  ...cabinetsTexts.en,
  ...setpointTexts.en,
  ...alarmsTexts.en,
  ...planogramTexts.en,
  ...auditTexts.en,
  ...helpTexts.en,
}
const zh: Record<keyof typeof en, string> = {
  ...frameTexts.zh,
  ...ticketQueueTexts.zh,
  ...workbenchTexts.zh,
  ...evidenceTexts.zh,
  ...moneyTexts.zh,
  ...refundsTexts.zh,
  ...cabinetsTexts.zh,
  ...setpointTexts.zh,
  ...alarmsTexts.zh,
  ...planogramTexts.zh,
  ...auditTexts.zh,
  ...helpTexts.zh,
}

export type StaffWord = keyof typeof en
export const word = catalogue(en, zh)

export function hasWord(key: string): key is StaffWord {
  return Object.hasOwn(en, key)
}

/**
 * For codes that the core may extend before this console knows them (types, kinds, reasons): their text, or the code
 * itself in readable form, so that nothing is ever blank.
 */
export function wordOr(key: string, code: string, values: Values = {}): string {
  return hasWord(key) ? word(key, values) : fill(code.replace(/^.*\./, '').replaceAll('_', ' '), values)
}
