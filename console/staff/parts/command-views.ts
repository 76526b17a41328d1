import type { CommandView } from '#protocol/api/control.ts'
import type { Tone } from '#protocol/words/states.ts'
import { controlWord } from '../../words/control.ts'
import type { IconName } from '../icons.ts'
import { badge } from '../views.ts'

const LOOK: Record<CommandView['state'], { tone: Tone; icon: IconName }> = {
  created: { tone: 'neutral', icon: 'circle' },
  sent: { tone: 'info', icon: 'refresh' },
  accepted: { tone: 'info', icon: 'hourglass' },
  executing: { tone: 'info', icon: 'hourglass' },
  succeeded: { tone: 'ok', icon: 'circle-check' },
  failed: { tone: 'bad', icon: 'circle-x' },
  rejected: { tone: 'bad', icon: 'circle-x' },
  expired: { tone: 'warn', icon: 'clock' },
  unknown: { tone: 'warn', icon: 'help' },
}
export function commandBadge(state: CommandView['state']) {
  const look = LOOK[state]
  return badge(look.tone, look.icon, controlWord(`state.${state}`))
}
