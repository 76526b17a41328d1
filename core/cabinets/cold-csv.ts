import type { ColdLog } from '#protocol/api/cold.ts'
import { csvOf } from '#core/ledger/statements.ts'
import type { Tables } from '#core/platform/tables/index.ts'

type Row = readonly string[]

const COLUMNS = [
  '时间 time',
  '类别 kind',
  '至 until',
  '分钟 minutes',
  '最低 lowest °C',
  '平均 mean °C',
  '最高 highest °C',
  '设定 setpoint °C',
  '压缩机分钟 compressor min',
  '开门分钟 door open min',
  '说明 detail',
] as const

const KINDS = {
  reading: '读数 reading',
  gap: '无记录 gap',
  excursion: '超温 excursion',
  lockout: '食安锁柜 lockout',
  probe: '探头故障 probe fault',
  power: '电源 power',
} as const

/** The reading's own words; everything else that the file says. */
const DETAILS: Readonly<Record<string, string>> = {
  probe_fault: '探头故障 probe fault',
  stopped: '断电或重启 no power or restarted',
  on_the_way: '尚未传回 still on the way',
  unknown: '原因不明 reason unknown',
  too_warm: '温度过高 too warm',
  too_warm_after_door: '开门后未降温 not cold again after the door',
  too_warm_after_defrost: '化霜后未降温 not cold again after a defrost',
  too_warm_in_total: '累计超温过久 too warm in total',
  power_loss: '断电期间升温 warmed during a power cut',
  unseen: '无人监测过久 unmeasured for too long',
  silent: '无读数 no reading',
  'out-of-range': '读数不可能 impossible reading',
  stuck: '读数不变 reading does not move',
  jumping: '读数跳变 reading jumps',
  disagree: '两个探头不一致 two probes disagree',
  lost: '断电 mains lost',
  restored: '来电 mains back',
  started: '控制器启动 controller started',
  kept: '商品保留 goods kept',
  discarded: '商品已丢弃 goods discarded',
}
function said(code: string | null): string {
  return code === null ? '' : (DETAILS[code] ?? code)
}

/** Readings and everything that happened between them, one line each, in order of time and in the cabinet's own zone. */
export function coldCsv(log: ColdLog, readings: ReadonlyArray<Tables['reading']>): string {
  const time = timeFormat(log.timeZone)
  const lines: Array<{ atMs: number; row: Row }> = readings.map((reading) => ({
    atMs: reading.atMs - reading.windowMs,
    row: [
      time(reading.atMs - reading.windowMs),
      KINDS.reading,
      time(reading.atMs),
      minutes(reading.windowMs),
      celsius(reading.lowest),
      celsius(reading.mean),
      celsius(reading.highest),
      celsius(reading.setpoint),
      minutes(reading.compressorOnMs),
      minutes(reading.doorOpenMs),
      '',
    ],
  }))
  const add = (
    atMs: number,
    kind: keyof typeof KINDS,
    untilMs: number | null,
    highest: number | null,
    detail: string,
  ) => {
    const until = untilMs === null ? ['', ''] : [time(untilMs), minutes(untilMs - atMs)]
    lines.push({
      atMs,
      row: [time(atMs), KINDS[kind], ...until, '', '', celsius(highest), '', '', '', detail],
    })
  }
  for (const { fromMs, toMs, reason } of log.gaps) add(fromMs, 'gap', toMs, null, said(reason))
  for (const one of log.excursions)
    add(
      one.beganAtMs,
      'excursion',
      one.endedAtMs,
      one.peakDeciCelsius,
      `> ${celsius(one.limitDeciCelsius)} °C`,
    )
  for (const one of log.lockouts)
    add(one.latchedAtMs, 'lockout', one.clearedAtMs, one.peakDeciCelsius, lockoutDetail(one))
  for (const one of log.probeFaults)
    add(one.beganAtMs, 'probe', one.endedAtMs, null, `${one.probe}: ${said(one.fault)}`)
  for (const { atMs, kind } of log.power) add(atMs, 'power', null, null, said(kind))
  const body = lines.toSorted((a, b) => a.atMs - b.atMs).map(({ row }) => row)
  return csvOf([...headOf(log, time), [...COLUMNS], ...body])
}

function headOf(log: ColdLog, time: (atMs: number) => string): Row[] {
  const lengthMs = Math.max(1, log.toMs - log.fromMs)
  return [
    ['货柜 cabinet', log.cabinetId, log.cabinetName.zh, log.cabinetName.en],
    ['地点 site', log.site.zh, log.site.en, log.operator],
    ['期间 period', time(log.fromMs), time(log.toMs), log.timeZone],
    ['上限 limit °C', celsius(log.limitDeciCelsius)],
    [
      '已记录 recorded',
      `${((100 * log.recordedMs) / lengthMs).toFixed(2)} %`,
      `${log.readings} 条 readings`,
      `${log.gaps.length} 段无记录 gaps`,
    ],
    [],
  ]
}
function lockoutDetail(one: ColdLog['lockouts'][number]): string {
  const cleared =
    one.clearedBy === null ? '' : `解除 cleared by ${one.clearedBy} (${one.clearedByRole ?? '–'})`
  return [said(one.cause), cleared, said(one.goods), one.clearReason ?? '']
    .filter((part) => part !== '')
    .join('; ')
}
function celsius(deci: number | null): string {
  return deci === null ? '' : (deci / 10).toFixed(1)
}
function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1)
}
/** 2026-03-29 02:30:00+08:00: no two moments look the same, not even in the night in which clocks go back. */
function timeFormat(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  const offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  return (atMs) => {
    const name = offset.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    return `${format.format(atMs)}${name.replace('GMT', '') || '+00:00'}`
  }
}
