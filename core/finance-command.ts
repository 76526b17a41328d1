import path from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import type { Clock } from '#protocol/base/clock.ts'
import type { BillReport, Statement } from '#protocol/api/finance.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { yuanText } from '#protocol/base/units.ts'
import type { Bills } from '#core/bills/bills.ts'
import { auditLedger, confirmed } from '#core/ledger/audit.ts'
import { dayBefore, dayOf, startOfDay } from '#core/ledger/day.ts'
import { statementCsv, statementsOf } from '#core/ledger/statements.ts'
import { checkMerchant } from '#core/payments/payscore/check.ts'
import { loadMerchant } from '#core/payments/payscore/merchant.ts'
import { createSignedWire } from '#core/payments/payscore/signed-wire.ts'
import type { Database } from '#core/platform/database.ts'
import { createHttpTransport } from '#core/platform/transport.ts'
import type { Settings } from './config.ts'

/** What a command prints, and its exit code: 0 all is well, 1 it is not. */
export interface CommandResult {
  readonly text: string
  readonly code: 0 | 1
}

/** `check-provider`: account, keys, clock and reachability, without a database and without moving money. */
export async function checkProviderCommand(
  settings: Settings,
  around: { clock: Clock; ids: Ids; random: Random; answerWithinMs: number },
): Promise<CommandResult> {
  if (settings.provider === undefined)
    throw new CabinetError(
      'config_invalid',
      'Say which account: --provider FILE (merchant.json; docs/reference/provider.md names what stands in it).',
    )
  const { clock, random } = around
  const merchant = loadMerchant(settings.provider)
  const wire = createSignedWire({ ...around, merchant, transport: createHttpTransport(clock), random })
  const publicUrl = settings['public-url'] ?? `http://${settings.host}:${settings.port}`
  const checks = await checkMerchant({ ...around, merchant, wire, publicUrl })
  const isFailed = checks.some(({ state }) => state === 'failed')
  if (settings.json)
    return { text: JSON.stringify({ ok: !isFailed, checks }, null, 2), code: isFailed ? 1 : 0 }
  const mark = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' }
  const lines = checks.map(({ name, state, detail }) => `${mark[state]} ${name}: ${detail}`)
  return {
    text: [
      ...lines,
      '',
      isFailed
        ? 'The account cannot be used like this.'
        : 'The payment provider answered, and the signatures of both sides fit.',
    ].join('\n'),
    code: isFailed ? 1 : 0,
  }
}

/** These read what is there: a folder without a core is a slip of the pen, not an empty business. @throws CabinetError */
export function requireCore(dataFolder: string): void {
  const file = path.join(dataFolder, 'core', 'core.sqlite')
  if (!existsSync(file))
    throw new CabinetError(
      'config_invalid',
      `There is no ${path.resolve(file)}; give the data folder of a core with --data.`,
    )
}
export const FINANCE_COMMANDS: readonly string[] = ['audit-ledger', 'statement', 'reconcile']

/** `audit-ledger`: the whole journal, its chain, and what it says beside orders, payments and refunds. */
export async function auditLedgerCommand(
  db: Database,
  settings: Settings,
  nowMs: number,
): Promise<CommandResult> {
  const keyFile = path.join(settings.data, 'core', 'audit.key')
  const key = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'base64')
  const audit = await confirmed(() => auditLedger(db.read, key, nowMs))
  if (settings.json) return { text: JSON.stringify(audit, null, 2), code: audit.ok ? 0 : 1 }
  return audit.ok
    ? {
        text: `The books hold: ${audit.entries} entries, the chain is whole, every entry sums to 0, and orders, payments and refunds say the same.`,
        code: 0,
      }
    : {
        text: [
          'The books do not hold:',
          ...audit.findings.map(({ subject, message }) => `  ${subject}: ${message}`),
          'Compare with a backup before anything else; docs/explain/money.md says what each account holds.',
        ].join('\n'),
        code: 1,
      }
}

