import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { hasWord } from '#console/words/staff.ts'
import { systemWordOr } from '#console/words/system.ts'
import { TASK_STATES } from '#protocol/api/tickets.ts'

const CORE = path.resolve(import.meta.dirname, '../../../core')
const SOURCES = readdirSync(CORE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(path.join(CORE, file), 'utf8'))

/** What is written down by its code is read by its words: on the page of the audit and on the page of the system. */
describe('the codes that the core records', () => {
  it('have words when they are deeds in the audit', () => {
    const deeds = SOURCES.filter((text) => text.includes('appendAudit')).flatMap((text) =>
      [...text.matchAll(/(?:action:|note\(|audit\()[^\n]*/g)].flatMap(([line]) =>
        [...line.matchAll(/'([a-zA-Z_]+\.[a-z_-]+)'/g)].map((match) => String(match[1])),
      ),
    )
    const all = new Set<string>([...deeds, ...TASK_STATES.map((state) => `task.${state}`)])
    expect(all.size).toBeGreaterThan(60)
    expect([...all].filter((deed) => !hasWord(`audit.${deed}`))).toEqual([])
  })
  it('have words when they are what a deed was done to', () => {
    const kinds = SOURCES.flatMap((text) =>
      [...text.matchAll(/appendAudit\([^;]*?subject: [`']([a-zA-Z-]+)(?::[^;]*?|')[`,\s]/g)].map((match) =>
        String(match[1]),
      ),
    )
    const all = new Set<string>(kinds)
    expect(all.size).toBeGreaterThan(15)
    expect([...all].filter((kind) => !hasWord(`kind.${kind}`))).toEqual([])
  })
  it('have words when they are matters for a person', () => {
    const kinds = SOURCES.flatMap((text) =>
      [...text.matchAll(/raiseIncident\([^)]*?kind: '([a-z_]+)'/g)].map((match) => String(match[1])),
    )
    const all = new Set<string>(kinds)
    expect(all.size).toBeGreaterThan(8)
    const other = systemWordOr('incident.other', 'incident.other')
    expect([...all].filter((kind) => systemWordOr(`incident.${kind}`, 'incident.other') === other)).toEqual(
      [],
    )
  })
})
