import type { MacroStep } from '#protocol/api/knowledge.ts'

/** The steps of a macro as an author types them, one a line. */
export function stepsText(steps: readonly MacroStep[]): string {
  return steps
    .map((step) => {
      switch (step.kind) {
        case 'claim':
          return 'claim'
        case 'reply':
          return `reply ${step.template}`
        case 'note':
          return `note ${step.text}`
        case 'resolve':
          return `resolve ${step.outcome} ${step.rootCause}`
      }
    })
    .join('\n')
}

/** @returns the steps, or the first line that is none */
export function parseSteps(text: string): { steps: MacroStep[] } | { line: number; text: string } {
  const steps: MacroStep[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '') continue
    const step = parseStep(trimmed)
    if (step === undefined) return { line: index + 1, text: trimmed }
    steps.push(step)
  }
  return { steps }
}

function parseStep(line: string): MacroStep | undefined {
  const [kind = '', ...rest] = line.split(/\s+/)
  const [first, second] = rest
  if (kind === 'claim' && rest.length === 0) return { kind }
  if (kind === 'reply' && first !== undefined && rest.length === 1) return { kind, template: first }
  if (kind === 'note' && rest.length > 0) return { kind, text: rest.join(' ') }
  if (kind === 'resolve' && first !== undefined && second !== undefined && rest.length === 2)
    return { kind, outcome: first, rootCause: second }
  return undefined
}
