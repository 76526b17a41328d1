import { type InputOf, machine, type StateOf } from '#protocol/base/machine.ts'

/**
 * One version of an article, a reply or a macro. What is published was read by a second person; publishing the next version
 * archives the one before, and what is archived comes back only as a new version.
 */
export const knowledgeMachine = machine({
  name: 'knowledge',
  initial: 'draft',
  terminal: ['archived'],
  states: {
    draft: { submit: 'review', archive: 'archived' },
    review: { withdraw: 'draft', return: 'draft', publish: 'published' },
    published: { archive: 'archived' },
    archived: {},
  },
})
export type KnowledgeInput = InputOf<typeof knowledgeMachine>
export type KnowledgeMachineState = StateOf<typeof knowledgeMachine>
