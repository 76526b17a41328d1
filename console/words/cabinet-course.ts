import { catalogue } from './words.ts'

/** The texts of what happened at a cabinet around a question. English is the type; Chinese must satisfy it. */
const en = {
  title: 'What happened there',
  lead: 'Visits and alarms of the day before this was asked.',
  visits: 'Visits',
  noVisits: 'Nobody opened this cabinet in that time.',
  alarms: 'Alarms',
  noAlarms: 'No alarm in that time.',
  when: 'When',
  what: 'What came of it',
  door: 'Door open',
  order: 'Order',
  asker: 'Whoever asked',
  neverOpened: 'not opened',
  until: 'until {at}',
  still: 'still going on',
} as const
const zh: Record<keyof typeof en, string> = {
  title: '当时的经过',
  lead: '提问前一天内的到访和告警。',
  visits: '到访',
  noVisits: '这段时间没有人打开过这台货柜。',
  alarms: '告警',
  noAlarms: '这段时间没有告警。',
  when: '时间',
  what: '结果',
  door: '开门时段',
  order: '订单',
  asker: '提问者本人',
  neverOpened: '未打开',
  until: '至 {at}',
  still: '仍在持续',
}

export const courseWord = catalogue(en, zh)
