import type { Bilingual } from '#protocol/api/common.ts'

export interface ChecklistStep {
  readonly audience: 'agent' | 'lead' | 'technician' | 'operator'
  readonly text: Bilingual
  readonly withinMs: number
  /** It can be ticked only when the cabinet says so too. */
  readonly needs: 'in_service' | null
}
const MINUTE = 60_000
const step = (
  audience: ChecklistStep['audience'],
  withinMinutes: number,
  zh: string,
  en: string,
  needs: ChecklistStep['needs'] = null,
): ChecklistStep => ({ audience, text: { zh, en }, withinMs: withinMinutes * MINUTE, needs })
const BACK = step(
  'lead',
  240,
  '确认货柜已恢复营业，并告知相关人员',
  'Make sure that the cabinet is back in service, and tell whoever waits for it',
  'in_service',
)

/** R16: who does what, and by when, so that a cabinet is back in service. */
export const CHECKLISTS: Readonly<Record<string, readonly ChecklistStep[]>> = {
  door: [
    step(
      'agent',
      5,
      '确认无人受伤、无人被困，并停止销售',
      'Make sure that nobody is hurt or shut in, and stop the sales',
    ),
    step(
      'technician',
      60,
      '到场检查门锁和门磁，关好柜门',
      'Go there, check lock and contact, and shut the door',
    ),
    step('operator', 120, '盘点，登记损失', 'Count the goods and write down what is missing'),
    BACK,
  ],
  cold: [
    step(
      'agent',
      5,
      '确认已停止销售，查看温度曲线',
      'Make sure that the sales are stopped, and look at the temperatures',
    ),
    step('technician', 60, '到场检查制冷、风机和门封', 'Go there, check compressor, fan and door seal'),
    step('operator', 90, '检查并取出不安全的食品', 'Check the food and take out what is not safe'),
    BACK,
  ],
  power: [
    step('agent', 5, '联系场地，确认断电范围和恢复时间', 'Call the site: what has no power, and until when'),
    step('operator', 60, '断电时间过长时转移冷藏食品', 'Move chilled food when the outage lasts'),
    step(
      'technician',
      120,
      '恢复供电，检查货柜自检结果',
      'Restore the power and read what the cabinet reports of itself',
    ),
    BACK,
  ],
}
