import type { Role } from '#protocol/api/common.ts'

/** Who and what takes part. The same in every run: what differs comes from the seed. */
export const CABINETS = [
  { cabinetId: 'cab-a', partition: 1 },
  { cabinetId: 'cab-b', partition: 1 },
  { cabinetId: 'cab-c', partition: 42 },
] as const

/** Far apart in weight, so that a receipt is clear when the scales are right. */
export const PRODUCTS = [
  { sku: 'water', nameZh: '水', nameEn: 'Water', unitGrams: 520, sigmaGrams: 2, priceFen: 200 },
  { sku: 'cola', nameZh: '可乐', nameEn: 'Cola', unitGrams: 350, sigmaGrams: 2, priceFen: 350 },
  { sku: 'tea', nameZh: '茶', nameEn: 'Tea', unitGrams: 270, sigmaGrams: 2, priceFen: 450 },
] as const

export const SHELVES = [
  { id: 's1', lanes: [{ sku: 'water', stock: 8 }] },
  {
    id: 's2',
    lanes: [
      { sku: 'cola', stock: 6 },
      { sku: 'tea', stock: 6 },
    ],
  },
] as const

/** Whom the provider does not let buy now and pay later. */
export const REFUSED_OPENID = 'oSim-5'

export const CONSUMERS = [
  { consumerId: 'co000000000000000000000000000001', openid: 'oSim-1', language: 'zh', balanceFen: 50_000 },
  { consumerId: 'co000000000000000000000000000002', openid: 'oSim-2', language: 'en', balanceFen: 50_000 },
  { consumerId: 'co000000000000000000000000000003', openid: 'oSim-3', language: 'zh', balanceFen: 50_000 },
  { consumerId: 'co000000000000000000000000000004', openid: 'oSim-4', language: 'en', balanceFen: 600 },
  {
    consumerId: 'co000000000000000000000000000005',
    openid: REFUSED_OPENID,
    language: 'zh',
    balanceFen: 5000,
  },
] as const

export const STAFF: ReadonlyArray<{ staffId: string; role: Role; displayName: string }> = [
  { staffId: 'st000000000000000000000000000001', role: 'agent', displayName: 'Agent one' },
  { staffId: 'st000000000000000000000000000002', role: 'agent', displayName: 'Agent two' },
  { staffId: 'st000000000000000000000000000003', role: 'lead', displayName: 'Lead' },
  { staffId: 'st000000000000000000000000000004', role: 'operator', displayName: 'Operator' },
  { staffId: 'st000000000000000000000000000005', role: 'technician', displayName: 'Technician' },
]
