import type { Step } from './steps.ts'

/** Ready-made visits over the goods of scripts/seed/demo.json. Each waits until somebody unlocks the door. */
export interface NamedVisit {
  readonly title: { readonly zh: string; readonly en: string }
  readonly steps: readonly Step[]
}

const enter: readonly Step[] = [{ do: 'wait-unlocked', timeoutMs: 60_000 }, { do: 'open' }]
const leave: readonly Step[] = [{ do: 'close' }]
function inside(...steps: Step[]): Step[] {
  return [...enter, ...steps, ...leave]
}

export const visits = {
  'normal-visit': {
    title: { zh: '拿两样商品', en: 'Take two things' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'cola-330' },
      { do: 'take', shelf: 's1', sku: 'sandwich-egg' },
    ),
  },
  'nothing-taken': {
    title: { zh: '打开又关上', en: 'Open and close' },
    steps: inside({ do: 'wait', ms: 1500 }),
  },
  'put-back': {
    title: { zh: '拿三件，放回一件', en: 'Take three, put one back' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'cola-330' },
      { do: 'take', shelf: 's4', sku: 'water-550' },
      { do: 'take', shelf: 's5', sku: 'chocolate-bar' },
      { do: 'wait', ms: 800 },
      { do: 'put-back', sku: 'water-550' },
    ),
  },
  'put-back-elsewhere': {
    title: { zh: '放错层', en: 'Put back on another shelf' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'cola-330' },
      { do: 'take', shelf: 's4', sku: 'tea-oolong' },
      { do: 'put-back', sku: 'tea-oolong', shelf: 's2' },
    ),
  },
  'quick-double': {
    title: { zh: '快速拿两罐', en: 'Two cans within 0.3 s' },
    steps: inside({ do: 'take', shelf: 's3', sku: 'cola-330', quantity: 2, style: 'quick' }),
  },
  swap: {
    title: { zh: '两样对调', en: 'Swap two things' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'cola-330' },
      { do: 'take', shelf: 's4', sku: 'juice-orange' },
      { do: 'put-back', sku: 'cola-330', shelf: 's4' },
      { do: 'put-back', sku: 'juice-orange', shelf: 's3' },
      { do: 'take', shelf: 's5', sku: 'crisps-sea-salt' },
    ),
  },
  lean: {
    title: { zh: '手撑在层板上', en: 'Lean on a shelf' },
    steps: inside(
      { do: 'lean', shelf: 's4', grams: 1200, durationMs: 1800 },
      { do: 'take', shelf: 's2', sku: 'milk-250' },
    ),
  },
  'hold-long': {
    title: { zh: '犹豫很久', en: 'Think long before taking' },
    steps: inside({ do: 'take', shelf: 's2', sku: 'salad-chicken', style: 'hold', holdMs: 4000 }),
  },
  'foreign-object': {
    title: { zh: '留下异物', en: 'Leave something behind' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'coffee-latte' },
      { do: 'foreign', shelf: 's1', grams: 215 },
    ),
  },
  'covered-camera': {
    title: { zh: '挡住摄像头', en: 'Cover the camera' },
    steps: [
      ...enter,
      { do: 'camera', mode: 'covered' },
      { do: 'wait', ms: 2500 },
      { do: 'take', shelf: 's3', sku: 'cola-330' },
      { do: 'wait', ms: 1500 },
      ...leave,
      { do: 'wait', ms: 1500 },
      { do: 'camera', mode: 'clear' },
    ],
  },
  'network-cut': {
    title: { zh: '购物中断网', en: 'Network lost while shopping' },
    steps: [
      ...enter,
      { do: 'network', mode: 'cut' },
      { do: 'take', shelf: 's4', sku: 'tea-oolong' },
      { do: 'take', shelf: 's5', sku: 'nuts-mixed' },
      ...leave,
    ],
  },
  greedy: {
    title: { zh: '一次拿很多', en: 'Take a lot' },
    steps: inside(
      { do: 'take', shelf: 's3', sku: 'cola-330', quantity: 3 },
      { do: 'take', shelf: 's4', sku: 'water-550', quantity: 2 },
      { do: 'take', shelf: 's1', sku: 'yogurt-plain', quantity: 2, style: 'together' },
      { do: 'take', shelf: 's5', sku: 'chocolate-bar' },
    ),
  },
  restock: {
    title: { zh: '补货', en: 'Restock' },
    steps: inside(
      { do: 'restock', shelf: 's3', sku: 'cola-330', quantity: 4 },
      { do: 'restock', shelf: 's4', sku: 'water-550', quantity: 3 },
    ),
  },
} as const satisfies Record<string, NamedVisit>

export type VisitName = keyof typeof visits
export function isVisitName(text: string): text is VisitName {
  return Object.hasOwn(visits, text)
}
