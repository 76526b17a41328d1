import type { MacroStep, Suggestions } from '#protocol/api/knowledge.ts'
import type { TemplateList, TicketDetail } from '#protocol/api/staff/tickets.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { fillTemplate, unfilled } from './staff-advice.ts'
import type { StaffApi } from './staff-api.ts'

export type Macro = Suggestions['suggestions'][number]

/** A step as it will be carried out: replies are filled, and what a ticket does not allow now is named. */
export interface PlannedStep {
  readonly step: MacroStep
  /** What the consumer will read, or the team for a note. */
  readonly text: string | undefined
  /** Why it cannot be carried out; undefined when it can. */
  readonly obstacle: 'no_template' | 'unfilled' | 'not_now' | undefined
  /** Names of what the ticket does not know. */
  readonly open: readonly string[]
}

/** What a macro would do with this ticket now. A step that is done already (it is mine) is left out. */
export function planMacro(
  macro: Pick<Macro, 'steps'>,
  detail: TicketDetail,
  templates: TemplateList['templates'],
  agent: { staffId: string; displayName: string },
): PlannedStep[] {
  const steps = macro.steps.filter(
    (step) => step.kind !== 'claim' || detail.ticket.assignee?.staffId !== agent.staffId,
  )
  return steps.map((step) => planStep(step, detail, templates, agent.displayName))
}

function planStep(
  step: MacroStep,
  detail: TicketDetail,
  templates: TemplateList['templates'],
  agentName: string,
): PlannedStep {
  const fine = (text?: string): PlannedStep => ({ step, text, obstacle: undefined, open: [] })
  const notNow: PlannedStep = { step, text: undefined, obstacle: 'not_now', open: [] }
  switch (step.kind) {
    case 'claim':
      return detail.actions.includes('claim') ? fine() : notNow
    case 'note':
      return detail.actions.includes('note') ? fine(step.text) : notNow
    case 'resolve':
      return detail.actions.includes('resolve') ? fine() : notNow
    case 'reply': {
      if (!detail.actions.includes('reply')) return notNow
      const template = templates.find(({ key }) => key === step.template)
      if (template === undefined) return { step, text: undefined, obstacle: 'no_template', open: [] }
      const text = fillTemplate(template.text[detail.language], detail, agentName, detail.language)
      const open = unfilled(text)
      return { step, text, obstacle: open.length > 0 ? 'unfilled' : undefined, open }
    }
  }
}

/**
 * Carries the steps out in order, each with the version that the one before left. What was done stays done when a later step
 * is refused.
 * @throws ApiError of the step that was refused
 */
export async function runMacro(
  api: StaffApi,
  ids: Ids,
  ticketId: string,
  plan: readonly PlannedStep[],
): Promise<void> {
  for (const { step, text } of plan) {
    const { version } = (await api.ticket(ticketId)).ticket
    const message = { requestId: ids.next('request'), version, text: text ?? '' }
    if (step.kind === 'claim') await api.claim(ticketId, version)
    else if (step.kind === 'reply') await api.reply(ticketId, message)
    else if (step.kind === 'note') await api.note(ticketId, message)
    else {
      await api.resolve(ticketId, {
        version,
        outcome: step.outcome as Parameters<StaffApi['resolve']>[1]['outcome'],
        rootCause: step.rootCause as Parameters<StaffApi['resolve']>[1]['rootCause'],
      })
    }
  }
}
