import type { KnowledgeContent, KnowledgeKind } from '#protocol/api/knowledge.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { TEMPLATE_VARIABLES } from '#protocol/words/template-variables.ts'

const VARIABLE = /\{([^{}]*)\}/g

/**
 * What a schema does not see.
 * @throws knowledge_unfit with a sentence that names what to change
 */
export function checkContent(kind: KnowledgeKind, content: KnowledgeContent): void {
  const refuse = (sentence: string): never => {
    throw new CabinetError('knowledge_unfit', sentence)
  }
  const isMacro = kind === 'macro'
  if (isMacro && content.steps.length === 0) refuse('A macro needs at least one step.')
  if (!isMacro && content.steps.length > 0) refuse('Only a macro has steps.')
  if (!isMacro && (content.body.zh.trim() === '' || content.body.en.trim() === ''))
    refuse('The text is missing in one of the two languages.')
  if (content.isPublic && kind !== 'article') refuse('Only articles are shown to consumers.')
  const [last] = content.steps.slice(-1)
  const resolves = content.steps.filter((step) => step.kind === 'resolve')
  if (resolves.length > 1 || (resolves.length === 1 && last?.kind !== 'resolve'))
    refuse('Closing the ticket is the last step of a macro, and happens once.')
  if (kind !== 'template') return
  for (const language of ['zh', 'en'] as const)
    for (const [, name = ''] of content.body[language].matchAll(VARIABLE))
      if (!(TEMPLATE_VARIABLES as readonly string[]).includes(name))
        refuse(
          `{${name}} is no variable; there are ${TEMPLATE_VARIABLES.map((one) => `{${one}}`).join(' ')}.`,
        )
  const [zh, en] = [variablesOf(content.body.zh), variablesOf(content.body.en)]
  if (zh.size !== en.size || ![...zh].every((name) => en.has(name)))
    refuse('Both languages must use the same variables.')
}

function variablesOf(text: string): Set<string> {
  return new Set([...text.matchAll(VARIABLE)].map(([, name = '']) => name))
}
