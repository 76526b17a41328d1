import type { CallBackList } from '#protocol/api/call-backs.ts'
import type { ImprovementItem } from '#protocol/api/improvements.ts'
import type { RecheckList } from '#protocol/api/rechecks.ts'
import type { IncidentPreview } from '#protocol/api/refund-cases.ts'
import { eventually } from '#test/support/eventually.ts'
import type { World } from '#test/scenarios/world.ts'

const DAY_MS = 86_400_000
/** A case that is solved is closed at once, so that there is something to call back about and to look at again. */
export const CASES_POLICY = { reopenWindowMs: 1000 } as const

/** One of everything that staff pages show besides orders and tickets, made as people make it: its page by route. */
export async function playCases(
  world: World,
  { sku, fromMs }: { sku: string; fromMs: number },
): Promise<Record<string, string>> {
  const [agent, lead] = [await world.staff('agent'), await world.staff('lead')]
  const { cabinetId } = world.system
  const nowMs = world.clock.now()
  const emergencyId = world.ids.next('emergency')
  await agent.send('POST', 'emergencies', {
    emergencyId,
    kind: 'food_safety',
    title: '冷藏一夜未工作，早上柜温 14 °C',
    note: '技术员早上发现，已停止销售沙拉和酸奶。',
    discoveredAtMs: nowMs,
    discoveredBy: '技术员',
    scope: { cabinetIds: [cabinetId], sku, fromMs: nowMs - DAY_MS, toMs: nowMs },
  })
  const selection = { cabinetIds: [cabinetId], sku, fromMs, toMs: nowMs }
  const preview = (await lead.send('POST', 'refund-cases/preview', selection)) as IncidentPreview
  const caseId = world.ids.next('refundCase')
  await lead.send('POST', 'refund-cases', {
    caseId,
    title: '冷藏故障期间售出的商品',
    selection,
    reason: 'quality',
    stock: 'written_off',
    note: '冷藏一夜未工作',
    count: preview.count,
    totalFen: preview.totalFen,
  })
  const { item } = (await lead.send('POST', 'improvements', {
    requestId: world.ids.next('request'),
    title: '给货柜加装第二张网卡',
    rootCause: 'network',
    plan: '先在大堂的货柜上试一个月。',
  })) as ImprovementItem
  const visitId = world.ids.next('session')
  const technician = await world.staff('technician')
  await technician.send('POST', `cabinets/${cabinetId}/visits`, { visitId, kind: 'restock', reason: '补货' })
  const ticketId = await closeComplaint(world)
  const callBack = await eventually('the call-back of the closed complaint', async () => {
    for (const view of ['due', 'coming']) {
      const { callBacks } = (await lead.get(`call-backs?view=${view}`)) as CallBackList
      const found = callBacks.find((one) => one.ticketId === ticketId)
      if (found !== undefined) return found
    }
    return undefined
  })
  const { rechecks } = (await lead.get('rechecks?view=waiting')) as RecheckList
  const recheck = rechecks.find((one) => one.ticketId === ticketId)
  return {
    '/emergencies/:id': emergencyId,
    '/incidents/:id': caseId,
    '/improvements/:id': item.itemId,
    '/visits/:id': visitId,
    '/call-backs/:id': callBack.callBackId,
    ...(recheck === undefined ? {} : { '/rechecks/:id': recheck.recheckId }),
  }
}

/** A complaint is always looked at again and called back about, as it is shipped. */
async function closeComplaint(world: World): Promise<string> {
  const agent = await world.staff('agent')
  const { ticket } = (await agent.send('POST', 'tickets', {
    requestId: world.ids.next('request'),
    type: 'complaint',
    channel: 'hotline',
    callerPhone: '13800137391',
    note: '打了三次电话没人接。',
    intake: { about: 'service' },
  })) as { ticket: { ticketId: string; version: number } }
  await agent.send('POST', `tickets/${ticket.ticketId}/resolve`, {
    version: ticket.version,
    outcome: 'explained',
    rootCause: 'unknown',
  })
  return ticket.ticketId
}
