import { ERRORS, type ErrorEntry } from '#protocol/base/errors.ts'

const KINDS: Record<ErrorEntry['kind'], string> = {
  refusal: 'Expected answers',
  fault: 'Faults of the world',
  config: 'Start-up',
}

/** docs/reference/errors.md, made from the catalogue. */
export function errorReference(): string {
  const parts = [
    '# Errors',
    '',
    'Made from `protocol/base/errors.ts` by `npm run docs`; do not edit. HTTP answers carry `{ code, message, requestId }`.',
    'A refusal is an expected answer; a fault says that the world failed; a start-up error stops the process with its sentence.',
    '',
  ]
  for (const [kind, title] of Object.entries(KINDS)) {
    parts.push(
      `## ${title}`,
      '',
      '| code | status | again? | what happened | what to do |',
      '|---|---|---|---|---|',
    )
    for (const [code, entry] of Object.entries(ERRORS)) {
      if (entry.kind !== kind) continue
      parts.push(
        `| \`${code}\` | ${entry.kind === 'config' ? '–' : entry.status} | ${entry.isRetryable ? 'yes' : 'no'} | ${entry.meaning} | ${entry.remedy} |`,
      )
    }
    parts.push('')
  }
  return parts.join('\n')
}
