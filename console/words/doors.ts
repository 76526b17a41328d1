import { catalogue } from './words.ts'

/** What is the matter with a door, a lock or the line to their board. English is the type; Chinese must satisfy it. */
const en = {
  door: 'Door {door}: {what}',
  door_forced:
    'Opened although nobody unlocked it. See what is missing and count; the alarm stays until somebody has acknowledged it.',
  'door_left_open.warning': 'Open for {minutes} min. The cold escapes and sales wait.',
  'door_left_open.alarm': 'Open for {minutes} min. Somebody has to close it.',
  'stock_unattended.forced':
    'The door was broken open, and the shelves weigh differently: {shelves}. Count the cabinet.',
  'stock_unattended.manual-key':
    'Somebody was inside with the key, and the shelves weigh differently: {shelves}. Count the cabinet.',
  lock_failed:
    'Closed, but the bolt is not in its hole: anybody can pull it open. Nothing is sold until it locks.',
  'bus_fault.board_silent': 'The board with lock and door does not answer, the scales do. Nothing is sold.',
  'bus_fault.serial_open_failed': 'The serial adapter is gone: check its plug.',
  'bus_fault.bus_timeout': 'No device answers on the line: check power and wires.',
  'bus_fault.bus_bad_crc': 'Only noise comes from the line: check wires and speed.',
} as const
const zh: Record<keyof typeof en, string> = {
  door: '{door} 号门：{what}',
  door_forced: '无人开锁而门被打开。请查看缺货并盘点；有人确认之前告警不会消失。',
  'door_left_open.warning': '已敞开 {minutes} 分钟，冷气外泄，暂停销售。',
  'door_left_open.alarm': '已敞开 {minutes} 分钟，需要有人前去关门。',
  'stock_unattended.forced': '柜门被强行打开，称重有变：{shelves}。请盘点。',
  'stock_unattended.manual-key': '有人用钥匙开过柜门，称重有变：{shelves}。请盘点。',
  lock_failed: '门已关但锁舌未入位，任何人都能拉开。锁好之前停止销售。',
  'bus_fault.board_silent': '控制板（门锁）无响应，秤正常。停止销售。',
  'bus_fault.serial_open_failed': '串口适配器已断开，请检查插头。',
  'bus_fault.bus_timeout': '线路上没有设备响应，请检查供电与接线。',
  'bus_fault.bus_bad_crc': '线路上只有杂波，请检查接线与速率。',
}
const all = new Set(Object.keys(en))
export const doorWord = catalogue(en, zh)
export function hasDoorWord(key: string): key is keyof typeof en {
  return all.has(key)
}
