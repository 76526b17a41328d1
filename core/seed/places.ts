import { PARTITION_COUNT } from '#protocol/base/units.ts'
import type { SeedFile } from '#core/seed.ts'

type Cabinet = SeedFile['cabinet']

const OPERATORS = ['operator-demo', 'operator-north', 'operator-river', 'operator-campus'] as const
const TOWNS = [
  { zh: '上海', en: 'Shanghai', timeZone: 'Asia/Shanghai' },
  { zh: '杭州', en: 'Hangzhou', timeZone: 'Asia/Shanghai' },
  { zh: '成都', en: 'Chengdu', timeZone: 'Asia/Shanghai' },
  { zh: '乌鲁木齐', en: 'Urumqi', timeZone: 'Asia/Urumqi' },
] as const
const SITES = [
  { zh: '软件园 2 号楼大堂', en: 'Software Park, building 2, lobby' },
  { zh: '人民医院住院部', en: 'City hospital, inpatient wing' },
  { zh: '体育馆东门', en: 'Sports hall, east gate' },
  { zh: '大学图书馆一层', en: 'University library, floor 1' },
  { zh: '地铁站厅 B 口', en: 'Metro hall, exit B' },
  { zh: '写字楼 12 层茶水间', en: 'Office tower, pantry on floor 12' },
  { zh: '人才公寓门厅', en: 'Apartment house, entrance hall' },
  { zh: '工厂食堂旁', en: 'Factory, beside the canteen' },
] as const

/** Cabinets of several operators in several towns, two clocks among them; the first is the one of the seed. */
export function cabinetsOf(first: Cabinet, count: number): Cabinet[] {
  return [
    first,
    ...Array.from({ length: count - 1 }, (_, index): Cabinet => {
      const number = index + 2
      const town = TOWNS[number % TOWNS.length] ?? TOWNS[0]
      const site = SITES[number % SITES.length] ?? SITES[0]
      return {
        ...first,
        id: `cab-${String(number).padStart(3, '0')}`,
        partition: (first.partition + number) % PARTITION_COUNT,
        name: { zh: `${number} 号柜 · ${town.zh}`, en: `Cabinet ${number} · ${town.en}` },
        site: { zh: `${town.zh} · ${site.zh}`, en: `${town.en}, ${site.en}` },
        timeZone: town.timeZone,
        operator: OPERATORS[number % OPERATORS.length] ?? OPERATORS[0],
      }
    }),
  ]
}
