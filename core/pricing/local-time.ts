import { zoneFormats } from '#protocol/base/zone-formats.ts'

const formatIn = zoneFormats('en-GB', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

export interface LocalTime {
  /** 0 is Monday. */
  readonly weekday: number
  readonly minute: number
}
/** The wall clock at a cabinet. @param timeZone  IANA, for example `Asia/Shanghai` */
export function localTimeOf(atMs: number, timeZone: string): LocalTime {
  const parts = formatIn(timeZone).formatToParts(atMs)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return {
    weekday: DAYS.indexOf(part('weekday')),
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  }
}

export interface DailyWindow {
  readonly fromMinute: number
  readonly toMinute: number
  /** Bit 0 is Monday. */
  readonly weekdays: number
}
/** An evening that runs over midnight belongs to the day on which it began. */
export function isWithin(window: DailyWindow, at: LocalTime): boolean {
  const isOn = (weekday: number) => (window.weekdays & (1 << (weekday % 7))) !== 0
  if (window.fromMinute < window.toMinute)
    return isOn(at.weekday) && at.minute >= window.fromMinute && at.minute < window.toMinute
  return (
    (at.minute >= window.fromMinute && isOn(at.weekday)) ||
    (at.minute < window.toMinute && isOn(at.weekday + 6))
  )
}
