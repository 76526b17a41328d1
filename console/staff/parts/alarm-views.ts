import type { AlarmList } from '#protocol/api/staff.ts'
import type { Tone } from '#protocol/words/states.ts'
import { word } from '../../words/staff.ts'
import type { IconName } from '../icons.ts'
import { badge } from '../views.ts'

type AlarmState = AlarmList['alarms'][number]['state']
const LOOK: Record<AlarmState, { tone: Tone; icon: IconName }> = {
  raised: { tone: 'bad', icon: 'bell' },
  acknowledged: { tone: 'warn', icon: 'user' },
  cleared: { tone: 'ok', icon: 'circle-check' },
  shelved: { tone: 'neutral', icon: 'hourglass' },
}
export function alarmBadge(state: AlarmState) {
  return badge(LOOK[state].tone, LOOK[state].icon, word(`alarmState.${state}`))
}