/** `statement --day D [--operator O] [--csv]` */
export async function statementCommand(
  db: Database,
  settings: Settings,
  nowMs: number,
): Promise<CommandResult> {
  const day = dayFrom(settings, dayBefore(dayOf(nowMs)))
  const statements = await statementsOf(db.read, day, settings.operator)
  if (settings.csv) return { text: statementCsv(statements), code: 0 }
  if (settings.json) return { text: JSON.stringify({ day, statements }, null, 2), code: 0 }
  return {
    text:
      statements.length === 0 ? `Nothing was entered on ${day}.` : statements.map(statementText).join('\n\n'),
    code: 0,
  }
}
function statementText(one: Statement): string {
  const row = (name: string, fen: number) => `  ${name.padEnd(28)} ${yuanText(fen).padStart(12)}`
  return [
    `${one.operator}, ${one.day}${one.isClosed ? '' : ' (not closed yet)'}, ${one.orders} orders, yuan`,
    row('goods', one.grossFen),
    row('less discounts', -one.discountFen),
    row('less compensation', -one.compensationFen),
    row('less refunds', -one.refundFen),
    row('less written off', -one.writeOffFen),
    row('less fees', -one.feeFen),
    row('payable for this day', one.payableFen),
    row('payable in all', one.balanceFen),
  ].join('\n')
}

/** `reconcile --day D`: the provider's bill beside our books, now. */
export async function reconcileCommand(
  bills: Bills,
  settings: Settings,
  nowMs: number,
): Promise<CommandResult> {
  const day = dayFrom(settings, dayBefore(dayOf(nowMs)))
  const { report, differences, isEmpty } = await bills.reconcile(day, 'command')
  const open = differences.filter(({ state }) => state === 'open')
  const isWell = report.isBalanced && report.isSummaryRight && open.length === 0
  if (settings.json)
    return {
      text: JSON.stringify({ ok: isWell, isEmpty, report, differences }, null, 2),
      code: isWell ? 0 : 1,
    }
  if (isEmpty && differences.length === 0)
    return { text: `The provider has no bill of ${day}, and we took nothing on that day.`, code: 0 }
  return {
    text: [
      `Bill of ${day}, yuan`,
      sideText('payments', report.payments),
      sideText('refunds ', report.refunds),
      `  fees ${yuanText(report.feesFen)}, net ${yuanText(report.netFen)}${report.fundFlowNetFen === null ? '' : `, by the fund-flow bill ${yuanText(report.fundFlowNetFen)}`}`,
      ...differences.map(
        (one) =>
          `  ${one.state === 'open' ? 'OPEN   ' : 'settled'} ${one.kind.replaceAll('_', ' ')}: ${one.transactionId ?? one.outRefundNo ?? ''}, bill ${amount(one.billFen)}, ours ${amount(one.ourFen)}${one.orderId === null ? '' : `, order ${one.orderId}`}`,
      ),
      report.isBalanced ? 'It balances to the fen.' : 'It does not balance.',
    ].join('\n'),
    code: isWell ? 0 : 1,
  }
}
function sideText(name: string, side: BillReport['payments']): string {
  return `  ${name} bill ${side.bill.count} / ${yuanText(side.bill.fen)} = matched ${yuanText(side.matched.fen)} + only there ${yuanText(side.billOnly.fen)} + differing by ${yuanText(side.differsByFen)}; ours ${side.ours.count} / ${yuanText(side.ours.fen)} = matched + only here ${yuanText(side.oursOnly.fen)}`
}
function amount(fen: number | null): string {
  return fen === null ? 'none' : yuanText(fen)
}

function dayFrom(settings: Settings, fallback: string): string {
  const { day = fallback } = settings
  if (startOfDay(day) === undefined)
    throw new CabinetError('config_invalid', `--day ${day} is not a day; write it as 2026-03-01.`)
  return day
}
