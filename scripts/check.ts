import { commandOf, runCommand } from './run.ts'
import { runStaticChecks } from './static-checks.ts'

// What a developer runs before each commit: types, lint, layout, arrows and the fast tests.
const failed = await runStaticChecks()
process.stderr.write('- fast tests …\n')
if ((await runCommand(commandOf('vitest'), ['run', '--project', 'fast'])) !== 0) failed.push('fast tests')
if (failed.length > 0) {
  process.stderr.write(
    `Failed: ${failed.join(', ')}. “npm run fix” mends layout and what lint can mend by itself.\n`,
  )
  process.exitCode = 1
}
