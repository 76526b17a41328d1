import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { buildConsole } from './build-console.ts'
import { prepareDebianPackages } from './debian-packages.ts'
import { commandOf, runCommand } from './run.ts'
import { runStaticChecks } from './static-checks.ts'
import { ROOT } from './system.ts'

// Everything: static checks, then every test of every project, scenarios and browser tests included.
const say = (line: string) => process.stderr.write(`${line}\n`)
const filters = process.argv.slice(2)
prepareDebianPackages(say)
const failedChecks = filters.length === 0 ? await runStaticChecks() : []
await buildConsole({ say })

const reportFile = path.join(ROOT, '.tmp', 'test-report.json')
mkdirSync(path.dirname(reportFile), { recursive: true })
rmSync(reportFile, { force: true })
const code = await runCommand(commandOf('vitest'), [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportFile}`,
  ...filters,
])

const report = JSON.parse(readFileSync(reportFile, 'utf8')) as {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites: number
  success: boolean
}
const hasFailed = code !== 0 || !report.success || failedChecks.length > 0
for (const name of failedChecks) say(`Failed check: ${name}`)
// A file that could not even be loaded has no failed test of its own, but is a failure all the same.
const failed =
  report.numFailedTests +
  failedChecks.length +
  (report.numFailedTests === 0 && !report.success ? Math.max(1, report.numFailedTestSuites) : 0)
process.exitCode = hasFailed ? 1 : 0
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed\n`)
