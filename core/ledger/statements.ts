import type { Kysely } from 'kysely'
import type { LedgerAccount, Statement } from '#protocol/api/finance.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { Tables } from '#core/platform/tables/index.ts'
import { balancesOf, isClosed } from './journal.ts'

type Amounts = Pick<
  Statement,
  | 'orders'
  | 'grossFen'
  | 'discountFen'
  | 'compensationFen'
  | 'refundFen'
  | 'writeOffFen'
  | 'feeFen'
  | 'payableFen'
>

/** A day of every operator that has one, or of one. Made from the journal and nothing else. */
export async function statementsOf(db: Kysely<Tables>, day: string, operator?: string): Promise<Statement[]> {
  let query = db
    .selectFrom('ledgerEntry as e')
    .innerJoin('ledgerLine as l', 'l.seq', 'e.seq')
    .select((eb) => ['e.operator', 'e.cabinetId', 'l.account', eb.fn.sum<number>('l.amountFen').as('fen')])
    .where('e.day', '=', day)
    .where('e.kind', '<>', 'day_closed')
    .groupBy(['e.operator', 'e.cabinetId', 'l.account'])
  if (operator !== undefined) query = query.where('e.operator', '=', operator)
  const sums = await query.execute()
  const sales = await db
    .selectFrom('ledgerEntry')
    .select((eb) => ['operator', 'cabinetId', eb.fn.countAll<number>().as('count')])
    .where('day', '=', day)
    .where('kind', '=', 'sale')
    .groupBy(['operator', 'cabinetId'])
    .execute()
  const places = await db
    .selectFrom('cabinet')
    .select(['cabinetId', 'nameZh', 'nameEn'])
    .where('cabinetId', 'in', [...new Set(sums.map(({ cabinetId }) => cabinetId ?? ''))])
    .execute()
  const names = new Map(places.map((one) => [one.cabinetId, { zh: one.nameZh, en: one.nameEn }]))
  const operators = new Set(sums.map((row) => row.operator))
  if (operator !== undefined) operators.add(operator)
  return Promise.all(
    [...operators].toSorted().map(async (one) => {
      const cabinets = [
        ...new Set(sums.filter((row) => row.operator === one).map((row) => row.cabinetId ?? '')),
      ].toSorted()
      const rows = cabinets.map((cabinetId) => ({
        cabinetId,
        name: names.get(cabinetId) ?? null,
        ...amounts(
          Number(
            sales.find((row) => row.operator === one && (row.cabinetId ?? '') === cabinetId)?.count ?? 0,
          ),
          (account) =>
            Number(
              sums.find(
                (row) =>
                  row.operator === one && (row.cabinetId ?? '') === cabinetId && row.account === account,
              )?.fen ?? 0,
            ),
        ),
      }))
      const total = (of: (row: Amounts) => number) => rows.reduce((sum, row) => sum + of(row), 0)
      const closed = await isClosed(db, day, one)
      const payableFen = total((row) => row.payableFen)
      const owed = await balancesOf(db, { upToDay: day, operator: one })
      return {
        day,
        operator: one,
        isClosed: closed,
        orders: total((row) => row.orders),
        grossFen: total((row) => row.grossFen),
        discountFen: total((row) => row.discountFen),
        compensationFen: total((row) => row.compensationFen),
        refundFen: total((row) => row.refundFen),
        writeOffFen: total((row) => row.writeOffFen),
        feeFen: total((row) => row.feeFen),
        payableFen,
        // What is not closed yet is not in the account; it is added, so that the figure does not jump at noon.
        balanceFen: -(owed.operator_payable ?? 0) + (closed ? 0 : payableFen),
        cabinets: rows,
      }
    }),
  )
}

function amounts(orders: number, fenOf: (account: LedgerAccount) => number): Amounts {
  const grossFen = -fenOf('revenue')
  const [discountFen, compensationFen, refundFen, writeOffFen, feeFen] = [
    fenOf('discounts'),
    fenOf('compensation'),
    fenOf('refunds'),
    fenOf('write_off'),
    fenOf('fees'),
  ]
  return {
    orders,
    grossFen,
    discountFen,
    compensationFen,
    refundFen,
    writeOffFen,
    feeFen,
    payableFen: grossFen - discountFen - compensationFen - refundFen - writeOffFen - feeFen,
  }
}

const COLUMNS: ReadonlyArray<[string, (row: Amounts) => string]> = [
  ['订单数 orders', (row) => String(row.orders)],
  ['商品金额 sales', (row) => yuanText(row.grossFen)],
  ['优惠 discounts', (row) => yuanText(row.discountFen)],
  ['补偿 compensation', (row) => yuanText(row.compensationFen)],
  ['退款 refunds', (row) => yuanText(row.refundFen)],
  ['核销 written off', (row) => yuanText(row.writeOffFen)],
  ['手续费 fees', (row) => yuanText(row.feeFen)],
  ['应付运营商 payable', (row) => yuanText(row.payableFen)],
]

/** One row a cabinet and one for the whole, in yuan; with a byte order mark, so that spreadsheets read the Chinese. */
export function statementCsv(statements: readonly Statement[]): string {
  const head = [
    '日期 day',
    '运营商 operator',
    '货柜 cabinet',
    '名称 name',
    ...COLUMNS.map(([name]) => name),
    '已关账 closed',
  ]
  const lines = statements.flatMap((statement) =>
    [...statement.cabinets, { cabinetId: '合计 total', name: null, ...statement }].map((row) => [
      statement.day,
      statement.operator,
      row.cabinetId,
      row.name === null ? '' : `${row.name.zh} ${row.name.en}`,
      ...COLUMNS.map(([, cell]) => cell(row)),
      statement.isClosed ? '是 yes' : '否 no',
    ]),
  )
  return csvOf([head, ...lines])
}

/** A cell that begins like a formula would be run by a spreadsheet; a minus before a number is none. */
export function csvOf(rows: ReadonlyArray<readonly string[]>): string {
  const cell = (text: string) => {
    const safe = /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return `\uFEFF${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}
