import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import path from 'node:path'
import { runIngestBench } from './index.ts'

/** Writes the figures of docs/explain/delivery.md: the text there is by hand, all between the marks is what was measured. */
const document = path.resolve(import.meta.dirname, '../../../docs/explain/delivery.md')
const begin = '<!-- figures: begin (test/bench/ingest/report.ts) -->'
const end = '<!-- figures: end -->'

const figures = await runIngestBench({ onProgress: (line) => void process.stderr.write(`${line}\n`) })
const count = (value: number) => value.toLocaleString('en-GB')
const rows: Array<[string, string]> = [
  ['single events, core', `${count(figures.eventsPerSecond)}/s`],
  ['single events, ceiling', `${count(figures.ceilingEventsPerSecond)}/s`],
  ['core ÷ ceiling, and of each pair of turns', `${figures.ratio} (${figures.ratiosByRound.join(', ')})`],
  ['load of the machine at the end', loadavg()[0]?.toFixed(1) ?? ''],
  [
    `${count(figures.cabinets)} cabinets, one event a second each: publish to durable ack`,
    `p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`,
  ],
  ['backlogs in full frames', `${count(figures.drainEventsPerSecond)}/s`],
  [
    'processor time of an event: core, ceiling, broker',
    `${figures.cpuMicrosPerEvent.core}, ${figures.cpuMicrosPerEvent.ceiling}, ${figures.cpuMicrosPerEvent.broker} µs`,
  ],
  [
    'processor time of an event of a backlog: core, ceiling',
    `${figures.cpuMicrosPerEvent.coreDraining}, ${figures.cpuMicrosPerEvent.ceilingDraining} µs`,
  ],
  [
    'acknowledged = rows in the inbox',
    `${count(figures.rowsCounted.acknowledged)} = ${count(figures.rowsCounted.inbox)}`,
  ],
]
const text = readFileSync(document, 'utf8')
const from = text.indexOf(begin)
const until = text.indexOf(end)
if (from < 0 || until < from) throw new Error(`${document} has lost its marks: ${begin} … ${end}`)
const table = ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
writeFileSync(document, `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(until)}`)
