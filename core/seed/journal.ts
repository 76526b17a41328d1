import { closingEntry, type EntryShape, type LedgerLine } from '#core/ledger/entries.ts'
import { dayOf, startOfDay } from '#core/ledger/day.ts'
import { closingSubject, GENESIS_MAC, macOf, type PostAbout } from '#core/ledger/journal.ts'
import type { LedgerAccount } from '#protocol/api/finance.ts'
import type { Bulk } from './bulk.ts'

/** The journal of a history that is written in the order of time: the same entries, chain and closings as the living one. */
export function createSeedJournal(bulk: Bulk, auditKey: Uint8Array) {
  let seq = 0
  let previousMac = GENESIS_MAC
  /** What the open days brought and cost, by day and operator. */
  const results = new Map<string, { day: string; operator: string; sums: Map<LedgerAccount, number> }>()

  function enter(shape: EntryShape, about: PostAbout, day: string, postedAtMs: number): void {
    if (shape.lines.length === 0) return
    const row = {
      seq: ++seq,
      kind: shape.kind,
      ...about,
      day,
      postedAtMs,
      lineCount: shape.lines.length,
      previousMac,
    }
    const mac = macOf(auditKey, row, shape.lines)
    for (const [position, line] of shape.lines.entries())
      bulk.add('ledgerLine', { seq, position, account: line.account, amountFen: line.amountFen })
    bulk.add('ledgerEntry', { ...row, mac })
    previousMac = mac
  }
  function count({ day, operator }: { day: string; operator: string }, lines: readonly LedgerLine[]): void {
    const key = closingSubject(day, operator)
    const open = results.get(key) ?? { day, operator, sums: new Map<LedgerAccount, number>() }
    results.set(key, open)
    for (const { account, amountFen } of lines)
      open.sums.set(account, (open.sums.get(account) ?? 0) + amountFen)
  }

  return {
    post(shape: EntryShape, about: PostAbout): void {
      const day = dayOf(about.occurredAtMs)
      enter(shape, about, day, about.occurredAtMs)
      count({ day, operator: about.operator }, shape.lines)
    },
    /** Days before this one get nothing any more. */
    closeBefore(day: string, nowMs: number): void {
      for (const [key, open] of results) {
        if (open.day >= day) continue
        results.delete(key)
        enter(
          closingEntry(Object.fromEntries(open.sums)),
          {
            subjectId: key,
            orderId: null,
            cabinetId: null,
            operator: open.operator,
            occurredAtMs: startOfDay(open.day) ?? 0,
          },
          open.day,
          nowMs,
        )
      }
    },
  }
}
export type SeedJournal = ReturnType<typeof createSeedJournal>
